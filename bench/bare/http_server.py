"""
An HTTP server that does no more than the benchmark needs, and that fast.

C{http_server.py [CERTIFICATE]}: with a certificate https.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import sys

SMALL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!"
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + bytes(1048576)
# As nginx and Node do, it says that the connection stays.
TAKEN = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Client:
    """One connection, and what has come of a request."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.head = b""
        self.missing = 0

    def read(self) -> bool:
        """@return: whether it is still there"""
        while True:
            try:
                data = self.connection.recv(262144)
            except OSError:
                return False
            if not data:
                return False
            self.take(data)
            if not (
                isinstance(self.connection, ssl.SSLSocket) and self.connection.pending()
            ):
                return True

    def take(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = LENGTH.search(self.head, 0, end + 2)
            body = int(length[1]) if length else 0
            self.missing = body - (len(self.head) - end - 4)
        if not self.missing:
            head, self.head = self.head, b""
            if head.startswith(b"POST"):
                self.connection.sendall(TAKEN)
            else:
                self.connection.sendall(
                    LARGE if head.startswith(b"GET /large") else SMALL
                )


context = None
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
print(listener.getsockname()[1], flush=True)
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
clients: dict[int, Client] = {}
while True:
    for number, _ in poll.poll():
        if number == listener.fileno():
            connection = listener.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            clients[connection.fileno()] = Client(connection)
            poll.register(connection, select.EPOLLIN)
        elif not clients[number].read():
            poll.unregister(number)
            clients.pop(number).connection.close()
