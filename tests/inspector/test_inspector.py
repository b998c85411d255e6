"""The inspector's site, and what its WebSocket says."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from eplua_twisted import ScriptError
from eplua_twisted.inspector.door import Door
from eplua_twisted.inspector.inspector import DIRECTORY, EACH, READ_ONLY, Inspector
from eplua_twisted.site.files import KINDS, files_of
from eplua_twisted.site.network import network_of
from tests.memory import RemotePeer
from tests.support import LuaTestCase
from tests.support.websocket import CLOSE, KEY, MASK, TEXT, frame, frames

TOKEN = "of-16-characters"
BEARER = f"Authorization: Bearer {TOKEN}"


class Noted:
    """
    Controls of which it is noted what was asked for.

    @ivar result: what comes of it
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.result: Deferred[None] = succeed(None)

    def reload(self, name: str) -> Deferred[None]:
        self.asked.append(f"reload {name}")
        return self.result

    def stop_script(self, name: str) -> Deferred[None]:
        self.asked.append(f"stop {name}")
        return self.result


class InspectorTestCase(LuaTestCase):
    controls: Noted | None = None

    def setUp(self) -> None:
        super().setUp()
        reactor: Any = self.reactor
        self.runtimes = {"test.lua": self.runtime}
        self.inspector = Inspector(
            network_of(reactor),
            lambda: self.runtimes,
            Door("127.0.0.1", TOKEN),
            self.controls,
        )
        reactor.listenTCP(8123, self.inspector.site, interface="127.0.0.1")
        self.addCleanup(self.end)

    def end(self) -> None:
        """It leaves nothing."""
        stopped = self.inspector.stop()
        self.reactor.pump([0, 0, 2, 0])
        self.successResultOf(stopped)

    def ask(self, path: str, *lines: str, host: str = "localhost:8123") -> str:
        lines = (f"Host: {host}", "Connection: close", *lines)
        head = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""])
        return self.reactor.connect().ask(head.encode()).decode()

    def open(self, *lines: str) -> RemotePeer:
        """A client that has asked for the WebSocket."""
        peer = self.reactor.connect()
        head = [
            "GET /live HTTP/1.1",
            "Host: localhost:8123",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY.decode()}",
            *lines,
        ]
        peer.send("\r\n".join([*head, "", ""]).encode())
        self.reactor.settle()
        return peer

    def page(self) -> tuple[RemotePeer, Any]:
        """A page, and the state that it was told first."""
        peer = self.open(BEARER, "Origin: http://localhost:8123")
        head, _, rest = peer.received().partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        (first,) = frames(rest)
        return peer, json.loads(first.payload)

    def told(self, peer: RemotePeer, seconds: float = 0) -> list[Any]:
        """What a page is told in so much time."""
        self.reactor.settle()
        if seconds:
            self.reactor.advance(seconds)
        self.reactor.settle()
        return [
            json.loads(each.payload)
            for each in frames(peer.received())
            if each.opcode == TEXT
        ]

    def say(self, peer: RemotePeer, **message: object) -> None:
        peer.send(frame(TEXT, json.dumps(message).encode(), mask=MASK))


class SiteTests(InspectorTestCase):
    def test_files(self) -> None:
        """Nothing runs in the page but its own files, which make no text a tag."""
        for path, file in files_of(DIRECTORY).items():
            head, _, body = self.ask(path.decode(), BEARER).partition("\r\n\r\n")
            self.assertTrue(head.startswith("HTTP/1.1 200 "), path)
            self.assertIn(f"Content-Type: {KINDS[file.suffix].decode()}", head)
            policy = "Content-Security-Policy: default-src 'none'; script-src 'self';"
            self.assertIn(policy, head)
            self.assertEqual(body, file.read_text())
            for way in ("<style", "innerHTML", "outerHTML", "insertAdjacentHTML"):
                self.assertNotIn(way, body, file.name)

    def test_cookie(self) -> None:
        """The token leaves the URL; the cookie lets in, and does not have it."""
        head = self.ask(f"/?token={TOKEN}")
        self.assertTrue(head.startswith("HTTP/1.1 303 "), head)
        self.assertIn("\r\nLocation: /\r\n", head)
        cookie = head.partition("Set-Cookie: ")[2].partition("\r\n")[0]
        self.assertTrue(cookie.endswith("; Path=/; HttpOnly; SameSite=Strict"), cookie)
        self.assertNotIn(TOKEN, cookie)
        pair = cookie.partition(";")[0]
        self.assertIn("200 OK", self.ask("/", f"Cookie: a=b; {pair}"))
        self.assertIn("401 Unauthorized", self.ask("/", f"Cookie: {pair}x"))
        peer = self.open(f"Cookie: {pair}")
        self.assertTrue(peer.received().startswith(b"HTTP/1.1 101 "))

    def test_refusals(self) -> None:
        """Each by its status, for files and for the WebSocket."""
        wrong = "Authorization: Bearer of-16-charakters"
        for status, lines, host in (
            (401, (), "localhost"),
            (401, (wrong,), "localhost"),
            (401, (f"Authorization: Basic {TOKEN}",), "localhost"),
            (403, (BEARER, "Origin: http://evil.example"), "localhost"),
            (403, (BEARER, "Sec-Fetch-Site: cross-site"), "localhost"),
            (403, (BEARER,), "evil.example"),
            (403, (BEARER,), "localhost.evil.example:8123"),
        ):
            for path, more in (
                ("/", ()),
                ("/live", ("Upgrade: websocket", f"Sec-WebSocket-Key: {KEY.decode()}")),
            ):
                answer = self.ask(path, *lines, *more, host=host)
                self.assertTrue(answer.startswith(f"HTTP/1.1 {status} "), answer)
                self.assertEqual(answer.partition("\r\n\r\n")[2].count("\n"), 1)
        self.assertIn(" 404 ", self.ask("/other", BEARER))
        self.assertIn(" 401 ", self.ask("/?token=of-16-charakters"))


