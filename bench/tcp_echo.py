"""TCP echo: many and one connection, and the memory of idle connections."""

from __future__ import annotations

import select
import sys

from bench.harness import (
    HERE,
    Result,
    bare,
    compare,
    compare_memory,
    connect,
    eplua,
    load_against,
    memory,
    ping_pong,
)

MESSAGE = b"x" * 64
BULK = 256 * 2**20


def bulk(port: int) -> int:
    """Send much over one connection while it comes back; counts MiB."""
    each = connect(port)
    each.setblocking(False)
    piece = memoryview(bytes(2**18))
    sent = received = 0
    poll = select.poll()
    poll.register(each, select.POLLIN | select.POLLOUT)
    while received < BULK:
        for _, event in poll.poll():
            if event & select.POLLIN:
                received += len(each.recv(2**18))
            if event & select.POLLOUT:
                sent += each.send(piece[: BULK - sent])
                if sent == BULK:
                    poll.modify(each, select.POLLIN)
    each.close()
    return BULK // 2**20


def run() -> list[Result]:
    results = []
    for connections, bound in ((50, 0.9), (1, 0.95)):
        loads: list[float] = []
        load = ping_pong(
            connect,
            MESSAGE,
            len(MESSAGE),
            connections,
            30_000 if connections > 1 else 8_000,
        )
        results.append(
            compare(
                f"TCP echo, {connections} connections, 64 bytes",
                "messages/s",
                load_against(eplua("tcp_echo.lua"), load, loads),
                load_against(bare("tcp_echo.py"), load, loads),
                bound=bound,
                loads=loads,
            )
        )
    loads = []
    results.append(
        compare(
            "TCP, 256 MiB each way at once",
            "MiB/s",
            load_against(eplua("tcp_echo.lua"), bulk, loads),
            load_against(bare("tcp_echo.py"), bulk, loads),
            loads=loads,
        )
    )
    loads = []
    load = ping_pong(connect, MESSAGE, len(MESSAGE), 50, 30_000)
    standard = [sys.executable, str(HERE / "standard_transport.py")]
    results.append(
        compare(
            "the same, 50 connections, standard transport",
            "messages/s",
            load_against([*standard, str(HERE / "lua" / "tcp_echo.lua")], load, loads),
            load_against(bare("tcp_echo.py"), load, loads),
            loads=loads,
        )
    )
    results.append(
        compare_memory(
            "memory of a connection with a read pending",
            memory(eplua("tcp_echo.lua"), MESSAGE),
            memory(bare("tcp_echo.py"), MESSAGE),
            2.3,
        )
    )
    return results


if __name__ == "__main__":
    run()
