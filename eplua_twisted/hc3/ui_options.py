"""The options of C{eplua hc3 ui}."""

from __future__ import annotations

from twisted.python import usage

from eplua_twisted.hc3.opening import LOCAL
from eplua_twisted.hc3.plain import Record

URL = f"http://127.0.0.1:{LOCAL}"
"""The controller whose views are shown when nobody names one."""

_URLS = ("http://", "https://")
_SCRIPTS = (".lua", ".fqa")


class UIOptions(usage.Options):
    """
    C{ui [URL | FILE] [DEVICE...]}

    @ivar url: a controller that runs; C{None}: C{script} is run
    @ivar script: a QuickApp's file; C{None}: C{url} is asked
    @ivar wanted: numbers or names of devices; none of them for all
    """

    synopsis = "[URL | FILE] [DEVICE ...]"
    longdesc = (
        "Shows the views of QuickApps as text: those of the controller at URL"
        f" ({URL} if none is named; user and password: HC3_USER and HC3_PASSWORD), or"
        " that of a script's FILE as it is after onInit. DEVICE is a number or a name."
    )

    def parseArgs(self, *given: str) -> None:
        first = given[0] if given else ""
        self.url: str | None = URL
        self.script: str | None = None
        self.wanted = given
        if first.lower().startswith(_URLS):
            self.url, self.wanted = first.rstrip("/"), given[1:]
        elif first.lower().endswith(_SCRIPTS):
            self.url, self.script, self.wanted = None, first, given[1:]

    def is_wanted(self, device: Record) -> bool:
        """Whether a device was asked for, or is a child of one that was."""
        names = {str(device["id"]), str(device["name"]), str(device["parentId"] or "")}
        return not self.wanted or not names.isdisjoint(self.wanted)
