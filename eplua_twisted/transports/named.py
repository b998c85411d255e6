"""What a connection is called in the log, and its addresses."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress, ILoggingContext, IProtocol
from zope.interface import implementer

from eplua_twisted.border.traffic import Kind, shown
from eplua_twisted.transports.interfaces import Maker


@implementer(ILoggingContext)
class Named:
    """Mixed into connections: the names that Twisted's have."""

    __slots__ = ()

    addr: object
    kind: Kind
    connected: int
    protocol: IProtocol
    sessionno: int
    _connector: Maker | None

    def getHost(self) -> IAddress:
        raise NotImplementedError

    def getPeer(self) -> IAddress:
        raise NotImplementedError

    def ends(self) -> tuple[str, str]:
        """Both addresses, for people; empty where there is none."""
        return _shown(self.getHost), _shown(self.getPeer)

    def local_name(self) -> object:
        """What it was accepted by, for people."""
        raise NotImplementedError

    def logPrefix(self) -> str:
        """C{ILoggingContext}"""
        if self._connector is not None:
            return f"{self._name()},client"
        host = self.addr[0] if isinstance(self.addr, tuple) else self.addr
        return f"{self._name()},{self.sessionno},{host}"

    logstr = property(logPrefix)

    def _name(self) -> str:
        """Of the protocol, as it wants to be called in the log."""
        protocol: object = self.protocol if self.connected else None
        if ILoggingContext.providedBy(protocol):
            return str(protocol.logPrefix())
        return type(protocol).__name__

    def __repr__(self) -> str:
        if self.connected and self._connector is None:
            name = type(self.protocol).__name__
            return f"<{name} #{self.sessionno} on {self.local_name()}>"
        return f"<{type(self)} to {self.addr} at {id(self):x}>"


def _shown(ask: Callable[[], IAddress]) -> str:
    try:
        address = ask()
    except OSError:
        # The peer has just gone.
        return ""
    if isinstance(address, (IPv4Address, IPv6Address)):
        return shown(address.host, address.port)
    name = address.name if isinstance(address, UNIXAddress) else None
    return "" if name is None else "unix:" + name.decode("utf-8", "replace")
