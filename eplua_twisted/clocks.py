"""
Time that can be moved: clocks that a script's timers, C{os.time} and C{os.date} follow.

The network has no part in it.  What it is waited for, and how long, goes by the
reactor's own clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.clock import Below, ReactorAlarm, SteadyReactor, let_rest
from eplua_twisted.border.resources import Resources

QUIET = 0.025
"""Seconds without an answer from the network after which nothing is awaited from what
is open."""


class Network:
    """What goes on in the network of one runtime."""

    def __init__(self, bridge: Bridge, resources: Resources) -> None:
        self._bridge = bridge
        self._resources = resources

    @property
    def pending(self) -> bool:
        """An answer is under way: it is waited for."""
        bridge = self._bridge
        return bridge.pending > 0 or not bridge.quiet or self._resources.awaited

    @property
    def open(self) -> bool:
        """Something is open from which an answer may come."""
        return self._resources.active > 0

    @property
    def answers(self) -> int:
        """How often Lua was entered so far."""
        return self._bridge.entries


class Work:
    """
    What goes on beside the runtimes, and time has to wait for.

    @ivar under_way: how much of it there is now
    """

    open = False
    answers = 0

    def __init__(self) -> None:
        self.under_way = 0

    @property
    def pending(self) -> bool:
        """As C{Network.pending}."""
        return self.under_way > 0


Awaited = Network | Work
"""What a clock may have to wait for."""


class IScriptClock(IReactorTime):
    """A clock that knows what day it is, and for whom it moves."""

    def time_of_day() -> float:
        """Seconds since the epoch."""

    def watch(network: Awaited) -> None:
        """A runtime begins to follow this clock."""

    def unwatch(network: Awaited) -> None:
        """It has stopped."""


class RealTime(Below, Protocol):
    """A reactor, as far as clocks need one."""

    def seconds(self) -> float: ...


class _ScaledAlarm:
    """Rings by a clock of another speed than the reactor's."""

    def __init__(self, reactor: Below, ring: Callable[[], None], speed: float) -> None:
        self._alarm = ReactorAlarm(reactor, ring)
        self._speed = speed
        self.close = self._alarm.close

    def set(self, due: float, delay: float) -> None:
        self._alarm.set(due, delay / self._speed)


@implementer(IScriptClock)
class ScaledClock:
    """A clock that begins at another time, or runs faster or slower."""

    def __init__(
        self, reactor: RealTime, speed: float = 1.0, start: float | None = None
    ) -> None:
        """
        @param reactor: whose time is scaled
        @param speed: how many seconds pass in one of the reactor's; more than 0
        @param start: what time it is now, in seconds since the epoch; the real time
            by default
        """
        self._reactor = reactor
        self._speed = speed
        self._began = reactor.seconds()
        self._start = time.time() if start is None else start
        self._calls = SteadyReactor(
            reactor,
            self.seconds,
            lambda reactor, ring: _ScaledAlarm(reactor, ring, speed),
        )
        self.callLater = self._calls.callLater
        self.getDelayedCalls = self._calls.getDelayedCalls

    def seconds(self) -> float:
        """C{IReactorTime.seconds}"""
        return (self._reactor.seconds() - self._began) * self._speed

    def time_of_day(self) -> float:
        """C{IScriptClock.time_of_day}"""
        return self._start + self.seconds()

    def watch(self, network: Awaited) -> None:
        """Time passes whatever goes on."""

    def unwatch(self, network: Awaited) -> None:
        """Nothing is left on the reactor when the last call is over."""
        self._calls.rest()
        let_rest(self._reactor)


class QuietAlarm:
    """Rings as soon as nothing is awaited from the network."""

    def __init__(
        self,
        reactor: RealTime,
        ring: Callable[[], None],
        networks: list[Awaited],
        patience: float | None,
    ) -> None:
        self._reactor = reactor
        self._patience = patience
        self._patient_since = reactor.seconds()
        self._ring = ring
        self._networks = networks
        self._answers = -1
        self._look: IDelayedCall | None = None

    def set(self, due: float, delay: float) -> None:
        """As C{Alarm.set}: whatever the time is, it passes at once."""
        if self._look is None:
            self._patient_since = self._reactor.seconds()
            self._look = self._reactor.callLater(0, self._step)

    def close(self) -> None:
        """As C{Alarm.close}."""
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _step(self) -> None:
        self._look = None
        if self._quiet():
            self._ring()
        else:
            self._look = self._reactor.callLater(QUIET, self._step)

    def _quiet(self) -> bool:
        networks = self._networks
        answers = sum(each.answers for each in networks)
        before, self._answers = self._answers, answers
        if answers != before:
            self._patient_since = self._reactor.seconds()
        if any(each.pending for each in networks):
            waited = self._reactor.seconds() - self._patient_since
            return self._patience is not None and waited >= self._patience
        return answers == before or not any(each.open for each in networks)


@implementer(IScriptClock)
class InstantClock:
    """
    A clock whose time passes only while nothing is awaited, and then at once: it
    goes to the time of the next call as soon as the network is quiet.
    """

    def __init__(
        self,
        reactor: RealTime,
        start: float | None = None,
        patience: float | None = None,
    ) -> None:
        """
        @param start: as for L{ScaledClock}
        @param patience: real seconds without any answer after which one that is awaited
            holds time no longer; C{None}: it does for as long as it takes
        """
        self._reactor = reactor
        self._patience = patience
        self._start = time.time() if start is None else start
        self._now = 0.0
        self._networks: list[Awaited] = []
        self._calls = SteadyReactor(reactor, self.seconds, self._make_alarm)
        self.callLater = self._calls.callLater
        self.getDelayedCalls = self._calls.getDelayedCalls

    def _make_alarm(self, _: Below, ring: Callable[[], None]) -> QuietAlarm:
        def quiet() -> None:
            # Not the time that was set: an earlier call may have been made since.
            times = [call.getTime() for call in self._calls.getDelayedCalls()]
            self._now = max(self._now, min(times, default=0.0))
            ring()

        return QuietAlarm(self._reactor, quiet, self._networks, self._patience)

    def seconds(self) -> float:
        """C{IReactorTime.seconds}"""
        return self._now

    def time_of_day(self) -> float:
        """C{IScriptClock.time_of_day}"""
        return self._start + self._now

    def watch(self, network: Awaited) -> None:
        """What a runtime waits for is waited for."""
        self._networks.append(network)

    def unwatch(self, network: Awaited) -> None:
        """It waits for nothing more."""
        self._networks.remove(network)
        self._calls.rest()
        let_rest(self._reactor)


def follow(
    clock: IReactorTime | None, network: Awaited
) -> tuple[Callable[[], float] | None, Callable[[], None]]:
    """
    Have a runtime follow a clock.

    @return: what its script takes for the time of day, if that is not the system's; and
        what ends it
    """
    if clock is None:
        return None, lambda: None
    if not IScriptClock.providedBy(clock):
        return clock.seconds, lambda: None
    followed: IScriptClock = clock
    followed.watch(network)
    return followed.time_of_day, lambda: followed.unwatch(network)
