"""
Endurance: all protocols busy for minutes, connections opened and dropped all the time.
C{python -m bench.soak MINUTES [FILE.svg]}, or C{make soak MINUTES=n}.

There are servers, and clients of them, over TCP, UDP, HTTP, WebSocket and MQTT, and over
TLS on each, with timers and tasks.  A second process of clients is killed (signal 9) and
started again every few seconds, and so are a second process of servers and a second
broker, which the first clients use too.

Of the two processes that stay, once a second: descriptors, resident memory, what is open,
operations that wait for an answer, and Lua's memory.  What is reported is how each grows
in an hour, by a straight line through the second half of the time, with its confidence of
95 %.  Something leaks where the line rises and its confidence does not reach down to level.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from pathlib import Path
from statistics import fmean

from bench.curves import Curve, plot
from bench.harness import HERE, descriptors, eplua, free_port, identity, resident
from bench.mqtt import listening, mosquitto

WARM_UP = 0.5
"""The share of the time that is left out: caches fill, code is compiled."""

PARTS = 30
"""
A line goes through the means of so many parts of the time: one second's figure is much
like the next one's, which would make the line look surer than it is.
"""

STUDENT = 2.05
"""Of a line through C{PARTS} points, for 95 %."""

LEAST = 4
"""Rows of figures, of which a line goes through the second half."""

BETWEEN_KILLS = 4.0
"""Seconds."""

FIGURES = ("descriptors", "resident KiB", "open", "operations", "Lua KiB")


@dataclass
class Watched:
    """One process and what was seen of it."""

    name: str
    process: subprocess.Popen[str]
    times: list[float] = field(default_factory=list)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    last: str = ""

    def watch(self, began: float, ended: threading.Event) -> None:
        """
        Note the figures with each line that it prints.

        @param ended: set when it prints none any more
        """
        try:
            self._watch(began)
        finally:
            ended.set()

    def _watch(self, began: float) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.last = line.strip()
            opened, waiting, lua = map(float, line.split()[:3])
            try:
                taken = descriptors(self.process.pid), resident(self.process.pid)
            except (OSError, LookupError):
                # It is gone.
                return
            self.times.append(time.monotonic() - began)
            self.rows.append((*taken, opened, waiting, lua))


def line(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """
    @return: how much the values grow in a second, and half of the interval in which
        that lies with a confidence of 95 %
    """
    ends = [round(i * len(times) / PARTS) for i in range(PARTS + 1)]
    parts = [slice(a, b) for a, b in pairwise(ends) if a < b]
    xs = [fmean(times[part]) for part in parts]
    ys = [fmean(values[part]) for part in parts]
    middle, level = fmean(xs), fmean(ys)
    spread = sum((x - middle) ** 2 for x in xs)
    pairs = list(zip(xs, ys, strict=True))
    rise = sum((x - middle) * (y - level) for x, y in pairs) / spread
    left = sum((y - level - rise * (x - middle)) ** 2 for x, y in pairs)
    return rise, STUDENT * (left / max(1, len(xs) - 2) / spread) ** 0.5


class Killed:
    """A process that is killed and started again; C{kills} counts."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self.kills = 0
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        # Its clients and servers are killed too: what it says of them is no news.
        return subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def again(self) -> None:
        self.stop()
        self.kills += 1
        self._process = self._start()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Processes:
    """Starts processes; they end with the stack, the last one first."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._directory = Path(stack.enter_context(identity()))
        self.authority = self._directory / "ca.pem"
        self.certificate = self._directory / "server.pem"

    def stays(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """One that is to live as long as all of it."""
        process = subprocess.Popen(
            eplua(script, *arguments), stdout=subprocess.PIPE, text=True, cwd=HERE
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        return process

    def killed(self, command: Sequence[str]) -> Killed:
        process = Killed(*command)
        self._stack.callback(process.stop)
        return process

    def broker(self, name: str, *lines: str) -> Killed:
        place = self._directory / name
        place.mkdir()
        return self.killed(mosquitto(place, *lines))

    def servers(self, uri: str) -> tuple[subprocess.Popen[str], list[str]]:
        """
        @param uri: of their broker
        @return: their process, and the arguments that say where they are: for clients,
            and for other servers at the same ports
        """
        given = [f"mqtt={uri}", f"certificate={self.certificate}"]
        process = self.stays("soak_server.lua", *given)
        assert process.stdout is not None
        return process, [*given, *process.stdout.readline().split()]


@contextmanager
def everything() -> Iterator[tuple[list[Watched], list[Killed]]]:
    """
    All processes.

    @return: the servers and the clients that stay, and those that are killed
    """
    with ExitStack() as stack:
        processes = Processes(stack)
        port, secure, fragile = free_port(), free_port(), free_port()
        processes.broker(
            "steady",
            f"listener {port} 127.0.0.1",
            f"listener {secure} 127.0.0.1",
            f"certfile {processes.certificate}",
            f"keyfile {processes.certificate}",
        )
        weak_broker = processes.broker("weak", f"listener {fragile} 127.0.0.1")
        for each in (port, secure, fragile):
            listening(each)
        servers, here = processes.servers(f"mqtt://127.0.0.1:{port}")
        # Their ports are known now, and the same each time they are started again.
        first, there = processes.servers(f"mqtt://127.0.0.1:{fragile}")
        first.kill()
        weak_servers = processes.killed(eplua("soak_server.lua", *there))
        here += [
            f"mqtts=mqtts://127.0.0.1:{secure}",
            f"authority={processes.authority}",
        ]
        weak_clients = processes.killed(
            eplua("soak_client.lua", "name=weak", "width=1", *here)
        )
        # They end first: else they would report that the servers are gone.
        clients = processes.stays(
            "soak_client.lua",
            "name=steady",
            "width=4",
            *here,
            *(f"killed.{each}" for each in there),
        )
        yield (
            [Watched("servers", servers), Watched("clients", clients)],
            [weak_clients, weak_servers, weak_broker],
        )


def run(minutes: float, picture: str | None) -> int:
    with everything() as (watched, killed):
        ended = threading.Event()
        began = time.monotonic()
        for each in watched:
            threading.Thread(
                target=each.watch, args=(began, ended), daemon=True
            ).start()
        end, next_kill = began + minutes * 60, began + BETWEEN_KILLS
        turn = cycle(killed)
        while not ended.wait(min(next_kill, end) - time.monotonic()):
            if time.monotonic() >= end:
                break
            next(turn).again()
            next_kill += BETWEEN_KILLS
        lived = not ended.is_set()
        kills = [each.kills for each in killed]
    print("killed: clients {} times, servers {}, broker {}".format(*kills))
    return report(watched, lived, picture)


def report(watched: Sequence[Watched], lived: bool, picture: str | None) -> int:
    if not lived:
        print("a process has ended")
    if any(len(each.rows) < LEAST for each in watched):
        print(f"it was too short: there are fewer than {LEAST} rows of figures")
        return 1
    leaks = 0
    curves = []
    for each in watched:
        first = int(len(each.times) * WARM_UP)
        for row, name in enumerate(FIGURES):
            values = [figures[row] for figures in each.rows]
            rise, half = line(each.times[first:], values[first:])
            level = fmean(values[first:])
            grows = rise - half > 0 and (
                rise * (each.times[-1] - each.times[first]) > 0.02 * level
            )
            leaks += grows
            slope = f"{rise * 3600:+,.0f} +- {half * 3600:,.0f} an hour"
            print(
                f"{each.name:8} {name:12} {level:12,.0f} {slope:>28}"
                f"{'  GROWS' if grows else ''}"
            )
            curves.append(Curve(f"{each.name}: {name}", slope, each.times, values))
    exchanges, broken, failures, *why = [*watched[1].last.split(maxsplit=6), ""][3:]
    print(
        f"{exchanges} exchanges, {failures} failures {' '.join(why)}\n"
        f"{broken} ended with an error as their server was killed"
    )
    if picture is not None:
        Path(picture).parent.mkdir(exist_ok=True)
        Path(picture).write_text(plot(curves, len(FIGURES)))
        print(picture)
    return int(bool(leaks) or not lived or failures != "0")


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
