"""Runs the scene of one runtime: its conditions, and when its actions begin."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.hc3.conditions import (
    event_holds,
    has_dates,
    holds,
    is_about,
    trigger_of,
    triggers,
)
from eplua_twisted.hc3.interfaces import IController, ISceneHost
from eplua_twisted.hc3.plain import Plain, Record, integer

Act = Callable[[Record], Deferred[None]]
"""Runs the actions with a C{sourceTrigger}; fires when their main chunk is over."""

MANUAL: Record = {"type": "manual", "property": "execute"}

MINUTE = 60.0


@implementer(ISceneHost)
class SceneHost:
    """
    @ivar active: something will still happen by itself: a time that triggers it, or
        conditions that have to hold for a while
    """

    log = Logger()

    def __init__(
        self,
        number: int,
        conditions: Plain,
        controller: IController,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
        act: Act,
        on_fewer: Callable[[], None],
    ) -> None:
        """
        @param number: of the scene
        @param clock: what its dates and durations go by
        @param act: runs its actions
        @param on_fewer: called when less of it will happen by itself
        """
        self._number = number
        self._conditions = conditions
        self._triggers = triggers(conditions)
        self._controller = controller
        self._clock = clock
        self._time_of_day = time_of_day
        self._act = act
        self._on_fewer = on_fewer
        self._running = 0
        self._has_run = False
        self._tick: IDelayedCall | None = None
        self._waits: dict[int, IDelayedCall] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def active(self) -> int:
        return int(self._tick is not None or bool(self._waits))

    def start(self) -> None:
        """From now on its conditions are looked at."""
        self._controller.attach_scene(self._number, self)
        self._unsubscribe = self._controller.subscribe(self._happened)
        if has_dates(self._conditions):
            self._next_minute()

    def stop(self) -> None:
        self._unsubscribe()
        for call in (self._tick, *self._waits.values()):
            if call is not None:
                call.cancel()
        self._tick = None
        self._waits.clear()
        self._controller.detach_scene(self._number)
        if self._triggers and not self._has_run:
            self.log.warn(
                "{text}",
                text=f"scene {self._number} has not run, as none of its triggers has"
                f" happened: {', '.join(map(_named, self._triggers))}",
            )

    # What triggers it.

    def _happened(self, event: Record) -> None:
        trigger = trigger_of(event)
        if trigger is None:
            return
        for place, each in enumerate(self._triggers):
            if is_about(each, trigger) and event_holds(each, trigger):
                self._look(place, trigger)
                return

    def _next_minute(self) -> None:
        delay = MINUTE - self._time_of_day() % MINUTE
        self._tick = self._clock.callLater(delay, self._minute)

    def _minute(self) -> None:
        self._next_minute()
        for place, each in enumerate(self._triggers):
            if each.get("type") == "date":
                trigger: Record = {
                    name: each[name]
                    for name in ("type", "property", "value")
                    if name in each
                }
                self._look(place, trigger, only=each)

    def _look(self, place: int, trigger: Record, only: Record | None = None) -> None:
        """
        Begin if the conditions hold.

        @param only: a date that has to be now
        """

        async def look() -> None:
            now = self._time_of_day()
            if only is not None and not await holds(only, self._read, now):
                return
            if not await holds(self._conditions, self._read, now):
                wait = self._waits.pop(place, None)
                if wait is not None:
                    wait.cancel()
                return
            duration = integer(self._triggers[place].get("duration")) or 0
            if not duration:
                await self._begin(trigger)
            elif place not in self._waits:
                self._waits[place] = self._clock.callLater(
                    duration, self._lasted, place, trigger
                )

        self._do(Deferred.fromCoroutine(look()))

    def _lasted(self, place: int, trigger: Record) -> None:
        del self._waits[place]

        async def look() -> None:
            if await holds(self._conditions, self._read, self._time_of_day()):
                await self._begin(trigger)

        self._do(Deferred.fromCoroutine(look()))

    async def _read(self, path: str) -> Plain:
        status, body = await self._controller.request("GET", path)
        return body if status == 200 else None

    # What it does.

    async def _begin(self, trigger: Record) -> None:
        self._running += 1
        self._has_run = True
        self._controller.set_scene_running(self._number, True)
        try:
            await self._act(trigger)
        except RuntimeStopped:
            return
        self._running -= 1
        if not self._running:
            self._controller.set_scene_running(self._number, False)

    def _do(self, done: Deferred[None]) -> None:
        done.addErrback(lambda failure: self.log.failure("a scene failed", failure))
        done.addCallback(lambda _: self._on_fewer())

    def execute(self, scene_id: int, arguments: Record) -> None:
        """As L{ISceneHost.execute}."""
        trigger = {**MANUAL, **({"args": arguments} if arguments else {})}
        self._do(Deferred.fromCoroutine(self._begin(trigger)))

    def kill(self, scene_id: int) -> None:
        """As L{ISceneHost.kill}: what a run has left, timers and sockets, stays."""
        self.log.warn("scene {number} cannot be ended before its end", number=scene_id)


def _named(condition: Record) -> str:
    """What a condition is about: C{device 5 value}."""
    parts = (condition.get(name) for name in ("type", "id", "property"))
    return " ".join(str(each) for each in parts if each is not None)
