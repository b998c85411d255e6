"""What the process of a file is told, and what it tells."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from eplua_twisted.transports.faults import Fault

REPORTS = 3
"""The descriptor on which a process tells what it does: its output is the script's."""

Verdict = Literal["ok", "failed", "skipped", "fragile", "not run"]
"""
C{fragile}: it fails when a connection breaks, and only then; C{not run}: nothing is wrong
with it, but a fault has nothing to break.
"""


@dataclass(frozen=True)
class Order:
    """
    What a process is to do.

    @ivar first: the number of the test that it begins with
    @ivar match: only tests with this in their names are run
    @ivar timeout: seconds that a test may take
    @ivar start: what time it is when a test begins; C{None}: the real time
    @ivar instant: time passes only while nothing is awaited
    """

    path: str
    lua: str | None
    hc3: bool
    faults: list[Fault]
    seed: int
    timeout: float
    instant: bool
    start: float | None
    match: str = ""
    first: int = 0


@dataclass(frozen=True)
class Result:
    """
    What came of a test, with one fault or none.

    @ivar number: which of its file
    @ivar place: file and line where it is declared
    @ivar message: what went wrong, or why it was skipped
    @ivar left: what it left open
    @ivar output: the lines that it has printed, and warnings
    """

    number: int
    name: str
    place: str
    fault: Fault | None
    verdict: Verdict
    seconds: float = 0.0
    message: str = ""
    traceback: str = ""
    left: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its name, and the fault."""
        return self.name if self.fault is None else f"{self.name} [{self.fault}]"


@dataclass(frozen=True)
class Begun:
    """A test begins."""

    number: int
    name: str
    place: str
    fault: Fault | None


@dataclass(frozen=True)
class Broken:
    """The file cannot be run."""

    message: str
    traceback: str
    output: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Over:
    """All tests of the file have run."""


Message = Begun | Result | Broken | Over

_KINDS: dict[str, type[Message]] = {
    each.__name__: each for each in (Begun, Result, Broken, Over)
}


def encode(message: Message) -> bytes:
    """A line."""
    return json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n"


def decode(line: bytes) -> Message:
    """@raise ValueError: it is none"""
    kind, fields = json.loads(line)
    return _KINDS[kind](**fields)


def encode_order(order: Order) -> str:
    """One argument of a command line."""
    return json.dumps(asdict(order))


def decode_order(text: str) -> Order:
    """What L{encode_order} has made."""
    return Order(**json.loads(text))
