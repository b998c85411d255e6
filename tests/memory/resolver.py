"""Names whose addresses the test gives."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.abstract import isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IResolutionReceiver,
)
from zope.interface import implementer

from tests.memory.network import LOOPBACK


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """The answer is dropped where it is received."""


@implementer(IHostnameResolver)
class Names:
    """
    Every name is C{127.0.0.1}, unless the test says something else:
    C{names.addresses["host"] = [...]}, an empty list for a name that does not exist.

    @ivar held: names whose answers wait for L{answer}
    @ivar asked: what was asked for, in order
    """

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.held: set[str] = set()
        self.asked: list[str] = []
        self._waiting: list[tuple[str, IResolutionReceiver, int]] = []

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        self.asked.append(hostName)
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        self._waiting.append((hostName, resolutionReceiver, portNumber))
        if hostName not in self.held:
            self.answer(hostName)
        return resolution

    def answer(self, name: str) -> None:
        """Answer all who wait for a name."""
        here = [each for each in self._waiting if each[0] == name]
        self._waiting = [each for each in self._waiting if each[0] != name]
        for _, receiver, port in here:
            for address in self.addresses.get(name, [LOOPBACK]):
                kind = IPv6Address if isIPv6Address(address) else IPv4Address
                receiver.addressResolved(kind("TCP", address, port))
            receiver.resolutionComplete()
