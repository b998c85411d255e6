"""A script's HTTP server in memory, and what its tests ask it."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.support import LuaTestCase

DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + DATE


class Transport(StringTransport):
    """
    The server's side of a connection, held by the test.

    @ivar ending: how the server let it go: C{lose}, C{half} or C{abort}
    """

    ending: str | None = None
    protocol: Any

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def loseConnection(self) -> None:
        self.ending = "lose"
        self.disconnecting = True
        self.gone()

    def abortConnection(self) -> None:
        self.ending = "abort"
        self.gone()

    def loseWriteConnection(self) -> None:
        self.ending = "half"

    def gone(self) -> None:
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            protocol.connectionLost(Failure(ConnectionDone()))

    def receive(self, data: bytes) -> bytes:
        """Bytes from the client; gives what was answered since."""
        if self.protocol is not None:
            self.protocol.dataReceived(data)
        return self.answer()

    def answer(self) -> bytes:
        value: bytes = self.value()
        self.clear()
        return value


class ServerTestCase(LuaTestCase):
    def serve(self, handler: str, options: str = "") -> Transport:
        """A server with that handler's body, and a client of it."""
        self.run_lua(
            f"server = net.HTTPServer({options})"
            f" server:start('127.0.0.1', 0, function(request, response) {handler} end,"
            " {error = print})"
        )
        return self.client()

    def client(self) -> Transport:
        transport = Transport()
        transport.protocol = self.reactor.tcpServers[-1][1].buildProtocol(None)
        if transport.protocol is not None:
            transport.protocol.makeConnection(transport)
        return transport

    def get(self, transport: Transport, path: str = "/", *headers: str) -> bytes:
        lines = "".join(f"{each}\r\n" for each in headers)
        return transport.receive(
            f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()
        )
