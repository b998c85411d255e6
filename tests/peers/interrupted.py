"""
Both ends of exchanges that stop in the middle, so that this process can be killed there.

C{half CERTIFICATE} serves TCP, TLS, HTTP and WebSocket on free ports, which it prints, and
gives half of each answer; C{whole CERTIFICATE PORT...} gives all of it, on the ports that
another one had.  C{client PORT...} asks such servers, and sends half of what it has to.
Each exchange that is in its middle is printed.
"""

import base64
import hashlib
import socket
import ssl
import sys
import threading

from tests.peers.lines import say

ANSWER = b"0123456789"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
NAMES = ("tcp", "tls", "http", "ws")
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def head_of(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head, and what came after it."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, rest = got.partition(b"\r\n\r\n")
    return head, rest


def field(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return b""


def give(connection: socket.socket, name: str, before: bytes, whole: bool) -> None:
    """An answer, or half of it, and then nothing until the other end goes."""
    connection.sendall(before + ANSWER[: None if whole else 5])
    say(f"middle {name}")
    while connection.recv(65536):
        if name == "ws":
            connection.sendall(b"\x88\x02\x03\xe8")
            connection.shutdown(socket.SHUT_WR)


def answer(connection: socket.socket, name: str, whole: bool) -> None:
    if name in ("tcp", "tls"):
        connection.recv(5, socket.MSG_WAITALL if name == "tcp" else 0)
        return give(connection, name, b"", whole)
    head, rest = head_of(connection)
    if name == "ws":
        key = hashlib.sha1(field(head, b"sec-websocket-key") + GUID).digest()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
            + base64.b64encode(key)
            + b"\r\n\r\n"
        )
        return give(connection, name, b"\x81\x0a", whole)
    left = int(field(head, b"content-length") or 0) - len(rest)
    if left > 0 and not whole:
        say("middle upload")
        threading.Event().wait()
    while left > 0:
        left -= len(connection.recv(65536))
    give(connection, name, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", whole)
    return None


def serve(whole: bool, certificate: str, *ports: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def accept(listening: socket.socket, name: str) -> None:
        while True:
            connection, _ = listening.accept()
            if name == "tls":
                connection = context.wrap_socket(connection, server_side=True)
            threading.Thread(
                target=answer, args=(connection, name, whole), daemon=True
            ).start()

    listening = [
        socket.create_server(("127.0.0.1", int(port)))
        for port in ports or ["0"] * len(NAMES)
    ]
    for each, name in zip(listening, NAMES, strict=True):
        threading.Thread(target=accept, args=(each, name), daemon=True).start()
    say(" ".join(("ports", *(str(each.getsockname()[1]) for each in listening), "end")))
    threading.Event().wait()


def ask(*ports: str) -> None:
    tcp, tls, http, websocket = (
        socket.create_connection(("127.0.0.1", int(port))) for port in ports
    )
    tcp.sendall(b"hello")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    secure = context.wrap_socket(tls)
    secure.sendall(b"hello")
    http.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
    websocket.sendall(UPGRADE)
    head_of(websocket)
    # A whole message with a mask of zeros, and half of one.
    websocket.sendall(b"\x81\x85\0\0\0\0hello\x81\x8a\0\0\0\0hello")
    say("middle all")
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "client":
        ask(*sys.argv[2:])
    else:
        serve(sys.argv[1] == "whole", *sys.argv[2:])
