"""
Python's own HTTP server, on a free port, which it prints; C{connection} for each one.

C{/bytes} is every byte value, all else is C{secret}: C{/until-the-end} without a length,
C{/too-short} with one that is too large.  Usage:
C{http_server.py [CERTIFICATE [CLIENT_AUTHORITY]]}: with a certificate https.
"""

from __future__ import annotations

import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers.lines import say


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = bytes(range(256)) if self.path == "/bytes" else b"secret"
        self.send_response(200)
        if self.path == "/until-the-end":
            # Closed without an end of TLS.
            self.close_connection = True
        elif self.path == "/too-short":
            self.close_connection = True
            self.send_header("Content-Length", "99")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None: ...


class Server(ThreadingHTTPServer):
    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        say("connection")
        return connection, address

    def handle_error(self, *arguments: object) -> None: ...


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    if len(sys.argv) > 2:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(sys.argv[2])
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
say(f"port {server.server_port} end")
server.serve_forever()
