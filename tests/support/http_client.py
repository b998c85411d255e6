"""What the tests of the HTTP client share."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.support import LuaTestCase, Peer

HTTPBIN = """
import sys, waitress
from httpbin import app
from waitress.server import create_server
server = create_server(app, host="127.0.0.1", port=0)
print("port", server.effective_port, "end", flush=True)
server.run()
"""

SHOW = """
function show(r) print(r.status, #r.data) end
params = {success = show, error = function(...) print("error", ...) end}
"""


class Transport(StringTransport):
    """A connection in memory, on the side that the client has."""

    gone = False

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self._reactor = reactor

    def setTcpNoDelay(self, enabled: bool) -> None: ...

    # As with sockets the protocol hears of it on the next turn.

    def loseConnection(self) -> None:
        if not self.gone:
            self._reactor.callLater(0, self._lost, ConnectionDone())
        self.gone = True

    def abortConnection(self) -> None:
        if not self.gone:
            self._reactor.callLater(0, self._lost, ConnectionLost())
        self.gone = True

    def ended(self, reason: Exception) -> None:
        """The server closes, or the connection breaks."""
        if not self.gone:
            self.gone = True
            self._lost(reason)

    def _lost(self, reason: Exception) -> None:
        self.protocol.connectionLost(Failure(reason))

    def receive(self, *chunks: bytes) -> None:
        for chunk in chunks:
            if not self.gone:
                self.protocol.dataReceived(chunk)

    def sent(self) -> bytes:
        """What the client has sent since this was asked last."""
        data = self.value()
        self.clear()
        return data


def answer(body: bytes = b"", status: bytes = b"200 OK", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


class MemoryTestCase(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(SHOW)

    def accept(self, number: int = -1) -> Transport:
        """The server takes a connection."""
        factory = self.reactor.tcpClients[number][2]
        transport = Transport(self.reactor)
        transport.protocol = factory.buildProtocol(None)
        transport.protocol.makeConnection(transport)
        self.transport = transport
        return transport

    def ask(
        self, params: str = "params", url: str = "http://127.0.0.1/", options: str = ""
    ) -> Transport:
        """A request, and the connection it makes, or finds."""
        before = len(self.reactor.tcpClients)
        self.run_lua(
            f"client = net.HTTPClient({options}) request = client:request({url!r}, {params})"
        )
        if len(self.reactor.tcpClients) == before:
            return self.transport
        return self.accept()

    def sent(
        self, params: str, url: str = "http://127.0.0.1/", options: str = ""
    ) -> bytes:
        """What a request puts on the wire."""
        return self.ask(params, url, options).sent()

    def raised(self, code: str) -> str:
        """The error that a piece of Lua raises at its own line."""
        self.run_lua(f"print(pcall(function()\n{code}\nend))")
        line = self.lines.pop().decode()
        self.assertTrue(line.startswith("false\ttest.lua:2: "), line)
        return line.removeprefix("false\ttest.lua:2: ")


async def port_of(peer: Peer) -> int:
    output = await peer.says(b" end")
    found = re.search(rb"port (\d+) end", output)
    assert found is not None
    return int(found[1])
