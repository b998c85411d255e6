"""What a script may take of the process."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field, fields

from eplua_twisted.errors import OperationError

LEAST_MEMORY = 2 * 1024 * 1024
"""Bytes: with less the library itself has no room to work."""

CALLBACK_TIME = 10_000
"""Milliseconds, where nothing else is asked for."""

OPTION = " (option --max-connections)"


@dataclass(frozen=True)
class Limits:
    """
    What a runtime lets its scripts take; 0 is no limit.

    @ivar max_memory: bytes of the Lua state, the library's own 0.7 MiB among them
    @ivar max_callback_time: milliseconds that a callback, or the main chunk, may run
        without returning or waiting; C{None} is 10 000, and no limit on LuaJIT, where
        a limit turns the compiler off
    @ivar max_timers: how many timers may be set at a time
    @ivar max_connections: how many connections may be open at a time, those of all
        clients and servers of the runtime
    @raise ValueError: one is negative, or too small to work with
    """

    max_memory: int = 0
    max_callback_time: int | None = None
    max_timers: int = 100_000
    max_connections: int = 10_000

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None and each.name == "max_callback_time":
                continue
            if type(value) is not int or value < 0:
                raise ValueError(
                    f"{each.name}: integer of at least 0 expected, got {value!r}"
                )
        if 0 < self.max_memory < LEAST_MEMORY:
            raise ValueError(f"max_memory: at least {LEAST_MEMORY} bytes are needed")

    def callback_time(self, lua: str) -> int:
        """The milliseconds of a callback on a Lua version; 0 is no limit."""
        if self.max_callback_time is None:
            return 0 if lua == "luajit" else CALLBACK_TIME
        return self.max_callback_time


@dataclass
class Connections:
    """
    Counts the open connections of one runtime.

    @ivar most: how many there may be; 0 is no limit
    @ivar outgoing: those that were made, or are being made
    @ivar servers: what each server has of its clients
    """

    most: int = 0
    outgoing: int = 0
    servers: list[Sized] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return 0 < self.most <= self.outgoing + sum(map(len, self.servers))

    def left(self, members: Sized) -> None:
        """A server is gone; its clients may be equal to those of another one."""
        self.servers[:] = [each for each in self.servers if each is not members]

    @property
    def refusal(self) -> OperationError:
        """What one too many fails with."""
        return OperationError("limit", f"{self.most} connections are open{OPTION}")
