"""
Load: thousands of connections held open and in use.
C{python -m bench.load [SHARE]}, or C{make load}; with 0.1 a tenth of the connections.

A script is the server, in a process of its own.  This process opens the connections to
it, and then asks so many exchanges a second, on one connection after the other.  The time
of an exchange counts from the moment when it was due: an answer that comes late makes the
next one no earlier.  All is on 127.0.0.1; the clients have several addresses, so that the
ports suffice.
"""

from __future__ import annotations

import gc
import resource
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bench import http_server, tcp_echo, websocket_echo
from bench.harness import descriptors, eplua, resident, server

RATE = 2000
"""Exchanges a second."""

SECONDS = 20
ADDRESSES = 8
SPARE = 200
"""Descriptors of a process besides its connections."""

WARM = 50
"""Connections before what is counted, for what a server makes once."""

PATIENCE = 30.0
"""Seconds until an answer that does not come is missing."""


IP_BIND_ADDRESS_NO_PORT = 24
"""Of Linux; Python 3.11 has no name for it."""


@dataclass(frozen=True)
class Kind:
    """
    @ivar sent: what a client sends for an exchange
    @ivar answer: how many bytes come back; C{None}: as many as the first time
    @ivar greeting: makes the first bytes of a connection from the port; C{None}: none
    """

    name: str
    script: str
    connections: int
    sent: bytes
    answer: int | None
    greeting: Callable[[int], bytes] | None = None


KINDS = (
    Kind("TCP", "tcp_echo.lua", 10_000, tcp_echo.MESSAGE, len(tcp_echo.MESSAGE)),
    Kind("HTTP", "http_server.lua", 5_000, http_server.REQUEST, None),
    Kind(
        "WebSocket",
        "websocket_echo.lua",
        2_000,
        websocket_echo.FRAME,
        websocket_echo.ANSWER,
        lambda port: websocket_echo.REQUEST % port,
    ),
)


def raise_limit(wanted: int) -> None:
    """
    Let this process, and those that it starts, have so many descriptors.

    @raise SystemExit: the system does not allow it
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, OSError):
        raise SystemExit(
            f"make load: {wanted} descriptors are needed in each of two processes, and"
            f" the system allows {hard} (ulimit -Hn). Raise that, or take a part of the"
            f" load: make load SHARE={(hard - SPARE) / (wanted - SPARE):.2f}"
        ) from None


class Clients:
    """The clients' ends of the connections to a port."""

    def __init__(self, kind: Kind, port: int) -> None:
        self._kind = kind
        self._port = port
        self._sockets: list[socket.socket] = []
        self._by_number: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._answer = kind.answer or 0

    def open(self, count: int) -> None:
        """Open so many, each with an exchange on it."""
        for _ in range(count):
            each = socket.socket()
            each.settimeout(PATIENCE)
            source = f"127.0.0.{1 + len(self._sockets) % ADDRESSES}"
            # The port is chosen when it connects, and only has to be free for this pair.
            each.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            each.bind((source, 0))
            each.connect(("127.0.0.1", self._port))
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._kind.greeting is not None:
                each.sendall(self._kind.greeting(self._port))
                self._head(each)
            self._first(each)
            each.setblocking(False)
            self._sockets.append(each)
            self._by_number[each.fileno()] = each
            self._poll.register(each, select.EPOLLIN)

    @staticmethod
    def _head(each: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            got += _some(each)
        return got

    def _first(self, each: socket.socket) -> None:
        each.sendall(self._kind.sent)
        if not self._answer:
            head, _, body = self._head(each).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            (length,) = (
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            while len(body) < length:
                body += _some(each)
            self._answer = len(head) + 4 + length
            return
        left = self._answer
        while left > 0:
            left -= len(_some(each))
        assert left == 0, "more than an answer"

    def exchange(self, rate: int, seconds: float) -> list[float]:
        """
        @return: the times of all exchanges in seconds
        @raise SystemExit: an answer was none, or was missing
        """
        due: dict[int, deque[float]] = {number: deque() for number in self._by_number}
        left = dict.fromkeys(self._by_number, self._answer)
        times: list[float] = []
        total, asked = int(rate * seconds), 0
        began = time.perf_counter()
        while len(times) < total:
            now = time.perf_counter()
            while asked < total and began + asked / rate <= now:
                each = self._sockets[asked % len(self._sockets)]
                due[each.fileno()].append(began + asked / rate)
                each.send(self._kind.sent)
                asked += 1
            for number, _ in self._poll.poll(1 / rate if asked < total else 1):
                got = len(_some(self._by_number[number]))
                while got >= left[number]:
                    if not due[number]:
                        raise SystemExit(f"{self._kind.name}: more than was asked for")
                    got -= left[number]
                    left[number] = self._answer
                    times.append(time.perf_counter() - due[number].popleft())
                    if not got:
                        break
                left[number] -= got
            if time.perf_counter() - began > seconds + PATIENCE:
                raise SystemExit(f"{self._kind.name}: {total - len(times)} missing")
        return times

    def close(self) -> None:
        for each in self._sockets:
            each.close()
        self._poll.close()


def _some(each: socket.socket) -> bytes:
    data = each.recv(65536)
    if not data:
        raise SystemExit("the server has closed a connection")
    return data


def settled(pid: int, wanted: int) -> int:
    """
    Wait until another process has closed its ends, which nothing tells: one can but look.

    @return: how many descriptors it has then, or when time is over
    """
    end = time.monotonic() + PATIENCE
    while (count := descriptors(pid)) > wanted and time.monotonic() < end:
        time.sleep(0.1)
    return count


def measure(kind: Kind, connections: int) -> bool:
    """@return: whether the server has as few descriptors afterwards as before"""
    with server(eplua(kind.script)) as (port, pid):
        warm = Clients(kind, port)
        warm.open(WARM)
        warm.exchange(RATE, 1)
        idle = descriptors(pid) - WARM
        warm.close()
        before = settled(pid, idle)
        memory = resident(pid)
        clients = Clients(kind, port)
        started = time.perf_counter()
        clients.open(connections)
        rate = connections / (time.perf_counter() - started)
        grown = (resident(pid) - memory) / connections
        gc.collect()
        gc.disable()
        times = sorted(clients.exchange(RATE, SECONDS))
        gc.enable()
        held = descriptors(pid)
        clients.close()
        after = settled(pid, before)
    p50, p99 = (times[int(len(times) * part)] * 1e3 for part in (0.5, 0.99))
    print(
        f"{kind.name:10} {connections:11,} {rate:9,.0f} {grown:7.1f} {len(times):10,}"
        f" {p50:8.2f} {p99:8.2f} {times[-1] * 1e3:8.2f}"
        f" {before:8} {held:8,} {after:8}",
        flush=True,
    )
    return after <= before


def run(share: float) -> int:
    counts = [max(1, int(kind.connections * share)) for kind in KINDS]
    raise_limit(max(counts) + SPARE)
    print(
        f"{'':10} {'connections':>11} {'opened/s':>9} {'KiB':>7} {'exchanges':>10}"
        f" {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}"
        f" {'before':>8} {'held':>8} {'after':>8} descriptors"
    )
    good = [measure(kind, count) for kind, count in zip(KINDS, counts, strict=True)]
    if not all(good):
        print("descriptors were left")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
