"""What the tests of the HTTP client share."""

from __future__ import annotations

from tests.support import LuaTestCase, RemotePeer

SHOW = """
function show(r) print(r.status, #r.data) end
params = {success = show, error = function(...) print("error", ...) end}
"""


def answer(body: bytes = b"", status: bytes = b"200 OK", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


class MemoryTestCase(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(SHOW)

    def accept(self, number: int = -1) -> RemotePeer:
        """The server takes a connection."""
        self.peer = self.reactor.accept(number)
        return self.peer

    def ask(
        self, params: str = "params", url: str = "http://127.0.0.1/", options: str = ""
    ) -> RemotePeer:
        """A request, and the connection it makes, or finds."""
        before = len(self.reactor.tcpClients)
        self.run_lua(
            f"client = net.HTTPClient({options}) request = client:request({url!r}, {params})"
        )
        if len(self.reactor.tcpClients) == before:
            return self.peer
        return self.accept()

    def sent(
        self, params: str, url: str = "http://127.0.0.1/", options: str = ""
    ) -> bytes:
        """What a request puts on the wire."""
        return self.ask(params, url, options).received()