class StateTests(InspectorTestCase):
    def test_first(self) -> None:
        """All there is, with the lines so far."""
        self.inspector.lines.add(0.0, "PRINT", "<b>hello")
        self.run_lua(
            "u = net.UDPSocket() u:bind('127.0.0.1', 5)\n"
            "for i = 1, 3 do task.start(function() task.sleep(50) end) end"
        )
        _, state = self.page()
        self.assertEqual((state["type"], state["control"]), ("state", False))
        self.assertIn(["PRINT", "<b>hello"], [each[1:] for each in state["lines"]])
        (script,) = state["scripts"]
        self.assertEqual((script["name"], script["runs"]), ("test.lua", True))
        self.assertEqual(script["stats"]["tasks"], 3)
        (thing,) = script["open"]
        self.assertEqual(thing["description"], "127.0.0.1:5 (bound)")
        self.assertEqual(script["tasks"], [["test.lua:2", "test.lua:2", 3]])
        self.assertEqual(script["timers"], [["task.sleep", "test.lua:2", None, 3]])
        (carrier,) = script["connections"]
        self.assertEqual(carrier[1:], ["udp", "127.0.0.1:5", "", 0, 0])

    def test_each_second(self) -> None:
        """With the lines that are new."""
        peer, _ = self.page()
        self.inspector.lines.add(0.0, "PRINT", "one")
        (state,) = self.told(peer, EACH)
        self.assertEqual([each[2] for each in state["lines"]], ["one"])
        (state,) = self.told(peer, EACH)
        self.assertEqual(state["lines"], [])

    def test_errors(self) -> None:
        self.inspector.lines.add(0.0, "WARNING", "one")
        self.inspector.lines.add(0.0, "ERROR", "two")
        _, state = self.page()
        self.assertEqual([each[2] for each in state["errors"]], ["two", "one"])

    def test_a_slow_page(self) -> None:
        """It gets the newest when it has taken what it was told; nothing is kept for it."""
        peer, _ = self.page()
        other, _ = self.page()
        peer.stall()
        self.reactor.advance(EACH)
        for number in range(20):
            self.inspector.lines.add(0.0, "PRINT", str(number))
            self.reactor.settle()
            self.reactor.advance(EACH)
        self.assertEqual(len(self.told(other)), 21)
        peer.take()
        late = self.told(peer, EACH)
        self.assertTrue(len(late) < 4, len(late))
        lines = [each[2] for state in late for each in state["lines"]]
        self.assertEqual(lines, [str(each) for each in range(20)])

    def test_nobody_looks(self) -> None:
        """Then nothing is asked, and no timer is set."""
        peer, _ = self.page()
        peer.close()
        self.reactor.settle()
        self.reactor.advance(2 * EACH)
        before = self.reactor.getDelayedCalls()
        self.reactor.advance(5 * EACH)
        self.assertEqual(self.reactor.getDelayedCalls(), before)

    def test_a_script_that_has_stopped(self) -> None:
        peer, _ = self.page()
        stopped = self.runtime.stop()
        self.reactor.settle()
        self.successResultOf(stopped)
        (state,) = self.told(peer, EACH)
        self.assertEqual(state["scripts"], [{"name": "test.lua", "runs": False}])

    def test_read_only(self) -> None:
        peer, _ = self.page()
        self.say(peer, type="stop", script="test.lua")
        (refused,) = self.told(peer)
        self.assertEqual(refused, {"type": "refused", "message": READ_ONLY})


class ControlTests(InspectorTestCase):
    def setUp(self) -> None:
        self.controls = self.noted = Noted()
        super().setUp()

    def test_controls(self) -> None:
        """What was asked for is done, and the page is told at once what is so then."""
        peer, state = self.page()
        self.assertEqual(state["control"], True)
        for what in ("reload", "stop"):
            self.say(peer, type=what, script="test.lua")
            (state,) = self.told(peer)
            self.assertEqual(state["type"], "state")
        self.assertEqual(self.noted.asked, ["reload test.lua", "stop test.lua"])

    def test_refused(self) -> None:
        peer, _ = self.page()
        self.noted.result = fail(ScriptError("test.lua:1: unexpected symbol", ""))
        self.say(peer, type="reload", script="test.lua")
        self.say(peer, type="reload", script="other.lua")
        self.assertEqual(
            [each["message"] for each in self.told(peer)],
            ["test.lua:1: unexpected symbol", "there is no script other.lua"],
        )

    def test_bug(self) -> None:
        peer, _ = self.page()
        self.noted.result = fail(ZeroDivisionError())
        self.say(peer, type="stop", script="test.lua")
        (refused,) = self.told(peer)
        self.assertEqual(refused["message"], "internal error: the log has it")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_no_message_of_the_page(self) -> None:
        for message in (
            b"",
            b"[]",
            b"{}",
            b'{"type":"run","script":"test.lua"}',
            b"[" * 9999,
            b'{"type":"stop","script":[]}',
        ):
            peer, _ = self.page()
            peer.send(frame(TEXT, message, mask=MASK))
            self.reactor.settle()
            self.assertEqual([each.opcode for each in frames(peer.received())], [CLOSE])
        self.assertEqual(self.noted.asked, [])
