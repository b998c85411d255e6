"""A bare DatagramProtocol that echoes."""

from twisted.internet import reactor
from twisted.internet.protocol import DatagramProtocol


class Echo(DatagramProtocol):
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self.transport.write(datagram, addr)


port = reactor.listenUDP(0, Echo(), "127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
