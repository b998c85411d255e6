"""Answers to a ticket, and events to a listener."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.reply import Events, Reply
from eplua_twisted.border.resources import Resources
from eplua_twisted.errors import OperationError
from tests.support import MemoryReactor


class ReplyCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.bridge = Bridge(MemoryReactor(), Resources())
        self.seen: list[tuple[Any, ...]] = []
        self.bridge.attach(lambda *answer: self.seen.append(answer))


class ReplyTests(ReplyCase):
    def test_one_result(self) -> None:
        Reply(self.bridge, 1, 2).callback(b"data")
        self.assertEqual(self.seen, [(1, True, b"data")])

    def test_tuple_is_several_results(self) -> None:
        Reply(self.bridge, 1, 2).callback((b"data", 3))
        self.assertEqual(self.seen, [(1, True, b"data", 3)])

    def test_failure_is_code_and_message(self) -> None:
        Reply(self.bridge, 1, 2).errback(OperationError("limit", "too much"))
        self.assertEqual(self.seen, [(1, False, b"limit", b"too much")])


class EventsTests(ReplyCase):
    def test_name_comes_first(self) -> None:
        Events(self.bridge, 1, 2).tell(b"receive", 3, b"data")
        self.assertEqual(self.seen, [(1, True, b"receive", 3, b"data")])

    def test_queued_events_of_a_closed_resource_are_dropped(self) -> None:
        """They are answered closed; those of another resource are delivered."""
        forgotten, other = Events(self.bridge, 1, 2), Events(self.bridge, 3, 4)

        def dispatch(*answer: Any) -> None:
            self.seen.append(answer)
            if answer[0] == 0:
                forgotten.tell(b"receive")
                other.tell(b"receive")
                self.bridge.forget(2)

        self.bridge.attach(dispatch)
        self.bridge.answer(0, None, True)
        self.assertEqual(
            self.seen[1:],
            [(1, False, b"closed", b"Operation canceled"), (3, True, b"receive")],
        )
