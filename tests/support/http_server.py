"""A script's HTTP server in memory, and what its tests ask it."""

from __future__ import annotations

from tests.support import LuaTestCase, RemotePeer

DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + DATE


class ServerTestCase(LuaTestCase):
    def serve(self, handler: str, options: str = "") -> RemotePeer:
        """A server with that handler's body, and a client of it."""
        self.run_lua(
            f"server = net.HTTPServer({options})"
            f" server:start('127.0.0.1', 0, function(request, response) {handler} end,"
            " {error = print})"
        )
        return self.client()

    def client(self) -> RemotePeer:
        """One more client of the server."""
        return self.reactor.connect()

    def get(self, client: RemotePeer, path: str = "/", *headers: str) -> bytes:
        lines = "".join(f"{each}\r\n" for each in headers)
        return client.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
