"""A bare Twisted protocol that echoes over TLS."""

import sys
from pathlib import Path

from twisted.internet import reactor, ssl
from twisted.internet.protocol import Factory, Protocol


class Echo(Protocol):
    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)


context = ssl.PrivateCertificate.loadPEM(Path(sys.argv[1]).read_bytes()).options()
port = reactor.listenSSL(
    0, Factory.forProtocol(Echo), context, backlog=1024, interface="127.0.0.1"
)
print(port.getHost().port, flush=True)
reactor.run()
