"""TLS echo: 50 connections, small and large messages, the same certificate."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from bench.harness import Result, bare, compare, eplua, identity, load_against

CONNECTIONS = 50


def echo(size: int, messages: int) -> Callable[[int], int]:
    """Each connection sends a message when it has got the one before back."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    message = b"x" * size

    def send(each: ssl.SSLSocket) -> None:
        # The peer reads while it writes: a whole message fits into the buffers.
        each.setblocking(True)
        each.sendall(message)
        each.setblocking(False)

    def load(port: int) -> int:
        poll = select.epoll()
        sockets: dict[int, ssl.SSLSocket] = {}
        missing: dict[int, int] = {}
        for _ in range(CONNECTIONS):
            plain = socket.create_connection(("127.0.0.1", port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            each = context.wrap_socket(plain)
            sockets[each.fileno()] = each
            missing[each.fileno()] = size
            poll.register(each, select.EPOLLIN)
        for each in sockets.values():
            send(each)
        done = 0
        while done < messages:
            for number, _ in poll.poll():
                each = sockets[number]
                try:
                    while True:
                        missing[number] -= len(each.recv(65536))
                        if missing[number] == 0:
                            break
                except ssl.SSLWantReadError:
                    continue
                done += 1
                missing[number] = size
                send(each)
        for each in sockets.values():
            each.close()
        poll.close()
        return messages

    return load


def run() -> list[Result]:
    results = []
    with identity() as directory:
        pem = str(Path(directory, "server.pem"))
        for name, size, messages in (("64 bytes", 64, 20_000), ("64 KiB", 65536, 2500)):
            loads: list[float] = []
            load = echo(size, messages)
            results.append(
                compare(
                    f"TLS echo, {CONNECTIONS} connections, {name}",
                    "messages/s",
                    load_against(eplua("tcp_echo.lua", pem), load, loads),
                    load_against(bare("tls_echo.py", pem), load, loads),
                    bound=0.9,
                    loads=loads,
                )
            )
    return results


if __name__ == "__main__":
    run()
