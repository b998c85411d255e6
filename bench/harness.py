"""
What the benchmarks share: server processes and what they take, rounds that alternate
between this project and the bare library, medians, and the check that the load was not
the slower part.
"""

from __future__ import annotations

import json
import os
import resource
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import trustme

HERE = Path(__file__).parent
ROUNDS = 5
EPLUA = [sys.executable, "-m", "eplua_twisted.cli"]


@dataclass
class Result:
    """
    @ivar ratio: the median over rounds of ours / bare; for C{smaller_is_better}
        it is still ours / bare
    @ivar bound: what the ratio is to reach (at least, or at most)
    @ivar load: the largest share of one core that the load generator took
    """

    name: str
    unit: str
    ours: float
    bare: float
    ratio: float
    bound: float | None = None
    smaller_is_better: bool = False
    load: float | None = None

    @property
    def met(self) -> bool | None:
        if self.bound is None:
            return None
        if self.smaller_is_better:
            return self.ratio <= self.bound
        return self.ratio >= self.bound

    def row(self) -> str:
        sign = "<=" if self.smaller_is_better else ">="
        bound = "" if self.bound is None else f"{sign} {self.bound:.2f}"
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        load = "" if self.load is None else f"{self.load:4.0%}"
        return (
            f"{self.name:44} {self.ours:12,.1f} {self.bare:12,.1f} {self.unit:10}"
            f" {self.ratio:6.2f} {bound:8} {verdict:7} {load}"
        )


HEADER = (
    f"{'':44} {'ours':>12} {'bare':>12} {'':10} {'ratio':>6} {'wanted':8} {'':7} load"
)


@contextmanager
def server(command: list[str]) -> Iterator[tuple[int, int]]:
    """A server process that prints its port; gives the port and the process id."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """For a server that cannot be asked which one it has taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def identity() -> AbstractContextManager[str]:
    """A directory with C{server.pem} for localhost, and C{ca.pem} that vouches for it."""
    directory = tempfile.TemporaryDirectory()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(os.path.join(directory.name, "ca.pem"))
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(
        os.path.join(directory.name, "server.pem")
    )
    return directory


def eplua(script: str, *arguments: str) -> list[str]:
    return [*EPLUA, str(HERE / "lua" / script), *arguments]


def bare(script: str, *arguments: str) -> list[str]:
    return [sys.executable, str(HERE / "bare" / script), *arguments]


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def compare(
    name: str,
    unit: str,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    *,
    bound: float | None = None,
    smaller_is_better: bool = False,
    rounds: int = ROUNDS,
    loads: list[float] | None = None,
) -> Result:
    """Alternate the two and report; the first round of each only warms up."""
    ours(), theirs()
    if loads is not None:
        loads.clear()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    result = Result(
        name,
        unit,
        statistics.median(one for one, _ in pairs),
        statistics.median(two for _, two in pairs),
        statistics.median(one / two for one, two in pairs),
        bound,
        smaller_is_better,
        max(loads) if loads else None,
    )
    print(result.row(), flush=True)
    return result


def load_against(
    command: list[str], load: Callable[[int], int], loads: list[float]
) -> Callable[[], float]:
    """
    A measurement: start the server, put the load on it, count operations a second.

    @param load: does the work against a port in this process, and counts it
    @param loads: gets the share of a core that this process took
    """

    def measure() -> float:
        with server(command) as (port, _):
            load(port)  # connections, caches and the server's own imports
            started, cpu = time.perf_counter(), _cpu()
            count = load(port)
            elapsed = time.perf_counter() - started
            loads.append((_cpu() - cpu) / elapsed)
            return count / elapsed

    return measure


def ping_pong(
    connect: Callable[[int], socket.socket],
    message: bytes,
    answer: int,
    connections: int,
    messages: int,
) -> Callable[[int], int]:
    """
    A load: each connection sends a message when it has got an answer.

    @param answer: how many bytes an answer has
    @param messages: how many are answered in all
    """

    def load(port: int) -> int:
        poll = select.epoll()
        sockets = {}
        for _ in range(connections):
            each = connect(port)
            sockets[each.fileno()] = each
            poll.register(each, select.EPOLLIN)
        for each in sockets.values():
            each.send(message)
        received = 0
        while received < messages * answer:
            for number, _ in poll.poll():
                received += len(sockets[number].recv(65536))
                sockets[number].send(message)
        for each in sockets.values():
            each.close()
        poll.close()
        return messages

    return load


def connect(port: int) -> socket.socket:
    """A connection to this machine that sends at once."""
    each = socket.create_connection(("127.0.0.1", port))
    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return each


def resident(pid: int) -> float:
    """Resident memory of a process in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1])
    raise LookupError(pid)


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has taken."""
    times = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def memory(
    command: list[str], message: bytes, connections: int = 2000
) -> Callable[[], float]:
    """
    KiB for each connection that is open and silent.

    @param message: what each sends once, to be answered
    """

    def ask(port: int, times: int = 1) -> socket.socket:
        each = socket.create_connection(("127.0.0.1", port))
        for _ in range(times):
            each.sendall(message)
            assert each.recv(4096)
        return each

    def measure() -> float:
        with server(command) as (port, pid):
            # Until what is let go of again has its place.
            warm = [ask(port, 200) for _ in range(50)]
            before = resident(pid)
            open_ones = [ask(port) for _ in range(connections)]
            after = resident(pid)
            for each in warm + open_ones:
                each.close()
            return (after - before) / connections

    return measure


def compare_memory(
    name: str, ours: Callable[[], float], theirs: Callable[[], float], bound: float
) -> Result:
    """
    As L{compare}, of C{memory}.

    @param bound: the ratio that is not to be exceeded
    """
    return compare(
        name, "KiB", ours, theirs, bound=bound, smaller_is_better=True, rounds=3
    )


def write(results: list[Result], path: Path) -> None:
    path.write_text(
        json.dumps([{**asdict(each), "met": each.met} for each in results], indent=1)
        + "\n"
    )
