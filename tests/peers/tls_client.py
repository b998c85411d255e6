"""
Python's TLS, as a client of C{localhost}: C{WHAT PORT AUTHORITY}.

C{greet}: only the handshake.  C{read}: all there is; prints how much, and its SHA-256.
C{end}: TLS's own end at once, while the server still sends.  C{cut}: some bytes, then
the end of TCP without the one of TLS.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import sys
from contextlib import suppress

what, port, authority = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
plain = socket.create_connection(("127.0.0.1", int(port)))


def secure() -> ssl.SSLSocket:
    return context.wrap_socket(plain, server_hostname="localhost")


def greet() -> None:
    secure()
    print("served", flush=True)


def read() -> None:
    digest, count = hashlib.sha256(), 0
    with secure() as tls:
        while data := tls.recv(1 << 16):
            digest.update(data)
            count += len(data)
    print(count, digest.hexdigest(), "end")


def end() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            plain.sendall(outgoing.read())
            incoming.write(plain.recv(65536))
    plain.sendall(outgoing.read())
    if incoming.pending:
        tls.read(10)
    # The server has not answered it yet.
    with suppress(ssl.SSLError):
        tls.unwrap()
    plain.sendall(outgoing.read())
    while plain.recv(65536):
        pass


def cut() -> None:
    tls = secure()
    tls.sendall(b"half")
    tls.shutdown(socket.SHUT_WR)


{"greet": greet, "read": read, "end": end, "cut": cut}[what]()
