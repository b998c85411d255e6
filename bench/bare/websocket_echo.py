"""A bare autobahn server protocol that echoes."""

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor


class Echo(WebSocketServerProtocol):
    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.sendMessage(payload, isBinary)


factory = WebSocketServerFactory()
factory.protocol = Echo
port = reactor.listenTCP(0, factory, 1024, "127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
