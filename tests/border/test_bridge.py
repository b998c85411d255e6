"""The Python end of the border: order, turns, pressure, primitives."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eplua_twisted.border.bridge import COMMANDS, HIGH_WATER, TURN, Bridge
from eplua_twisted.border.environment import Environment, IReactor
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import NO_SCALAR, Primitives, operation, query
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import EOF, OperationError
from tests.support import MemoryReactor

GIVEN: list[object] = []
"""What the primitives below get by its index: only scalars cross."""


def give(value: object) -> int:
    """@return: what stands for a value"""
    GIVEN.append(value)
    return len(GIVEN) - 1


@implementer(IResource)
class Thing:
    """A resource whose pauses are seen."""

    def __init__(self, resources: Resources) -> None:
        self.paused = 0
        self.id = resources.add(self)

    @operation("thing_now")
    def now(self, value: Any) -> Any:
        return value

    @operation("thing_later")
    def later(self, given: int) -> Any:
        return GIVEN[given]

    @operation("thing_read", gone=EOF, direct=True)
    def read(self, reply: Any) -> None:
        reply.callback(b"read")

    @operation("thing_stop", gone=None)
    def stop(self) -> None:
        """Nothing to stop."""

    @operation("thing_fail")
    def fail(self) -> None:
        raise ZeroDivisionError("a bug")

    @query("thing_ask")
    def ask(self, given: int) -> Any:
        value = GIVEN[given]
        if isinstance(value, Exception):
            raise value
        return value

    def close(self) -> None:
        """It is open for as long as its resources are."""

    abort = close

    def pause(self) -> None:
        self.paused += 1

    def resume(self) -> None:
        self.paused -= 1


class Things(Module):
    resource_types = (Thing,)

    @operation("module_later")
    def later(self, given: int) -> Any:
        return GIVEN[given]


class BridgeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.resources = Resources()
        self.bridge = Bridge(self.reactor, self.resources)
        self.seen: list[tuple[Any, ...]] = []
        self.during: dict[int, Any] = {}
        self.bridge.attach(self.dispatch)
        self.thing = Thing(self.resources)
        reactor = cast(IReactor, self.reactor)
        environment = Environment(reactor, reactor, self.bridge, self.resources)
        self.primitives = dict(
            Primitives(self.bridge, self.resources).of(Things(environment))
        )

    def dispatch(self, ticket: int, ok: Any, *values: Any) -> None:
        """Stands for Lua: notes what comes, and may call primitives in between."""
        self.seen.append((ticket, ok, *values))
        if ticket in self.during:
            self.during[ticket]()
            self.seen.append(("returned", ticket))

    def answer(self, tickets: Iterable[int]) -> None:
        for ticket in tickets:
            self.bridge.answer(ticket, None, True)

    def test_at_once(self) -> None:
        """With nothing else going on an answer is delivered when it is there."""
        self.bridge.answer(7, None, True, b"x")
        self.assertEqual(self.seen, [(7, True, b"x")])

    def test_never_inside(self) -> None:
        """An answer that is ready at once still arrives after the call."""
        self.during[1] = lambda: self.primitives[b"thing_now"](2, self.thing.id, b"v")
        self.bridge.answer(1, None, True)
        self.assertEqual(self.seen, [(1, True), ("returned", 1), (2, True, b"v")])

    def test_order_behind_a_queue(self) -> None:
        """A new answer joins behind those that wait, also when Lua is not running."""
        self.during[0] = lambda: self.answer(range(1, TURN + 3))
        self.bridge.answer(0, None, True)
        self.bridge.answer(TURN + 3, None, True)
        self.reactor.advance(0)
        tickets = [entry[0] for entry in self.seen if entry[0] != "returned"]
        self.assertEqual(tickets, list(range(TURN + 4)))

    def test_in_turn(self) -> None:
        """A function is called when it is its turn; it answers before what waits."""
        self.during[1] = lambda: self.answer([2])

        def ask() -> None:
            self.answer([1])
            self.bridge.in_turn(lambda: self.answer([8, 9]))
            self.answer([3])

        self.during[0] = ask
        self.answer([0])
        self.assertEqual(self.tickets(), [0, 1, 8, 9, 3, 2])
        self.assertFalse(self.bridge.busy)

    def test_in_turn_when_nothing_waits(self) -> None:
        self.bridge.in_turn(lambda: self.answer([8]))
        self.assertEqual(self.tickets(), [8])

    def test_in_turn_and_hold(self) -> None:
        """What it answers waits when the first of it has Lua hold all others back."""
        self.during[8] = lambda: self.bridge.hold(7)
        self.during[0] = lambda: self.bridge.in_turn(lambda: self.answer([8, 9]))
        self.answer([0])
        self.assertEqual(self.tickets(), [0, 8])
        self.assertTrue(self.bridge.busy)
        self.answer([7])
        self.assertEqual(self.tickets(), [0, 8, 7, 9])

    def test_look(self) -> None:
        """To ask Lua what is counts for nothing, and what comes of it has its turn."""
        self.during[COMMANDS] = lambda: self.answer([1])
        self.bridge.look(b"stats")
        self.assertEqual(self.seen, [(COMMANDS, b"stats", 0), ("returned", COMMANDS)])
        self.assertEqual((self.bridge.entries, self.bridge.queued), (0, 1))
        self.bridge.deliver_soon()
        self.reactor.advance(0)
        self.assertEqual(self.seen[2:], [(1, True)])

    def test_look_fails(self) -> None:
        """A bug of the Lua library is logged, and the bridge goes on."""
        self.during[COMMANDS] = lambda: 1 / 0
        self.bridge.look(b"stats")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.answer([1])
        self.assertEqual(self.seen[1:], [(1, True)])

    def test_bounded_turn(self) -> None:
        """Answers that bring about answers do not keep the reactor waiting."""

        def again() -> None:
            self.bridge.answer(1, None, True)

        self.during[1] = again
        self.bridge.answer(1, None, True)
        self.assertEqual(len(self.seen), 2 * (TURN + 1))
        self.reactor.advance(0)
        self.assertEqual(len(self.seen), 2 * (2 * TURN + 1))

    def test_pressure(self) -> None:
        """Too many queued answers pause all that reads; half of that resumes it."""
        self.during[0] = lambda: self.answer([1] * HIGH_WATER)
        self.bridge.answer(0, None, True)
        self.assertEqual(self.thing.paused, 1)
        late = Thing(self.resources)
        self.assertEqual(late.paused, 1)
        while self.thing.paused:
            self.assertTrue(len(self.seen) < HIGH_WATER)
            self.reactor.advance(0)
        self.assertTrue(len(self.seen) >= HIGH_WATER // 2)
        self.assertEqual(late.paused, 0)

    def tickets(self) -> list[Any]:
        return [entry[0] for entry in self.seen if entry[0] != "returned"]

    def test_hold(self) -> None:
        """Others wait in their order until the one has come that Lua waits for."""
        self.during[1] = lambda: self.bridge.hold(9)
        self.answer([1, 2, 3])
        self.reactor.advance(1)
        self.assertEqual(self.tickets(), [1])
        self.assertTrue(self.bridge.quiet)
        self.answer([9])
        self.assertEqual(self.tickets(), [1, 9, 2, 3])

    def test_hold_answered_within_the_call(self) -> None:
        """It is the next, before what waited already."""

        def ask() -> None:
            self.bridge.hold(9)
            self.answer([2, 9])

        self.during[1] = ask
        self.answer([1])
        self.assertEqual(self.tickets(), [1, 9, 2])

    def test_hold_again_and_again(self) -> None:
        """What is delivered may hold the rest of a turn back."""
        self.during[0] = lambda: self.answer(range(1, TURN + 9))
        self.during[TURN] = lambda: self.bridge.hold(-1)
        self.during[-1] = lambda: self.bridge.hold(-2)
        self.answer([0])
        self.reactor.advance(1)
        self.answer([-1, -2])
        self.reactor.advance(1)
        expected = [*range(TURN + 1), -1, -2, *range(TURN + 1, TURN + 9)]
        self.assertEqual(self.tickets(), expected)

    def test_hold_keeps_what_a_closed_resource_is_told(self) -> None:
        """What it has queued behind the wait is answered closed."""
        self.during[1] = lambda: self.bridge.hold(9)
        self.answer([1])
        self.bridge.answer(2, self.thing.id, True, b"data")
        self.during[9] = lambda: self.bridge.forget(self.thing.id)
        self.answer([9])
        self.assertEqual(self.seen[-1][:3], (2, False, b"closed"))

    def test_forget(self) -> None:
        """What a closed resource has queued is answered closed, what comes later not."""

        def close() -> None:
            self.bridge.answer(1, self.thing.id, True, b"data")
            self.bridge.answer(2, None, True, b"other")
            self.bridge.forget(self.thing.id)
            self.bridge.answer(3, self.thing.id, True, b"event")

        self.during[0] = close
        self.bridge.answer(0, None, True)
        self.assertEqual(
            self.seen[2:],
            [
                (1, False, b"closed", b"Operation canceled"),
                (2, True, b"other"),
                (3, True, b"event"),
            ],
        )

    def test_failures(self) -> None:
        """An operation's failure is answered with its code and message."""
        later = self.primitives[b"thing_later"]
        later(1, self.thing.id, give(fail(ConnectionLost())))
        later(2, self.thing.id, give(fail(CancelledError())))
        later(3, self.thing.id, give(fail(OperationError("limit", "too much"))))
        self.assertEqual(
            self.seen,
            [
                (1, False, b"reset", b"Connection reset by peer"),
                (2, False, b"closed", b"Operation canceled"),
                (3, False, b"limit", b"too much"),
            ],
        )

    def test_bug(self) -> None:
        """A bug of ours is logged and answered, and does not reach Lua."""
        self.primitives[b"thing_fail"](1, self.thing.id)
        self.assertEqual(self.seen, [(1, False, b"internal", b"internal error")])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_results(self) -> None:
        """A tuple is several results, text is UTF-8, nothing is none."""
        later = self.primitives[b"thing_later"]
        later(1, self.thing.id, give(succeed((1, "ä", None))))
        later(2, self.thing.id, give(succeed(None)))
        later(3, self.thing.id, give(succeed(False)))
        self.assertEqual(
            self.seen, [(1, True, 1, "ä".encode(), None), (2, True), (3, True, False)]
        )

    def test_result_without_a_form(self) -> None:
        self.primitives[b"thing_later"](1, self.thing.id, give(succeed(2**70)))
        self.assertEqual(self.seen[0][:3], (1, False, b"internal"))
        self.flushLoggedErrors()

    def test_nobody_wants_to_know(self) -> None:
        """With a negative ticket success is only returned, failure is answered."""
        self.assertEqual(self.primitives[b"thing_now"](-1, self.thing.id, None), True)
        self.assertEqual(self.seen, [])
        self.assertIsNone(self.primitives[b"thing_now"](-1, 999, None))
        self.assertEqual(self.seen, [(1, False, b"state", b"Not connected")])

    def test_no_such_resource(self) -> None:
        """A number of nothing, and a number of what is gone."""
        self.primitives[b"thing_read"](1, None)
        self.primitives[b"thing_read"](2, 999)
        self.primitives[b"thing_stop"](3, 999)
        self.assertEqual(
            self.seen,
            [
                (1, False, b"state", b"Not connected"),
                (2, False, b"eof", b"End of file"),
                (3, True),
            ],
        )
        self.assertEqual(
            self.primitives[b"thing_ask"](999, 1), (None, b"Not connected", b"state")
        )

    def test_number_of_another_kind(self) -> None:
        """A primitive does not touch a resource of another class."""
        other: Any = object()
        number = self.resources.add(other)
        self.primitives[b"thing_now"](1, number, None)
        self.assertEqual(self.seen, [(1, False, b"state", b"Not connected")])

    def test_only_an_integer_is_a_number(self) -> None:
        """True and 1.0 are no number of a resource, though they equal one."""
        self.assertEqual(self.thing.id, 1)
        for number in (True, 1.0, "1", print):
            with self.subTest(number=number):
                self.seen.clear()
                self.primitives[b"thing_now"](1, number, b"x")
                self.primitives[b"thing_read"](2, number)
                self.assertEqual(
                    self.seen,
                    [
                        (1, False, b"state", b"Not connected"),
                        (2, False, b"state", b"Not connected"),
                    ],
                )
                self.assertEqual(
                    self.primitives[b"thing_ask"](number, 1),
                    (None, b"Not connected", b"state"),
                )

    def test_only_an_integer_is_unreferenced(self) -> None:
        self.resources.keep_alive(True, False)
        self.assertEqual(self.resources.active, 1)

    def test_only_scalars_are_arguments(self) -> None:
        """An object of Lua gets nowhere: keeping it could crash the process."""
        for value in (object(), [b"x"], "text"):
            self.seen.clear()
            for primitive, arguments in (
                (b"thing_now", (1, self.thing.id, value)),
                (b"thing_read", (1, self.thing.id, value)),
                (b"module_later", (1, value)),
            ):
                self.primitives[primitive](*arguments)
            refused = (
                1,
                False,
                b"internal",
                b"only nil, booleans, numbers and strings",
            )
            self.assertEqual([each[:3] for each in self.seen], [refused[:3]] * 3)
            answer = self.primitives[b"thing_ask"](self.thing.id, value)
            self.assertEqual(answer, (None, *map(to_bytes, NO_SCALAR[::-1])))

    def test_direct(self) -> None:
        self.primitives[b"thing_read"](1, self.thing.id)
        self.assertEqual(self.seen, [(1, True, b"read")])

    def test_query(self) -> None:
        """A query's result is returned, its error as nil, message, code."""
        ask = self.primitives[b"thing_ask"]
        self.assertEqual(ask(self.thing.id, give("ä")), ("ä".encode(),))
        self.assertEqual(ask(self.thing.id, give((1, 2))), (1, 2))
        self.assertEqual(
            ask(self.thing.id, give(OperationError("limit", "full"))),
            (None, b"full", b"limit"),
        )
        self.assertEqual(
            ask(self.thing.id, give(ZeroDivisionError())),
            (None, b"internal error", b"internal"),
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_error_of_the_system_in_a_query(self) -> None:
        """It has its code, as in an operation, and is no bug of ours."""
        ask = self.primitives[b"thing_ask"]
        self.assertEqual(
            ask(self.thing.id, give(OSError(errno.EMFILE, ""))),
            (None, b"Too many open files", b"limit"),
        )

    def test_pending_without_resource(self) -> None:
        """Such an operation counts until it is answered, and is cancelled at the stop."""
        one: Deferred[Any] = Deferred()
        two: Deferred[Any] = Deferred()
        self.primitives[b"module_later"](1, give(one))
        self.primitives[b"module_later"](2, give(two))
        self.assertEqual(self.bridge.pending, 2)
        one.callback(b"x")
        self.assertEqual((self.bridge.pending, self.seen), (1, [(1, True, b"x")]))
        self.bridge.stop()
        self.assertTrue(two.called)
        self.assertEqual(len(self.seen), 1)

    def test_stopped(self) -> None:
        """After the stop nothing begins and nothing is delivered."""
        self.bridge.stop()
        self.bridge.answer(1, None, True)
        self.primitives[b"thing_now"](2, self.thing.id, b"x")
        self.assertEqual(self.seen, [])
        self.assertEqual(
            self.primitives[b"thing_ask"](self.thing.id, 1),
            (None, b"The runtime is stopped", b"state"),
        )

    def lose(self, ticket: int, *values: object, again: bool = False) -> None:
        """An answer comes, and Lua has no memory for it; nor again."""

        def broken() -> None:
            if not again:
                del self.during[ticket]
            raise RuntimeError("not enough memory")

        self.during[ticket] = broken
        self.bridge.answer(ticket, None, *values)
        self.assertTrue(self.flushLoggedErrors(RuntimeError))

    def test_lua_library_fails(self) -> None:
        """An answer that Lua failed to take is answered with an error, once."""
        self.lose(1, True, b"data")
        self.assertEqual(
            self.seen,
            [
                (1, True, b"data"),
                (COMMANDS, b"collect"),
                (1, False, b"internal", b"not enough memory"),
            ],
        )

    def test_lua_library_fails_twice(self) -> None:
        """Then it is logged only; the queue goes on."""
        self.lose(1, True, again=True)
        self.bridge.answer(2, None, True)
        self.assertEqual(self.seen[-1], (2, True))
        self.assertTrue(self.bridge.quiet)

    def test_lua_library_fails_in_a_command(self) -> None:
        """Who gave the command learns of it, also when nothing works in Lua."""
        lost: list[tuple[int, str]] = []
        self.bridge.on_lost_command = lambda number, problem: lost.append(
            (number, str(problem))
        )
        for again in (False, True):
            self.lose(COMMANDS, b"run", 7, again=again)
        self.assertEqual(lost, [(7, "not enough memory")] * 2)

    def test_canceller_fails(self) -> None:
        """One operation that cannot be cancelled does not keep the others."""

        def broken(deferred: Deferred[Any]) -> None:
            raise ValueError

        cancelled: list[Deferred[Any]] = []
        for canceller in (broken, cancelled.append, broken):
            self.bridge.wait_for(1, Deferred(canceller))
        self.bridge.stop()
        self.assertEqual(len(cancelled), 1)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_describe_in_fail(self) -> None:
        self.bridge.fail(1, None, Failure(ValueError("no code")))
        self.assertEqual(self.seen, [(1, False, b"internal", b"internal error")])
        self.flushLoggedErrors(ValueError)
