"""The options of C{eplua test}."""

from __future__ import annotations

import os
from typing import ClassVar

from twisted.python import usage

from eplua_twisted.lua_versions import LUA_VERSIONS, version_of
from eplua_twisted.time_options import parse_moment, parse_seconds
from eplua_twisted.tools.test.messages import Order
from eplua_twisted.transports.faults import FAULTS, Fault

MOST_JOBS = 64


class Options(usage.Options):
    """
    @ivar paths: files and folders
    @ivar faults: each test runs with each of them too
    """

    synopsis = "[options] [FILE|FOLDER...]"
    longdesc = (
        "Runs the tests in the files *_test.lua below folders, or below this one."
    )
    examples = (
        ("eplua test", "the tests below this folder"),
        (
            "eplua test --fault split,delay,reset rooms/kitchen_test.lua",
            "of one file, with network faults too",
        ),
        ("eplua test --junit results.xml", "for a server that shows them"),
    )
    choices: ClassVar = {"lua": tuple(LUA_VERSIONS)}
    anywhere = True
    optFlags = [
        ["hc3", None, "the files are of Home Center 3"],
        ["real-time", None, "timers wait, as they do elsewhere"],
    ]
    optParameters = [
        ["lua", None, None, f"Lua version: {', '.join(LUA_VERSIONS)}; 5.4, --hc3: 5.3"],
        ["junit", None, None, "FILE to write the results to, as JUnit XML"],
        ["match", None, None, "TEXT: only tests with it in their names"],
    ]

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.paths: tuple[str, ...] = ()
        self.faults: list[Fault] = []
        self.jobs = (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        )
        self.seed = 1
        self.timeout = 10.0
        self.start: float | None = None

    def opt_fault(self, given: str) -> None:
        """FAULT,...: each test also with a network that has them: split, delay, reset."""
        known: dict[str, Fault] = {name: name for name in FAULTS}
        for name in given.split(","):
            if name not in known:
                raise usage.UsageError(
                    f"unknown --fault={name}; known: {', '.join(known)}"
                )
            if known[name] not in self.faults:
                self.faults.append(known[name])

    def opt_jobs(self, given: str) -> None:
        """N files at a time; by default as many as there are processors."""
        self.jobs = _integer("jobs", given, 1, MOST_JOBS)

    def opt_seed(self, given: str) -> None:
        """NUMBER that decides where the faults are; 1."""
        self.seed = _integer("seed", given, 0, 2**63)

    def opt_timeout(self, given: str) -> None:
        """TIME that a test may take, as 10, 500ms or 2m; 10 seconds."""
        try:
            self.timeout = parse_seconds(given)
        except ValueError as problem:
            raise usage.UsageError(f"--timeout: {problem}") from None
        if not self.timeout:
            raise usage.UsageError("--timeout: more than 0 expected")

    def opt_start(self, moment: str) -> None:
        """MOMENT that the time of each test begins at: '2026-12-24 18:30', '06:00'."""
        try:
            self.start = parse_moment(moment)
        except ValueError as problem:
            raise usage.UsageError(f"--start: {problem}") from None

    def parseArgs(self, *paths: str) -> None:
        self.paths = paths or (".",)

    def postOptions(self) -> None:
        try:
            version_of(self["lua"], bool(self["hc3"]))
        except ValueError as problem:
            raise usage.UsageError(str(problem)) from None

    def order(self, path: str) -> Order:
        """What is to be done with a file."""
        return Order(
            path=path,
            lua=self["lua"],
            hc3=bool(self["hc3"]),
            faults=self.faults,
            seed=self.seed,
            timeout=self.timeout,
            instant=not self["real-time"],
            start=self.start,
            match=self["match"] or "",
        )


def _integer(name: str, given: str, low: int, high: int) -> int:
    if not given.isascii() or not given.isdigit() or not low <= int(given) <= high:
        raise usage.UsageError(
            f"--{name}: a number from {low} to {high} expected, got {given!r}"
        )
    return int(given)
