"""C{eplua doctor}: its options, and what it writes."""

from __future__ import annotations

import signal
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.python import usage

from eplua_twisted.console import begin_logging, parse, put
from eplua_twisted.main_loop import run_until_over
from eplua_twisted.signals import end_by
from eplua_twisted.tools.doctor.doctor import Doctor
from eplua_twisted.tools.doctor.finding import Finding, as_json, exit_code, summary


class Options(usage.Options):
    """
    What to look at besides the machine.

    @ivar broker: of MQTT, host and port or a URI; C{None}: none
    @ivar url: of a Home Center 3; C{None}: none
    """

    synopsis = "[options]"
    longdesc = (
        "Looks at versions, TLS, name resolution, ports and transports, and says what to"
        " do where something is wrong. The exit code is 0, or 1 when something has"
        " failed; a warning is no failure."
    )
    optFlags = [["json", None, "write one JSON object"]]
    examples = (
        ("eplua doctor", "this machine"),
        ("eplua doctor --broker 192.168.1.5:1883", "and a broker"),
        ("eplua doctor --hc3-url http://192.168.1.57", "and a Home Center 3"),
    )
    anywhere = True

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.broker: str | None = None
        self.url: str | None = None

    def opt_broker(self, place: str) -> None:
        """HOST:PORT, or the URI, of an MQTT broker that has to be reachable."""
        if not place or " " in place:
            raise usage.UsageError(f"--broker: HOST:PORT expected, got {place!r}")
        self.broker = place

    def opt_hc3_url(self, url: str) -> None:
        """URL of a Home Center 3; HC3_USER and HC3_PASSWORD in the environment."""
        if not url.lower().startswith(("http://", "https://")):
            raise usage.UsageError(f"--hc3-url: http://HOST expected, got {url!r}")
        self.url = url

    def parseArgs(self, *given: str) -> None:
        if given:
            raise usage.UsageError(f"doctor: no argument expected, got {given[0]!r}")


class Visit:
    """
    Runs the reactor until all is looked at.

    @ivar found: what was found
    """

    def __init__(self, reactor: ReactorBase, options: Options) -> None:
        self._reactor = reactor
        self._doctor = Doctor(reactor, options.broker, options.url)
        self._show = not options["json"]
        self.found: list[Finding] = []

    def main(self) -> None:
        """A SIGINT, or a bug of ours, ends it before."""
        if not run_until_over(self._reactor, self._visit):
            end_by(signal.SIGINT)

    async def _visit(self) -> None:
        async for each in self._doctor.findings():
            self.found.append(each)
            if self._show:
                put(str(each))


def main(arguments: list[str]) -> int:
    """@return: the exit code"""
    options = Options()
    if not parse(options, arguments, "eplua doctor"):
        return 2
    begin_logging(None, None)
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    visit = Visit(cast(ReactorBase, reactor), options)
    visit.main()
    put(as_json(visit.found) if options["json"] else summary(visit.found))
    return exit_code(visit.found)
