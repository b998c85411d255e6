"""
A read that is asked for while one is answered goes to Python with the return: what a
script sees is the same as if it had been asked for at once.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from eplua_twisted import Limits
from eplua_twisted.border import reply
from eplua_twisted.tcp.socket import TCPSocket
from tests.support import LuaTestCase, RemotePeer, for_each_lua

SCRIPT = """
local number, at = 0, 0
local function callbacks()
  number = number + 1
  local name = "read " .. number
  return {
    success = function(data) print(name, data) step() end,
    error = function(message, code) print(name, code) end,
  }
end
function read() s:read(callbacks()) end
function exactly() s:readExactly(2, callbacks()) end
function before() s:readUntil("b", callbacks()) end
function all() s:readAll(callbacks()) end
function write() s:write("w", {success = function() print("written") end}) end
function close() s:close() end
function fail() error("of the script", 0) end
function later() setTimeout(function() print("timer") read() end, 0) end
function others() other:read(callbacks()) end
function begin()
  started = task.start(function()
    print("task", s:read())
    step()
    print("task again", s:read())
  end)
end
function cancel() if started then started:cancel() end end
function step()
  for _ = 1, 2 do
    at = at + 1
    if plan[at] then _G[plan[at]]() end
  end
end
"""

STEPS = [
    "read",
    "exactly",
    "before",
    "all",
    "write",
    "close",
    "fail",
    "later",
    "others",
    "begin",
    "cancel",
]
"""What a callback does: two of them each time that something was read."""

EVENTS = ("a", "ab", "bab", "other", "turn", "close", *("ab", "turn") * 3)
"""What comes from the peers: bytes, or what has another name."""


class ConnectedCase(LuaTestCase):
    """Two sockets, each connected to a peer that the test holds."""

    def connect(self) -> tuple[RemotePeer, RemotePeer]:
        peers = []
        for name in ("s", "other"):
            self.run_lua(
                f"{name} = net.TCPSocket() {name}:connect('127.0.0.1', 80, {{}})"
            )
            peers.append(self.reactor.accept())
            self.turn()
        return peers[0], peers[1]


class AskingAgainTests(ConnectedCase):
    def count_reads(self) -> list[object]:
        """Grows each time that Lua calls the primitive."""
        calls: list[object] = []
        read = TCPSocket.read

        def counted(socket: TCPSocket, answer: reply.Reply) -> object:
            calls.append(answer)
            return read(socket, answer)

        vars(counted).update(vars(read))
        self.patch(TCPSocket, "read", counted)
        self.runtime = self.make_runtime()
        return calls

    def test_one_call_of_python(self) -> None:
        """Of callbacks and of a task: each piece is answered, the first read alone called."""
        loops = (
            "local c c = {success = function(d) print(d) s:read(c) end} s:read(c)",
            "task.start(function() while true do print(s:read()) end end)",
        )
        calls = self.count_reads()
        for loop in loops:
            calls.clear()
            peer, _ = self.connect()
            self.run_lua(loop)
            peer.send(b"a", b"b", b"c")
            self.assertEqual(len(calls), 1, loop)
        self.assertEqual(self.lines, [b"a", b"b", b"c"] * 2)

    def answered(self, code: str) -> RemotePeer:
        """What was read is answered with this code, and nothing more has come."""
        peer, _ = self.connect()
        self.run_lua(
            f"c = {{success = print, error = print}} s:read({{success = function() {code} end}})"
        )
        peer.send(b"1")
        return peer

    def test_an_error_after_it(self) -> None:
        peer = self.answered("s:read(c) error('oops')")
        self.assertEqual(len(self.errors), 1)
        peer.send(b"2")
        self.assertEqual(self.lines, [b"2"])

    def test_reads_keep_their_order(self) -> None:
        peer = self.answered("s:read(c) s:readExactly(2, c) s:read(c)")
        peer.send(b"2", b"34", b"5")
        self.assertEqual(self.lines, [b"2", b"34", b"5"])

    def test_close_after_it(self) -> None:
        """Its callbacks are dropped, as those of all that waits."""
        peer = self.answered("s:read(c) s:close()")
        self.turn()
        peer.close()
        self.turn()
        self.assertEqual(self.lines, [])

    def test_tls_after_it(self) -> None:
        """The handshake is begun with a read that waits, as otherwise."""
        self.answered("s:read(c) s:startTLS(true, c) s:close()")
        self.assertEqual(self.lines, [])

    def test_task_that_asks_and_is_cancelled(self) -> None:
        """In the same callback: what comes is for the next one."""
        peer = self.answered(
            "task.start(function() print('never', s:read()) end):cancel() s:read(c)"
        )
        peer.send(b"2")
        self.turn()
        self.assertEqual(self.lines, [b"2"])

    def test_socket_that_is_paused(self) -> None:
        """It was full when the answer came: it goes on reading."""
        peer, _ = self.connect()
        self.run_lua(
            "s:close() s = net.TCPSocket({maxBuffer = 4}) s:connect('127.0.0.1', 80, {})"
        )
        peer = self.reactor.accept()
        self.turn()
        peer.send(b"123456")
        self.run_lua("c = {success = function(d) print(d) s:read(c) end} s:read(c)")
        peer.send(b"7")
        self.assertEqual((self.lines, peer.paused), ([b"123456", b"7"], False))

    def test_answers_that_waited_their_turn(self) -> None:
        """Two sockets are read in one turn: the second answer comes from the queue."""
        one, two = self.connect()
        one.send(b"1")
        two.send(b"2")
        self.run_lua(
            """
            for _, each in ipairs({s, other}) do
              local c c = {success = function(d) print(d) each:read(c) end}
              each:read(c)
            end
            """
        )
        one.send(b"3")
        two.send(b"4")
        self.assertEqual(self.lines, [b"1", b"2", b"3", b"4"])

    def test_little_memory_for_the_answer(self) -> None:
        """What comes by the way of what has little room is asked for again, too."""
        self.runtime = self.make_runtime(limits=Limits(max_memory=4 * 2**20))
        peer, _ = self.connect()
        self.run_lua(
            """
            c = {success = function(d) print(#d) s:read(c) end} s:read(c)
            full = {}
            for i = 1, 300 do full[i] = string.rep("x", 10000 + i) end
            """
        )
        peer.send(*[b"2" * 80_000] * 12, b"34")
        self.assertEqual(self.lines, [b"80000"] * 12 + [b"2"])


globals().update(for_each_lua(AskingAgainTests))


class SameTests(ConnectedCase):
    """On one Lua: the mechanism is in Python as much as in Lua."""

    def transcript(self, plan: list[str], events: list[str]) -> object:
        self.lines.clear()
        self.errors.clear()
        self.runtime = self.make_runtime()
        mine, others = self.connect()
        self.run_lua(SCRIPT)
        names = ", ".join(f"'{each}'" for each in plan)
        self.run_lua(f"plan = {{{names}}} read()")
        closed = False
        for event in events:
            if event == "other":
                others.send(b"o")
            elif event == "turn":
                self.turn()
            elif closed or mine.gone:
                continue
            elif event == "close":
                closed = True
                mine.close()
            else:
                mine.send(event.encode())
        self.turn(3)
        received, ending = mine.received(), mine.ending
        self.stop(self.runtime)
        return list(self.lines), list(self.errors), received, ending

    @given(
        st.lists(st.sampled_from(STEPS), min_size=3, max_size=16),
        st.lists(st.sampled_from(EVENTS), min_size=3, max_size=12),
    )
    @settings(max_examples=200, deadline=None)
    def test_nobody_sees_a_difference(self, plan: list[str], events: list[str]) -> None:
        again = self.transcript(plan, events)
        self.patch(reply, "AGAIN", True)
        self.assertEqual(self.transcript(plan, events), again)
        self.patch(reply, "AGAIN", 1)
