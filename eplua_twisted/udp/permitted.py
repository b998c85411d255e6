"""Whom a UDP port may send to, and whom it may hear."""

from __future__ import annotations

from eplua_twisted.border.network import Network
from eplua_twisted.streams.names import ascii_name, is_address
from eplua_twisted.transports.datagrams import DatagramReceiver, Datagrams
from eplua_twisted.udp.addresses import source

MAX_PEERS = 1024
"""Addresses that are remembered; the oldest goes first."""


class Permitted:
    """
    What one port asks before it binds, looks up and sends.  Where not everybody may reach
    it, it hears whom it may send to; the datagrams of others are dropped.

    @ivar receiver: what the port hands its datagrams to
    """

    def __init__(self, network: Network, receiver: DatagramReceiver) -> None:
        self._network = network
        self._inner = receiver
        self._peers: dict[tuple[str, int], None] = {}
        self.receiver = receiver if network.hears_all else self

    def bind(self) -> None:
        """@raise OperationError: C{denied}"""
        self._network.check_listen()

    def look_up(self, host: str, port: int) -> None:
        """@raise OperationError: C{denied}: it can have no address that is permitted"""
        if self._network.limited:
            asked = host if is_address(host) else ascii_name(host)
            self._network.check_name(asked, port)

    def send(self, asked: str, address: str, port: int) -> None:
        """
        @param asked: the host as the script wrote it
        @raise OperationError: C{denied}
        """
        if not self._network.limited:
            return
        if not is_address(asked):
            asked = ascii_name(asked)
        self._network.check(asked, address, port)
        key = address.partition("%")[0], port
        if key not in self._peers and len(self._peers) >= MAX_PEERS:
            del self._peers[next(iter(self._peers))]
        self._peers[key] = None

    def join(self, group: str) -> None:
        """@raise OperationError: C{denied}"""
        self._network.check(group, group, None)

    def _hears(self, host: str, port: int) -> bool:
        key = host.partition("%")[0], port
        return key in self._peers or self._network.hears(host, port)

    def datagrams_received(self, datagrams: Datagrams) -> None:
        """See L{DatagramReceiver}."""
        heard = [each for each in datagrams if self._hears(*source(each[1]))]
        if heard:
            self._inner.datagrams_received(heard)

    def connection_refused(self) -> None:
        """See L{DatagramReceiver}."""
        self._inner.connection_refused()
