"""By which names a site may be asked, and from which pages."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.site.site import NotAllowed
from eplua_twisted.streams.names import is_address

LOOPBACK = ("localhost", "127.0.0.1", "::1")

ALL = ("*", "0.0.0.0", "::")
"""Hosts that stand for every interface."""


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach it."""
    if host in LOOPBACK or host.startswith("unix:"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def in_url(host: str) -> str:
    """A host as a part of a URL; of all addresses the name of this machine."""
    if host in ALL:
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


class OwnNames:
    """The names of a site, against pages of others whose names were made to lead here."""

    def __init__(self, host: str) -> None:
        """@param host: where it listens"""
        self._names = {*LOOPBACK, host.lower(), socket.gethostname().lower()}
        self._names |= {f"{name}.local" for name in tuple(self._names)}

    def check(self, head: RequestHead) -> None:
        """
        @raise NotAllowed: 403: another site's page asks, or by a name that is none of this
            machine's
        """
        hosts = head.values(b"host")
        host = hosts[0].decode("latin-1") if hosts else ""
        if not self._is_ours(_without_port(host)):
            # A page of somebody else's, whose name was made to lead here.
            raise NotAllowed(403, f"this is not {host}")
        for origin in head.values(b"origin"):
            if origin.decode("latin-1").partition("://")[2].lower() != host.lower():
                raise NotAllowed(403, "pages of other sites may not ask")
        for site in head.values(b"sec-fetch-site"):
            # Pictures and links of other sites come without an origin.
            if site.lower() not in (b"same-origin", b"none"):
                raise NotAllowed(403, "pages of other sites may not ask")

    def _is_ours(self, name: str) -> bool:
        """An address cannot have been made to lead here; a name can."""
        return name.lower() in self._names or is_address(name.strip("[]"))


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host
