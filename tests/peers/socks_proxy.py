"""
A SOCKS 5 proxy on a free port, which it prints, and C{asked HOST PORT} for each request.

Usage: C{socks_proxy.py [USER PASSWORD]}.
"""

from __future__ import annotations

import socket
import sys
import threading

from tests.peers.lines import say


def exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def pump(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def authenticate(client: socket.socket) -> bool:
    methods = exactly(client, exactly(client, 2)[1])
    if len(sys.argv) == 1:
        client.sendall(b"\5\0")
        return True
    if 2 not in methods:
        client.sendall(b"\5\xff")
        return False
    client.sendall(b"\5\2")
    user = exactly(client, exactly(client, 2)[1]).decode()
    password = exactly(client, exactly(client, 1)[0]).decode()
    good = [user, password] == sys.argv[1:]
    client.sendall(b"\1\0" if good else b"\1\1")
    return good


def serve(client: socket.socket) -> None:
    if not authenticate(client):
        client.close()
        return
    kind = exactly(client, 4)[3]
    if kind == 3:
        host = exactly(client, exactly(client, 1)[0]).decode()
    elif kind == 1:
        host = socket.inet_ntop(socket.AF_INET, exactly(client, 4))
    else:
        host = socket.inet_ntop(socket.AF_INET6, exactly(client, 16))
    port = int.from_bytes(exactly(client, 2), "big")
    say(f"asked {host} {port}")
    try:
        server = socket.create_connection((host, port))
    except OSError:
        client.sendall(b"\5\5\0\1" + bytes(6))
        client.close()
        return
    client.sendall(b"\5\0\0\1" + bytes(6))
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


listener = socket.create_server(("127.0.0.1", 0))
say(f"port {listener.getsockname()[1]} end")
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
