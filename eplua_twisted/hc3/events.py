"""What has happened: the events that C{refreshStates} tells."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.hc3.interfaces import Answer, Listener
from eplua_twisted.hc3.plain import Plain, Record, integer
from eplua_twisted.hc3.routing import Refused, Request, Route

MAX_EVENTS = 1000
"""Events that are kept for those who ask; so many changes are kept too."""

MAX_POLLS = 100
"""Long polls at a time."""

POLL_TIME = 30.0
"""Seconds that a long poll waits."""


class _Poll:
    """Somebody who waits for what comes after what he knows."""

    def __init__(self, clock: IReactorTime, give_up: Callable[[_Poll], None]) -> None:
        self._deadline = Deadline(clock, give_up, self)
        self._deadline.start(POLL_TIME)
        self.answered: Deferred[Answer] = Deferred(lambda _: give_up(self))

    def answer(self, answer: Answer) -> None:
        self._deadline.cancel()
        self.answered.callback(answer)


class Events:
    """
    The last events and changes, under numbers that grow.

    @ivar last: the number of the last one
    @ivar listener: is told of each event at once
    """

    def __init__(self, clock: IReactorTime, time_of_day: Callable[[], float]) -> None:
        self._clock = clock
        self._time_of_day = time_of_day
        self._events: deque[tuple[int, Record]] = deque(maxlen=MAX_EVENTS)
        self._changes: deque[tuple[int, Record]] = deque(maxlen=MAX_EVENTS)
        self._polls: dict[_Poll, int] = {}
        self._waking = Deadline(clock, self._wake)
        self.last = 1
        self.listener: Listener = lambda event: None

    def routes(self) -> list[Route]:
        return [
            Route(
                "GET",
                "/refreshStates",
                self._refresh,
                "events and changes since `last`; waits for one when there is none",
            )
        ]

    def tell(
        self,
        kind: str,
        data: Record,
        objects: tuple[str, Plain] | None = None,
        source: int | None = None,
    ) -> None:
        """
        @param objects: the kind and the number of what it is about
        @param source: the device of the QuickApp that did it
        """
        now = self._time_of_day()
        event: Record = {
            "type": kind,
            "sourceType": "system" if source is None else "device",
            "sourceId": source or 0,
            "created": int(now),
            "createdMillis": int(now * 1000),
            "data": data,
            "objects": [],
        }
        if objects is not None:
            event["objects"] = [{"objectType": objects[0], "objectId": objects[1]}]
        self.repeat(event)

    def repeat(self, event: Record) -> None:
        """An event that has its whole shape already."""
        self.last += 1
        self._events.append((self.last, event))
        self.listener(event)
        self._wake_soon()

    def changed(self, device_id: int, name: str, value: Plain) -> None:
        """A property has changed."""
        self.last += 1
        self._changes.append((self.last, {"id": device_id, name: value}))
        self._wake_soon()

    def _wake_soon(self) -> None:
        # What happens in one go is told in one answer.
        if self._polls:
            self._waking.start(0)

    # Who asks.

    def since(self, last: int) -> Record:
        """What C{refreshStates} answers at once."""
        now = self._time_of_day()
        return {
            "status": "IDLE",
            "last": self.last,
            "date": time.strftime("%H:%M | %d.%m.%Y", time.localtime(now)),
            "timestamp": int(now),
            "timestampMillis": int(now * 1000),
            "logs": [],
            "changes": [each for number, each in self._changes if number > last],
            "events": [each for number, each in self._events if number > last],
        }

    def _refresh(self, request: Request) -> Answer | Deferred[Answer]:
        last = integer(request.query.get("last") or "0")
        if last is None:
            raise Refused(400, "last has to be a whole number")
        if last != self.last:
            # What is larger was told before the controller was started anew.
            return 200, self.since(min(last, self.last))
        if len(self._polls) >= MAX_POLLS:
            raise Refused(429, f"{MAX_POLLS} wait for events already")
        poll = _Poll(self._clock, self._give_up)
        self._polls[poll] = last
        return poll.answered

    def _give_up(self, poll: _Poll) -> None:
        """Nothing has come in its time, or its client has gone."""
        last = self._polls.pop(poll, None)
        if last is not None:
            poll.answer((200, self.since(last)))

    def _wake(self) -> None:
        for poll in list(self._polls):
            self._give_up(poll)

    def clear(self) -> None:
        """Keep none of them; the next one has the next number."""
        self._events.clear()
        self._changes.clear()

    def stop(self) -> None:
        """Answer those who wait."""
        self._waking.cancel()
        self._wake()
