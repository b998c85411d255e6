"""
Python's TLS, on a free port, which it prints: C{CERTIFICATE}.  It speaks with two
clients, and prints the name and the protocol that each asked for.
"""

import socket
import ssl
import sys


def named(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
    print("name", name)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
context.set_alpn_protocols(["http/1.1", "h2"])
context.sni_callback = named
with socket.create_server(("127.0.0.1", 0)) as server:
    print("port", server.getsockname()[1], "end", flush=True)
    for _ in range(2):
        plain, _ = server.accept()
        with context.wrap_socket(plain, server_side=True) as tls:
            print("protocol", tls.selected_alpn_protocol(), "done")
            tls.recv(1)
