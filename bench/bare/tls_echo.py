"""A bare Twisted protocol that echoes over TLS."""

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet import ssl
from twisted.internet.protocol import Factory, Protocol

reactor: Any = real_reactor


class Echo(Protocol):
    transport: Any

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
