"""UDP echo: one socket, 64 bytes, a few datagrams under way."""

from __future__ import annotations

import socket

from bench.harness import Result, bare, compare, eplua, load_against

MESSAGE = b"x" * 64
UNDER_WAY = 8
MESSAGES = 30_000


def load(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        each.connect(("127.0.0.1", port))
        each.settimeout(5)
        for _ in range(UNDER_WAY):
            each.send(MESSAGE)
        for _ in range(MESSAGES):
            each.recv(2048)
            each.send(MESSAGE)
    return MESSAGES


def run() -> list[Result]:
    loads: list[float] = []
    return [
        compare(
            "UDP echo, 1 socket, 64 bytes",
            "messages/s",
            load_against(eplua("udp_echo.lua"), load, loads),
            load_against(bare("udp_echo.py"), load, loads),
            bound=0.85,
            loads=loads,
        )
    ]


if __name__ == "__main__":
    run()
