"""WebSocket echo over many connections, and the memory of open ones."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from bench.harness import (
    Result,
    bare,
    compare,
    compare_memory,
    eplua,
    load_against,
    ping_pong,
    resident,
    server,
)

PAYLOAD = b"x" * 64
# A masked text frame, as a client sends it, and the frame that comes back.  A mask of
# zeros would cost a server less than a real one.
KEY = os.urandom(4)
MASKED = bytes(byte ^ KEY[at % 4] for at, byte in enumerate(PAYLOAD))
FRAME = bytes([0x81, 0x80 | len(PAYLOAD)]) + KEY + MASKED
ANSWER = 2 + len(PAYLOAD)
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def connect(port: int) -> socket.socket:
    each = socket.create_connection(("127.0.0.1", port))
    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    each.sendall(REQUEST % port)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += each.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return each


def memory(command: list[str], connections: int = 1000) -> Callable[[], float]:
    """KiB for each connection that is open and silent."""

    def measure() -> float:
        with server(command) as (port, pid):
            warm = [connect(port) for _ in range(50)]
            before = resident(pid)
            opened = [connect(port) for _ in range(connections)]
            after = resident(pid)
            for each in warm + opened:
                each.close()
            return (after - before) / connections

    return measure


def run() -> list[Result]:
    loads: list[float] = []
    load = ping_pong(connect, FRAME, ANSWER, 50, 15_000)
    return [
        compare(
            "WebSocket echo, 50 connections, 64 bytes",
            "messages/s",
            load_against(eplua("websocket_echo.lua"), load, loads),
            load_against(bare("websocket_echo.py"), load, loads),
            bound=0.9,
            loads=loads,
        ),
        compare_memory(
            "memory of an open WebSocket, 1 000 of them",
            memory(eplua("websocket_echo.lua")),
            memory(bare("websocket_echo.py")),
            1.3,
        ),
    ]


if __name__ == "__main__":
    run()
