"""Takes one connection, on a free port, which it prints; reads a byte, and waits."""

import socket

with socket.create_server(("127.0.0.1", 0)) as server:
    print("port", server.getsockname()[1], "end", flush=True)
    connection, _ = server.accept()
    connection.recv(1)
    print("connected", flush=True)
    connection.recv(1)
