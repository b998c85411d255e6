"""A bare Twisted protocol that echoes."""

from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol


class Echo(Protocol):
    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)


port = reactor.listenTCP(0, Factory.forProtocol(Echo), 1024, "127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
