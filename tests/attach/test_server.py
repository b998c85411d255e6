"""Prompts at a UNIX socket: the service's end and the client's."""

from __future__ import annotations

import json

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from eplua_twisted import Limits
from eplua_twisted.attach.messages import LONGEST
from eplua_twisted.attach.server import GRACE, MOST, Client, Server
from eplua_twisted.entering import Entering, Unfinished
from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.tools.attach.client import Attached
from tests.support.runtimes import LuaTestCase


class Pair:
    """A client and what the service has for it, joined by hand."""

    def __init__(self, server: Server) -> None:
        self.client = Attached()
        self.ours, self.theirs = StringTransport(), StringTransport()
        service = server.buildProtocol(None)
        assert isinstance(service, Client)
        self.service = service
        self.client.makeConnection(self.ours)
        self.service.makeConnection(self.theirs)
        self.flush()

    def flush(self) -> None:
        """Carry all that was written."""
        while self.ours.value() or self.theirs.value():
            sent, came = self.ours.value(), self.theirs.value()
            self.ours.clear()
            self.theirs.clear()
            self.service.dataReceived(sent)
            self.client.dataReceived(came)

    def close(self) -> None:
        self.service.connectionLost(Failure(connectionDone.value))
        self.client.connectionLost()


class PromptServerTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = Server(self.reactor, lambda: {"test.lua": self.runtime})

    def evaluate(self, pair: Pair, code: str) -> Deferred[str | None]:
        asked = pair.client.enter(code)
        pair.flush()
        return asked

    def test_answers(self) -> None:
        pair = Pair(self.server)
        self.assertEqual(
            self.successResultOf(pair.client.greeted),
            {"eplua": 1, "lua": self.runtime.lua, "scripts": ["test.lua"]},
        )
        self.assertEqual(self.successResultOf(self.evaluate(pair, "1, 'ä'")), '1, "ä"')
        failure = self.failureResultOf(self.evaluate(pair, "error('bad')"), ScriptError)
        self.assertIn("(entry):1: bad", str(failure.value))
        unfinished, complete = (
            pair.client.enter("f("),
            pair.client.complete("setTi"),
        )
        pair.flush()
        self.failureResultOf(unfinished, Unfinished)
        self.assertEqual(self.successResultOf(complete), ["setTimeout"])

    def test_two_see_their_own_results(self) -> None:
        one, other = Pair(self.server), Pair(self.server)
        first = self.evaluate(one, "task.sleep(1000) and 'one'")
        second = self.evaluate(other, "task.sleep(500) and 'other'")
        self.reactor.pump([0.5, 0])
        other.flush()
        one.flush()
        self.assertEqual(self.successResultOf(second), '"other"')
        self.assertNoResult(first)
        self.reactor.pump([0.5, 0])
        one.flush()
        self.assertEqual(self.successResultOf(first), '"one"')

    def test_closing_cancels_what_waits(self) -> None:
        pair = Pair(self.server)
        waiting = self.evaluate(pair, "task.sleep(1000) print('went on')")
        pair.close()
        self.failureResultOf(waiting, RuntimeStopped)
        self.reactor.pump([0, 2, 0])
        self.assertEqual(self.lines, [])
        self.assertEqual(len(self.server.clients), 0)
        self.assertEqual(
            self.successResultOf(Entering(lambda: self.runtime).enter("1")), "1"
        )

    def test_cancelling(self) -> None:
        pair = Pair(self.server)
        waiting = self.evaluate(pair, "task.sleep(1000) print('went on')")
        pair.client.cancel()
        pair.flush()
        failure = self.failureResultOf(waiting, ScriptError)
        self.assertEqual(str(failure.value), "interrupted")
        self.reactor.pump([0, 2, 0])
        self.assertEqual(self.lines, [])
        self.assertEqual(self.successResultOf(self.evaluate(pair, "1")), "1")

    def test_entries_are_as_the_script_is(self) -> None:
        self.runtime = self.make_runtime(sandbox=True)
        pair = Pair(self.server)
        self.assertEqual(
            self.successResultOf(self.evaluate(pair, "io, debug")), "nil, nil"
        )

    def test_a_script_that_is_gone(self) -> None:
        pair = Pair(Server(self.reactor, dict))
        failure = self.failureResultOf(self.evaluate(pair, "1"), ScriptError)
        self.assertEqual(str(failure.value), "the script has stopped")

    def test_entries_that_wait_are_bounded(self) -> None:
        pair = Pair(self.server)
        waiting = [self.evaluate(pair, "task.sleep(1000)") for _ in range(MOST)]
        failure = self.failureResultOf(self.evaluate(pair, "1"), ScriptError)
        self.assertEqual(str(failure.value), f"{MOST} entries wait already")
        pair.close()
        for each in waiting:
            self.failureResultOf(each, RuntimeStopped)

    def test_clients_are_bounded(self) -> None:
        for _ in range(MOST):
            Pair(self.server)
        late = Pair(self.server)
        late.close()
        failure = self.failureResultOf(late.client.greeted, ConnectionError)
        self.assertEqual(str(failure.value), f"{MOST} prompts are attached")

    def test_a_script_is_chosen(self) -> None:
        other = self.make_runtime()
        self.server = Server(
            self.reactor, lambda: {"a.lua": self.runtime, "b.lua": other}
        )
        pair = Pair(self.server)
        self.evaluate(pair, "name = 'first'")
        chosen = pair.client.choose("b.lua")
        pair.flush()
        self.successResultOf(chosen)
        self.assertEqual(self.successResultOf(self.evaluate(pair, "name")), "nil")
        unknown = pair.client.choose("c.lua")
        pair.flush()
        failure = self.failureResultOf(unknown, ScriptError)
        self.assertEqual(
            str(failure.value), "no script is named 'c.lua'; there are: a.lua, b.lua"
        )
        self.assertEqual(
            self.successResultOf(self.evaluate(Pair(self.server), "name")), '"first"'
        )

    def test_after_a_reload_the_new_one_answers(self) -> None:
        pair = Pair(self.server)
        self.evaluate(pair, "name = 'old'")
        self.runtime = self.make_runtime()
        self.assertEqual(self.successResultOf(self.evaluate(pair, "name")), "nil")

    def test_nothing_is_read_from_a_client_that_reads_nothing(self) -> None:
        pair = Pair(self.server)
        producer = pair.theirs.producer
        assert producer is not None
        producer.pauseProducing()
        asked = b"".join(b'{"id": %d, "enter": "1"}\n' % each for each in range(50))
        pair.service.dataReceived(asked)
        self.assertEqual(pair.theirs.value(), b"")
        self.assertEqual(pair.theirs.producerState, "paused")
        producer.resumeProducing()
        self.assertEqual(pair.theirs.value().count(b"\n"), 50)

    def test_long_results_and_errors_are_cut(self) -> None:
        self.runtime = self.make_runtime(limits=Limits(max_callback_time=60_000))
        pair = Pair(self.server)
        failure = self.failureResultOf(
            self.evaluate(pair, "error(('x'):rep(3000000))"), ScriptError
        )
        self.assertRegex(str(failure.value), r"x{900}\.\.\. \(\d+ more characters\)$")
        table = "(function() local t = {} for i = 1, 40 do t[i] = {}"
        table += " for k = 1, 40 do t[i][k] = ('x'):rep(300) end end return t end)()"
        shown = self.successResultOf(self.evaluate(pair, table))
        assert shown is not None
        self.assertTrue(shown.endswith(" more characters)"), shown[-40:])
        self.assertEqual(self.successResultOf(self.evaluate(pair, "1")), "1")

    def test_an_entry_that_is_too_long_closes_nothing(self) -> None:
        pair = Pair(self.server)
        failure = self.failureResultOf(
            self.evaluate(pair, "ä" * (LONGEST // 6)), ScriptError
        )
        self.assertEqual(
            str(failure.value), f"an entry has at most {LONGEST} bytes as JSON"
        )
        self.assertEqual(self.successResultOf(self.evaluate(pair, "1")), "1")

    def test_what_is_no_text(self) -> None:
        """Half of a character of UTF-16, which JSON can write."""
        pair = Pair(self.server)
        self.assertIsNone(self.successResultOf(self.evaluate(pair, "--\ud800")))
        names = pair.client.complete("\ud800.")
        pair.flush()
        self.assertEqual(self.successResultOf(names), [])

    def test_the_end_gives_clients_their_last_answers(self) -> None:
        pair = Pair(self.server)
        waiting = self.evaluate(pair, "task.sleep(1000)")
        self.runtime.stop()
        self.turn(2)
        stopped = self.server.stop()
        self.assertNoResult(stopped)
        self.assertTrue(pair.theirs.disconnecting)
        pair.flush()
        failure = self.failureResultOf(waiting, ScriptError)
        self.assertEqual(str(failure.value), "the script has stopped")
        pair.close()
        self.successResultOf(stopped)

    def test_the_end_waits_for_nobody_for_ever(self) -> None:
        pair = Pair(self.server)
        stopped = self.server.stop()
        self.reactor.advance(GRACE)
        self.assertTrue(pair.theirs.disconnected)
        pair.close()
        self.successResultOf(stopped)

    def test_bad_lines_close(self) -> None:
        for line in (b"hello", b"5", b'{"id": "x"}', b"x" * (LONGEST + 1), b"\xff"):
            pair = Pair(self.server)
            pair.service.dataReceived(line + b"\n")
            said = json.loads(pair.theirs.value())
            self.assertIsNone(said["id"])
            self.assertTrue(pair.theirs.disconnecting, line[:9])

    def test_unknown_requests_are_answered(self) -> None:
        for message in ({"id": 1}, {"id": 1, "enter": 5}, {"id": 1, "x": "y"}):
            pair = Pair(self.server)
            pair.service.dataReceived(json.dumps(message).encode() + b"\n")
            said = json.loads(pair.theirs.value())
            self.assertEqual(said, {"id": 1, "error": "no such request"})

    def test_a_client_finds_that_it_is_no_service(self) -> None:
        client = Attached()
        client.makeConnection(StringTransport())
        client.dataReceived(b"220 mail ready\r\n")
        client.connectionLost()
        failure = self.failureResultOf(client.greeted, ConnectionError)
        self.assertIn("JSON", str(failure.value))
