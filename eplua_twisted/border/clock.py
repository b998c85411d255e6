"""
Time that nobody can set.

A reactor waits by the time of day.  When that is set forward all its delayed calls
come at once, and when it is set back none comes for that long.  The calls of a
L{SteadyReactor} follow the monotonic clock instead.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeVar, cast

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import (
    IDelayedCall,
    IReadDescriptor,
    IWriteDescriptor,
)
from twisted.internet.posixbase import PosixReactorBase
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Turn
from eplua_twisted.border.wrapped import WrappedReactor

R = TypeVar("R")

SOME = 64
"""How many cancelled calls may be kept before they are looked for."""

_ABSOLUTE = 1
"""C{TFD_TIMER_ABSTIME}: the time is one of the clock's, and not counted from now."""


class Below(Protocol):
    """What a L{SteadyReactor} needs of the reactor below it."""

    def callLater(
        self, delay: float, callable: Callable[[], None], /
    ) -> IDelayedCall: ...

    def callFromThread(self, callable: Callable[[], None], /) -> None: ...

    def addReader(self, reader: IReadDescriptor, /) -> None: ...

    def removeReader(self, reader: IReadDescriptor, /) -> None: ...

    def addWriter(self, writer: IWriteDescriptor, /) -> None: ...

    def removeWriter(self, writer: IWriteDescriptor, /) -> None: ...


class Alarm(Protocol):
    """Rings at one time."""

    def set(self, due: float, delay: float) -> None:
        """As L{KernelAlarm.set}."""

    def close(self) -> None:
        """It does not ring any more."""


class _Specification(ctypes.Structure):
    """C{struct itimerspec}: an interval, which is not used, and a time."""

    _fields_ = [
        (name, ctypes.c_long)
        for name in (
            "every_seconds",
            "every_nanoseconds",
            "seconds",
            "nanoseconds",
        )
    ]


