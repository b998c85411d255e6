"""A bare autobahn server protocol that echoes."""

from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor as real_reactor

reactor: Any = real_reactor


class Echo(WebSocketServerProtocol):
    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        send: Any = self.sendMessage
        send(payload, isBinary)


factory = WebSocketServerFactory()
factory.protocol = Echo
port = reactor.listenTCP(0, factory, 1024, "127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
