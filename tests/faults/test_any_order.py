"""
Scripts that call anything in any order, and peers that do anything at any time: each
operation is answered exactly once, what opened closes once, nothing is left open.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eplua_twisted import Runtime
from tests.memory import MemoryReactor, RemotePeer
from tests.support import LuaTestCase
from tests.support.mqtt import answer, connack, message

MANY = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

OPERATIONS = """
local asked = 0
-- Ask for an operation: "NUMBER OUTCOME" is printed when it is answered.
function ask(f, after)
  asked = asked + 1
  local number = asked
  print("ask", number)
  f({
    success = function() print("answer", number, "ok") if after then after() end end,
    error = function(message, code) print("answer", number, code) if after then after() end end,
  })
end
function dropped() print("dropped", asked) end
"""


class AnyOrderTestCase(LuaTestCase):
    """
    @cvar prelude: what the script begins with
    @cvar script: what it can do, by name: pieces of Lua
    """

    prelude = ""
    script: dict[str, str] = {}

    def begin(self) -> None:
        self.reactor = MemoryReactor()
        self.lines.clear()
        self.errors.clear()
        self.runtime = Runtime(
            self.reactor, output=self.lines.append, on_error=self.errors.append
        )
        self.peers: list[RemotePeer] = []
        self._accepted = 0
        self.run_lua(OPERATIONS + self.prelude)

    def play(self, actions: list[str]) -> None:
        """Do it all, and then let everything come to its end."""
        own = self.reactor, self.runtime
        try:
            self.begin()
            for action in actions:
                if action in self.script:
                    self.run_lua(self.script[action])
                else:
                    getattr(self, "peer_" + action)()
                self.turn()
            self.finish()
        finally:
            self.reactor, self.runtime = own

    def finish(self) -> None:
        """All peers go, and the time of all limits passes."""
        self.release()
        for _ in range(4):
            while self.pending:
                self.peer_refuse()
            for peer in self.peers:
                self.leave(peer)
            self.reactor.settle()
            self.reactor.advance(16)
            self.reactor.settle()
        runtime = self.runtime
        self.stop(runtime)
        said = len(self.lines)
        self.reactor.settle()
        self.assertEqual(len(self.lines), said, "something came after stop")
        self.assertEqual(self.errors, [])
        self.assertEqual(self.reactor.getReaders() + self.reactor.getWriters(), [])

    def leave(self, peer: RemotePeer) -> None:
        peer.take()
        peer.reset()

    # What peers do.

    @property
    def pending(self) -> bool:
        """An attempt to connect waits for its answer."""
        found = False
        while self._accepted < len(self.reactor.connectors) and not found:
            connector = self.reactor.connectors[self._accepted]
            transport = getattr(connector, "transport", None)
            if transport is not None and transport.socket.state in (
                "new",
                "connecting",
            ):
                found = True
            else:
                self._accepted += 1
        return found

    def peer_accept(self) -> None:
        if self.pending:
            self.peers.append(self.reactor.accept(self._accepted))
            self._accepted += 1

    def peer_refuse(self) -> None:
        if self.pending:
            self.reactor.refuse(number=self._accepted)
            self._accepted += 1

    def say(self, data: bytes) -> None:
        if self.peers and not self.peers[-1].gone and not self.peers[-1].silent:
            self.peers[-1].send(data)

    def peer_end(self) -> None:
        if self.peers and not self.peers[-1].silent:
            self.peers[-1].shutdown()

    def peer_reset(self) -> None:
        if self.peers and not self.peers[-1].silent:
            self.peers[-1].reset()

    def peer_stall(self) -> None:
        if self.peers:
            self.peers[-1].stall()

    def peer_take(self) -> None:
        if self.peers:
            self.peers[-1].take()

    def peer_garbage(self) -> None:
        self.say(bytes(range(256)))

    def peer_time(self) -> None:
        self.reactor.advance(1)

    def peer_press(self) -> None:
        self.press()

    def peer_release(self) -> None:
        self.release()

    # What is checked.

    def check_answers(self) -> None:
        """
        Each operation has one answer; after a C{close} those before it may have none.
        """
        answers = Counter[int]()
        asked, dropped = 0, 0
        for line in self.lines:
            words = line.decode().split("\t")
            if words[0] == "ask":
                asked = int(words[1])
            elif words[0] == "dropped":
                dropped = max(dropped, int(words[1]))
            elif words[0] == "answer":
                answers[int(words[1])] += 1
                self.assertNotEqual(words[2], "internal", self.lines)
        for number in range(1, asked + 1):
            least = 0 if number <= dropped else 1
            self.assertTrue(least <= answers[number] <= 1, (number, self.lines))


COMMON = ["accept", "refuse", "end", "reset", "stall", "take", "garbage", "time"]
PRESSURE = ["press", "release"]


class TCPSocketTests(AnyOrderTestCase):
    prelude = (
        "s = net.TCPSocket({timeout = 3000, maxBuffer = 100, maxWriteBuffer = 1000})"
    )
    script = {
        "connect": "ask(function(c) s:connect('127.0.0.1', 7, c) end)",
        "read": "ask(function(c) s:read(c) end)",
        "read_exactly": "ask(function(c) s:readExactly(5, c) end)",
        "read_until": "ask(function(c) s:readUntil('\\n', c) end)",
        "read_all": "ask(function(c) s:readAll(c) end)",
        "write": "ask(function(c) s:write('hello', c) end)",
        "write_much": "ask(function(c) s:write(('x'):rep(100000), c) end)",
        "shutdown": "ask(function(c) s:shutdown(c) end)",
        "start_tls": "ask(function(c) s:startTLS(true, c) end)",
        "close": "s:close() dropped()",
        "close_in_a_callback": (
            "ask(function(c) s:read(c) end, function() s:close() dropped() end)"
        ),
        "ask": "tostring(s) s:isConnected() s:bufferedAmount() s:peerAddress()",
        "lose": "s = net.TCPSocket({timeout = 3000}) collectgarbage()",
    }

    def peer_say(self) -> None:
        self.say(b"ab\ncdefgh")

    @MANY
    @given(
        st.lists(
            st.sampled_from([*script, *COMMON, *PRESSURE, "say", "accept"]), max_size=25
        )
    )
    def test_each_operation_is_answered_once(self, actions: list[str]) -> None:
        self.play(["connect", *actions])
        self.check_answers()


class HTTPClientTests(AnyOrderTestCase):
    prelude = (
        "client = net.HTTPClient({timeout = 3000, maxConnectionsPerHost = 2, maxSize = 1000})"
        " requests = {}"
    )
    script = {
        "get": (
            "ask(function(c) requests[#requests + 1] ="
            " client:request('http://127.0.0.1/', c) end)"
        ),
        "post": (
            "ask(function(c) c.options = {method = 'POST', data = 'x'}"
            " requests[#requests + 1] = client:request('http://127.0.0.1/', c) end)"
        ),
        "stream": (
            "ask(function(c) c.data = function() end"
            " requests[#requests + 1] = client:request('http://127.0.0.1/', c) end)"
        ),
        "cancel": (
            "if requests[1] then requests[#requests]:cancel() requests = {} dropped() end"
        ),
        "lose": "requests = {} client = net.HTTPClient({timeout = 3000}) collectgarbage()",
    }

    def peer_answer(self) -> None:
        self.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    def peer_half(self) -> None:
        self.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")

    def peer_chunk(self) -> None:
        self.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")

    def peer_redirect(self) -> None:
        self.say(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")

    @MANY
    @given(
        st.lists(
            st.sampled_from(
                [
                    *script,
                    *COMMON,
                    *PRESSURE,
                    "accept",
                    "answer",
                    "half",
                    "chunk",
                    "redirect",
                ]
            ),
            max_size=25,
        )
    )
    def test_each_request_is_answered_once(self, actions: list[str]) -> None:
        self.play(["get", *actions])
        self.check_answers()


class WebSocketClientTests(AnyOrderTestCase):
    prelude = """
    w = net.WebSocketClient({timeout = 3000, maxMessageSize = 100})
    for _, name in ipairs({"connected", "disconnected", "error", "dataReceived", "pong"}) do
      w:addEventListener(name, function(message, code) print(name, code) end)
    end
    function say(ok, message, code) if not ok then print("failed", code) end end
    """
    script = {
        "connect": "print('connect') w:connect('ws://127.0.0.1/')",
        "send": "say(w:send('hello'))",
        "send_bytes": "say(w:sendBinary('\\255'))",
        "ping": "w:ping('x')",
        "close": "print('close') w:close()",
        "ask": "tostring(w) w:isOpen() w:bufferedAmount() w:subprotocol()",
    }

    def peer_upgrade(self) -> None:
        if not self.peers:
            return
        found = re.search(rb"Sec-WebSocket-Key: (\S+)", self.peers[-1].received())
        if found is not None:
            text = found[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            key = base64.b64encode(hashlib.sha1(text).digest())
            self.say(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % key
            )

    def peer_deny(self) -> None:
        self.say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    def peer_text(self) -> None:
        self.say(b"\x81\x05hello")

    def peer_part(self) -> None:
        self.say(b"\x01\x03abc")

    def peer_much(self) -> None:
        self.say(b"\x82\x7e\x01\x00" + bytes(256))

    def peer_goodbye(self) -> None:
        self.say(b"\x88\x02\x03\xe8")

    @MANY
    @given(
        st.lists(
            st.sampled_from(
                [
                    *script,
                    *COMMON,
                    *PRESSURE,
                    *("accept", "upgrade", "upgrade", "deny", "text", "part", "much"),
                    "goodbye",
                ]
            ),
            max_size=25,
        )
    )
    def test_what_opens_closes_once(self, actions: list[str]) -> None:
        self.play(["connect", "accept", *actions])
        said = Counter(line.decode().split("\t")[0] for line in self.lines)
        self.assertEqual(said["connected"], said["disconnected"], self.lines)
        attempts = said["connected"] + said["error"] - said["failed"]
        self.assertLessEqual(attempts, said["connect"], self.lines)
        if not said["close"]:
            self.assertEqual(attempts, said["connect"], self.lines)


class MQTTClientTests(AnyOrderTestCase):
    prelude = """
    clients = 0
    function connect()
      clients = clients + 1
      local number = clients
      print("client", number)
      local options = {clientId = "c", timeout = 3000, maxQueue = 3}
      c = mqtt.Client.connect("mqtt://127.0.0.1", options)
      for _, name in ipairs({"connected", "closed", "error"}) do
        c:addEventListener(name, function() print(name, number) end)
      end
    end
    local asked = 0
    function done(f)
      asked = asked + 1
      local number = asked
      print("ask", number)
      f(function(outcome) print("answer", number, outcome) end)
    end
    function dropped() print("dropped", asked) end
    """
    script = {
        "connect": "connect()",
        "publish": "done(function(f) c:publish('t', 'x', {callback = f}) end)",
        "publish_1": "done(function(f) c:publish('t', 'x', {qos = 1, callback = f}) end)",
        "publish_2": "done(function(f) c:publish('t', 'x', {qos = 2, callback = f}) end)",
        "subscribe": "done(function(f) c:subscribe('t', {qos = 1, callback = f}) end)",
        "unsubscribe": "done(function(f) c:unsubscribe('t', {callback = f}) end)",
        "disconnect": "dropped() done(function(f) c:disconnect({callback = f}) end)",
        "ask": "tostring(c) c:isConnected()",
    }

    def peer_connack(self) -> None:
        self.say(connack())

    def peer_refusal(self) -> None:
        self.say(connack(5))

    def peer_message(self) -> None:
        self.say(message(b"t", b"x", 1, 5))

    def peer_message_2(self) -> None:
        self.say(message(b"t", b"x", 2, 6))

    def peer_acknowledge(self) -> None:
        for kind in (0x40, 0x50, 0x70, 0x90, 0xB0):
            for number in (1, 2):
                self.say(answer(kind, number, b"\1" if kind == 0x90 else b""))

    @MANY
    @given(
        st.lists(
            st.sampled_from(
                [
                    *script,
                    *COMMON,
                    *PRESSURE,
                    *("accept", "connack", "connack", "refusal"),
                    *("message", "message_2", "acknowledge"),
                ]
            ),
            max_size=25,
        )
    )
    def test_what_opens_closes_and_calls_back_once(self, actions: list[str]) -> None:
        self.play(["connect", "accept", *actions])
        said = Counter(line.decode() for line in self.lines)
        for number in range(1, 30):
            if said[f"client\t{number}"]:
                opened = said[f"connected\t{number}"]
                self.assertLessEqual(opened, 1)
                self.assertEqual(said[f"closed\t{number}"], opened, self.lines)
                self.assertLessEqual(opened + said[f"error\t{number}"], 1, self.lines)
        self.check_answers()