@implementer(IReadDescriptor)
class KernelAlarm:
    """
    A descriptor that the kernel makes readable at a time of the monotonic clock:
    Linux's C{timerfd}, which Python itself has from 3.13 on.
    """

    def __init__(self, reactor: Below, ring: Callable[[], None]) -> None:
        """
        @param ring: called when the time has come
        @raise OSError: there is no descriptor left
        @raise AttributeError: the system has no C{timerfd}
        """
        self._reactor = reactor
        self._ring = ring
        library = ctypes.CDLL(None, use_errno=True)
        self._settime = library.timerfd_settime
        self._specification = _Specification()
        self._pointer = ctypes.byref(self._specification)
        self._descriptor = int(
            library.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        )
        if self._descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        reactor.addReader(self)

    def set(self, due: float, delay: float) -> None:
        """
        Ring at a time; what was set before is forgotten.

        @param due: the time, in seconds of the monotonic clock
        @param delay: how long it is until then; more than 0
        """
        whole = int(due)
        self._specification.seconds = whole
        self._specification.nanoseconds = int((due - whole) * 1e9)
        self._settime(self._descriptor, _ABSOLUTE, self._pointer, None)

    def close(self) -> None:
        self._reactor.removeReader(self)
        os.close(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def logPrefix(self) -> str:
        return "alarm"

    def doRead(self) -> None:
        """C{IReadDescriptor.doRead}"""
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            # It was set anew since the reactor looked.
            return
        self._ring()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""


class ReactorAlarm:
    """The same by the reactor's own clock: it may ring early, or late."""

    def __init__(self, reactor: Below, ring: Callable[[], None]) -> None:
        self._reactor = reactor
        self._ring = ring
        self._call: IDelayedCall | None = None

    def set(self, due: float, delay: float) -> None:
        """As L{KernelAlarm.set}."""
        self.close()
        self._call = self._reactor.callLater(delay, self._now)

    def _now(self) -> None:
        self._call = None
        self._ring()

    def close(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None


def make_alarm(reactor: Below, ring: Callable[[], None]) -> Alarm:
    """The best alarm that there is."""
    try:
        return KernelAlarm(reactor, ring)
    except (AttributeError, OSError):
        return ReactorAlarm(reactor, ring)


MakeAlarm = Callable[[Below, Callable[[], None]], Alarm]


NONE: dict[str, object] = {}


class SteadyReactor(WrappedReactor[Below]):
    """
    A reactor whose C{callLater} and C{seconds} follow the monotonic clock.

    Where there is no L{KernelAlarm} a clock that is set back makes calls late; nothing
    makes them early.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Below,
        seconds: Callable[[], float] = time.monotonic,
        make_alarm: MakeAlarm = make_alarm,
    ) -> None:
        super().__init__(reactor)
        self._make_alarm = make_alarm
        self.seconds = seconds
        self._heap: list[tuple[float, int, DelayedCall]] = []
        self._order = 0
        self._cancelled = 0
        self._soon = self._resting = False
        # Each call holds them: one object in place of one for each call.
        self._on_cancel, self._on_reset = self._forget, self._add
        self._set_for: float | None = None
        self._turn: Turn | None = None
        self._alarm: Alarm | None = None
        # What transports call with each read and write.
        self.addReader, self.removeReader = reactor.addReader, reactor.removeReader
        self.addWriter, self.removeWriter = reactor.addWriter, reactor.removeWriter

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> DelayedCall:
        """C{IReactorTime.callLater}"""
        call = DelayedCall(
            self.seconds() + delay,
            callable,
            args,
            kw or NONE,
            self._on_cancel,
            self._on_reset,
            self.seconds,
        )
        self._add(call)
        return call

    def turn(self) -> Turn:
        """The reactor's next turn; see L{Deadline}."""
        if self._turn is None:
            self._turn = Turn()
            # Cheap, where callFromThread would have to wake the reactor.  When the time
            # of day is set back just now, L{_run} tells it instead.
            self._reactor.callLater(0, self._turned)
        return self._turn

    def _turned(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.begun = self.seconds()

    def getDelayedCalls(self) -> list[DelayedCall]:
        """C{IReactorTime.getDelayedCalls}"""
        return [call for time, _, call in self._heap if self._is_due_at(call, time)]

    def _is_due_at(self, call: DelayedCall, time: float) -> bool:
        """Whether an entry of the heap counts still: a call may have moved."""
        return bool(call.active()) and call.time == time

    def _add(self, call: DelayedCall) -> None:
        self._order += 1
        heappush(self._heap, (call.time, self._order, call))
        if self._set_for is None or call.time < self._set_for:
            self._wake_at(call.time)

    def _forget(self, call: DelayedCall) -> None:
        """A call is cancelled."""
        self._cancelled += 1
        if self._cancelled > SOME and self._cancelled > len(self._heap) // 2:
            self._cancelled = 0
            self._heap[:] = [
                entry for entry in self._heap if self._is_due_at(entry[2], entry[0])
            ]
            heapify(self._heap)

    def _wake_at(self, due: float) -> None:
        self._set_for = due
        delay = due - self.seconds()
        if delay > 0:
            if self._alarm is None:
                self._alarm = self._make_alarm(self._reactor, self._run)
            self._alarm.set(due, delay)
        elif not self._soon:
            self._soon = True
            # The one way to the next turn that asks no clock.
            self._reactor.callFromThread(self._next_turn)

    def _next_turn(self) -> None:
        self._soon = False
        self._run()

    def _run(self) -> None:
        """Make the calls that are due."""
        self._turned()
        now, last = self.seconds(), self._order
        heap = self._heap
        while heap and heap[0][0] <= now and heap[0][1] <= last:
            due, _, call = heappop(heap)
            if not self._is_due_at(call, due):
                continue
            if call.getTime() > now:
                call.activate_delay()
                self._order += 1
                heappush(heap, (call.time, self._order, call))
                continue
            call.called = 1
            try:
                call.func(*call.args, **call.kw)
            except Exception:  # noqa: BLE001 - the reactor goes on after a bug
                self.log.failure("Unhandled error in a delayed call")
        self._set_for = None
        if heap:
            self._wake_at(heap[0][0])
        elif self._resting and self._alarm is not None:
            self._alarm.close()
            self._alarm = None

    def rest(self) -> None:
        """Let the alarm go, as soon as no call is pending."""
        self._resting = True
        if not self.getDelayedCalls():
            self._heap.clear()
            self._run()


def steady(reactor: R) -> R:
    """The reactor with a steady clock, if it is a real one; else as it is."""
    if isinstance(reactor, PosixReactorBase):
        return cast(R, SteadyReactor(cast(Below, reactor)))
    return reactor


def let_rest(reactor: object) -> None:
    """See L{SteadyReactor.rest}; others have no alarm."""
    if isinstance(reactor, SteadyReactor):
        reactor.rest()
