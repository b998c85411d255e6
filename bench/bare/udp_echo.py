"""A bare DatagramProtocol that echoes."""

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.protocol import DatagramProtocol

reactor: Any = real_reactor


class Echo(DatagramProtocol):
    transport: Any

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self.transport.write(datagram, addr)


port = reactor.listenUDP(0, Echo(), "127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
