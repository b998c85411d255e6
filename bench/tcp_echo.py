"""TCP echo: many and one connection, and the memory of idle connections."""

from __future__ import annotations

import select
import socket
import sys

from harness import HERE, Result, bare, compare, eplua, load_against, resident, server

MESSAGE = b"x" * 64


def ping_pong(connections: int, messages: int):
    """Each connection sends a message when it has got the one before back."""

    def load(port: int) -> int:
        poll = select.epoll()
        sockets = {}
        for _ in range(connections):
            each = socket.create_connection(("127.0.0.1", port))
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets[each.fileno()] = each
            poll.register(each, select.EPOLLIN)
        for each in sockets.values():
            each.send(MESSAGE)
        received = 0
        total = messages * len(MESSAGE)
        while received < total:
            for number, _ in poll.poll():
                data = sockets[number].recv(65536)
                received += len(data)
                sockets[number].send(data)
        for each in sockets.values():
            each.close()
        poll.close()
        return messages

    return load


def memory(command: list[str], connections: int = 2000):
    """KiB for each connection that is open and silent."""

    def measure() -> float:
        with server(command) as (port, pid):
            warm = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
            for each in warm:
                each.sendall(MESSAGE)
                each.recv(64)
            before = resident(pid)
            open_ones = []
            for _ in range(connections):
                each = socket.create_connection(("127.0.0.1", port))
                each.sendall(b"x")
                each.recv(1)
                open_ones.append(each)
            after = resident(pid)
            for each in warm + open_ones:
                each.close()
            return (after - before) / connections

    return measure


def run() -> list[Result]:
    results = []
    for connections, bound in ((50, 0.9), (1, 0.95)):
        loads: list[float] = []
        load = ping_pong(connections, 30_000 if connections > 1 else 8_000)
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
    load = ping_pong(50, 30_000)
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
        compare(
            "memory of a connection with a read pending",
            "KiB",
            memory(eplua("tcp_echo.lua")),
            memory(bare("tcp_echo.py")),
            bound=2.3,
            smaller_is_better=True,
            rounds=3,
        )
    )
    return results


if __name__ == "__main__":
    run()
