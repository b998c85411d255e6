"""Asks for a path, reads the first bytes of the answer, and goes: C{PORT PATH}."""

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(f"GET {sys.argv[2]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    print(connection.recv(15), flush=True)
