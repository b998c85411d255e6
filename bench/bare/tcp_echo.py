"""A bare Twisted protocol that echoes."""

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.protocol import Factory, Protocol

reactor: Any = real_reactor


class Echo(Protocol):
    transport: Any

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)


port = reactor.listenTCP(0, Factory.forProtocol(Echo), 1024, "127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
