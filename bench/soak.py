"""
Endurance: all protocols busy for minutes, connections opened and dropped all the time.
C{python -m bench.soak MINUTES [FILE.svg]}, or C{make soak MINUTES=n}.

Of both processes, once a second: descriptors, resident memory, what is open, and Lua's
memory.  What is reported is how each grows in an hour, by a straight line through the
second half of the time, with its confidence of 95 %.  Something leaks where the
line rises and its confidence does not reach down to level.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import trustme

from bench.harness import HERE, eplua
from bench.mqtt import broker

PAGE = os.sysconf("SC_PAGE_SIZE") / 1024
WARM_UP = 0.5
"""The share of the time that is left out: caches fill, code is compiled."""

FIGURES = ("descriptors", "resident KiB", "open", "Lua KiB")


@dataclass
class Watched:
    """One process and what was seen of it."""

    name: str
    process: subprocess.Popen[str]
    times: list[float] = field(default_factory=list)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    last: list[str] = field(default_factory=list)

    def watch(self, began: float) -> None:
        """Note the figures with each line that it prints."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.last = line.split(maxsplit=4)
            try:
                descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
                pages = int(
                    Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
                )
            except OSError:
                return
            self.times.append(time.monotonic() - began)
            self.rows.append(
                (descriptors, pages * PAGE, float(self.last[0]), float(self.last[1]))
            )


def slope(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """
    @return: how much the values grow in a second, and half of the interval in which
        that lies with a confidence of 95 %
    """
    middle, level = fmean(times), fmean(values)
    spread = sum((each - middle) ** 2 for each in times)
    rise = (
        sum((t - middle) * (v - level) for t, v in zip(times, values, strict=True))
        / spread
    )
    left = sum(
        (v - level - rise * (t - middle)) ** 2
        for t, v in zip(times, values, strict=True)
    )
    return rise, 1.96 * (left / max(1, len(times) - 2) / spread) ** 0.5


def plot(watched: Sequence[Watched]) -> str:
    """The figures over time, as SVG."""
    width, height = 420, 130
    parts = []
    for column, each in enumerate(watched):
        for row, name in enumerate(FIGURES):
            values = [figures[row] for figures in each.rows]
            low, high = min(values), max(values)
            points = " ".join(
                f"{t / each.times[-1] * (width - 40):.1f},"
                f"{100 - (v - low) / (high - low or 1) * 80:.1f}"
                for t, v in zip(each.times, values, strict=True)
            )
            x, y = column * width + 20, row * height + 20
            parts.append(
                f'<g transform="translate({x},{y})"><text y="10">{each.name}: {name},'
                f' {low:,.0f} to {high:,.0f}</text><polyline points="{points}"'
                ' fill="none" stroke="currentColor"/></g>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * width}'
        f' {len(FIGURES) * height + 20}" font-family="sans-serif" font-size="12"'
        ' color="#2878b0" fill="#808080">' + "".join(parts) + "</svg>\n"
    )


def run(minutes: float, picture: str | None) -> int:
    with tempfile.TemporaryDirectory() as directory, broker() as port:
        authority = trustme.CA()
        files = Path(directory) / "authority.pem", Path(directory) / "server.pem"
        authority.cert_pem.write_to_path(str(files[0]))
        server = authority.issue_cert("localhost", "127.0.0.1")
        server.private_key_and_cert_chain_pem.write_to_path(str(files[1]))
        uri = f"mqtt://127.0.0.1:{port}"

        def start(script: str, *arguments: str) -> subprocess.Popen[str]:
            return subprocess.Popen(
                eplua(script, *arguments), stdout=subprocess.PIPE, text=True, cwd=HERE
            )

        serving = start("soak_server.lua", str(files[1]), uri)
        assert serving.stdout is not None
        ports = serving.stdout.readline().split()
        asking = start("soak_client.lua", str(files[0]), uri, *ports)
        watched = [Watched("servers", serving), Watched("clients", asking)]
        began = time.monotonic()
        for each in watched:
            threading.Thread(target=each.watch, args=(began,), daemon=True).start()
        end = began + minutes * 60
        while time.monotonic() < end and all(
            each.process.poll() is None for each in watched
        ):
            time.sleep(1)
        alive = all(each.process.poll() is None for each in watched)
        # The servers last: the clients would report that they are gone.
        for each in reversed(watched):
            each.process.terminate()
            each.process.wait()
    return report(watched, alive, picture)


def report(watched: Sequence[Watched], alive: bool, picture: str | None) -> int:
    leaks = 0
    for each in watched:
        first = int(len(each.times) * WARM_UP)
        for row, name in enumerate(FIGURES):
            values = [figures[row] for figures in each.rows[first:]]
            rise, half = slope(each.times[first:], values)
            grows = rise - half > 0 and rise * (each.times[-1] - each.times[first]) > (
                0.02 * fmean(values)
            )
            leaks += grows
            print(
                f"{each.name:8} {name:12} {fmean(values):12,.0f}"
                f" {rise * 3600:+12,.0f} +- {half * 3600:,.0f} an hour"
                f"{'  GROWS' if grows else ''}"
            )
    _, _, exchanges, failures, *why = [*watched[1].last, "", "", ""][:5]
    print(f"{exchanges} exchanges, {failures} failures {' '.join(why)}")
    if picture is not None:
        Path(picture).write_text(plot(watched))
    if not alive:
        print("a process has ended")
    return int(bool(leaks) or not alive or failures != "0")


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
