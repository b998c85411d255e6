"""Whatever a script asks of its UDP sockets, in whatever order: Hypothesis writes it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import LuaTestCase
from tests.support.dtls import pems

CODES = {
    *("timeout", "eof", "refused", "reset", "unreachable", "dns", "in_use", "denied"),
    *("tls", "state", "limit"),
}

MAY_WAIT = {
    *(b"waits\treceive\t%d" % number for number in (2, 3)),
    b"waits\taccept\t4",
}
"""What has no time limit: a C{DTLSPeer} has that of idleTimeout."""

SETUP = """
local authority, pem = ...
sockets = {
  net.UDPSocket({timeout = 500}),
  net.UDPSocket({ipv6 = true, maxQueue = 2}),
  net.UDPSocket({tls = {certificateAuthority = authority}}),
  net.UDPSocket({tls = {certificate = pem, privateKey = pem}, idleTimeout = 3000}),
}
calls, waiting = 0, {}
function close(i)
  for number, each in pairs(waiting) do
    if each.socket == i then waiting[number] = nil end
  end
  sockets[i]:close()
end
function attempt(f)
  local before = calls
  if not pcall(f) then
    for number = before + 1, calls do waiting[number] = nil end
  end
end
function cb(what, socket, closes)
  calls = calls + 1
  local number = calls
  waiting[number] = {what = what, socket = socket}
  local function answered(kind)
    return function(first, code)
      print(kind, number, kind == "error" and code or "")
      waiting[number] = nil
      if tostring(first):find("^DTLSPeer") then peer = first end
      if closes then close(closes) end
    end
  end
  return {success = answered("success"), error = answered("error")}
end
"""

HOSTS = st.sampled_from(
    ["'127.0.0.1'", "'localhost'", "'slow'", "'nowhere'", "'::1'", "'a..b'", "'*'"]
)
PORTS = st.sampled_from(["0", "7", "5000", "5001", "'5684'", "5684"])
GROUPS = st.sampled_from(["'239.1.2.3'", "'ff02::fb'", "'10.0.0.1'", "'x'"])
INTERFACES = st.sampled_from(["nil", "'127.0.0.1'", "'nonsense'", "'1'"])
DATA = st.sampled_from(["''", "'x'", "('x'):rep(2000)", "('x'):rep(70000)"])
CLOSES = st.sampled_from(["nil", "nil", "nil", "1", "2", "3", "4"])
"""Which socket the callback closes."""


SOCKETS = st.integers(1, 4)


def call(form: str, **parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A call of a method of one of the sockets; what is wrong with it may raise."""
    return st.fixed_dictionaries({**parts, "s": SOCKETS, "c": CLOSES}).map(
        lambda values: (
            f"attempt(function() sockets[{values['s']}]:{form.format(**values)} end)"
        )
    )


METHODS = st.one_of(
    call("sendTo({d}, {h}, {p}, cb('sendTo', {s}, {c}))", d=DATA, h=HOSTS, p=PORTS),
    call("sendTo({d}, nil, nil, cb('sendTo', {s}, {c}))", d=DATA),
    call("receive(cb('receive', {s}, {c}))"),
    call("bind({h}, {p}, cb('bind', {s}, {c}))", h=HOSTS, p=PORTS),
    call("connect({h}, {p}, cb('connect', {s}, {c}))", h=HOSTS, p=PORTS),
    call("accept(cb('accept', {s}, {c}))"),
    call("joinGroup({g}, {i}, cb('join', {s}, {c}))", g=GROUPS, i=INTERFACES),
    call("leaveGroup({g}, {i}, cb('leave', {s}, {c}))", g=GROUPS, i=INTERFACES),
    call("setMulticastTTL(3)"),
    call("setMulticastLoopback(true)"),
    call("ref()"),
    call("unref()"),
    SOCKETS.map(lambda number: f"close({number})"),
)

STATEMENTS = st.lists(
    st.one_of(
        METHODS,
        METHODS,
        # A server and its client.
        st.just(
            "sockets[4]:bind('127.0.0.1', 5684, cb('bind', 4))"
            " sockets[4]:accept(cb('accept', 4))"
            " sockets[3]:connect('localhost', 5684, cb('connect', 3))"
        ),
        st.sampled_from(
            [
                "if peer then peer:send('x', cb('send', 4)) end",
                "if peer then peer:receive(cb('receive', 5)) end",
                "if peer then peer:close() peer = nil end",
                *("-- a turn", "-- a name", "-- a second", "collectgarbage()"),
            ]
        ),
    ),
    max_size=40,
)


class AnyCallsTests(LuaTestCase):
    def finish(self) -> None:
        """Let names be answered, and time limits be over."""
        names = self.reactor.nameResolver
        # What waits for its turn looks the name up later.
        names.held = set()
        names.answer("slow")
        for _ in range(3):
            self.reactor.settle()
            self.reactor.advance(11)
        self.reactor.settle()

    @settings(deadline=None, max_examples=150)
    @given(STATEMENTS)
    def test_each_is_answered_once(self, statements: list[str]) -> None:
        """With a known code; and closing leaves nothing."""
        authority, pem = (each.decode() for each in pems())
        names = self.reactor.nameResolver
        names.held, names.addresses["nowhere"] = {"slow"}, []
        self.lines.clear()
        self.run_lua(SETUP, authority, pem)
        for statement in statements:
            if statement == "-- a turn":
                self.reactor.settle()
            elif statement == "-- a name":
                names.answer("slow")
            elif statement == "-- a second":
                self.reactor.settle()
                self.reactor.advance(1)
            else:
                self.run_lua(statement)
        self.finish()
        self.run_lua(
            "for _, each in pairs(waiting) do print('waits', each.what, each.socket) end"
        )
        waits = {line for line in self.lines if line.startswith(b"waits")}
        self.assertEqual(waits - MAY_WAIT, set())
        self.lines[:] = [line for line in self.lines if line not in waits]
        self.run_lua("if peer then peer:close() peer = nil end")
        self.run_lua("for i = 1, 4 do close(i) close(i) end")
        self.finish()
        self.assertEqual(self.errors, [])
        answers = [line.decode().split("\t") for line in self.lines]
        times = Counter(number for _, number, _ in answers)
        self.assertEqual([each for each in times.items() if each[1] > 1], [])
        for kind, _, code in answers:
            if kind == "error":
                self.assertIn(code, CODES)
        self.lines.clear()
        self.run_lua(
            "sockets = nil collectgarbage() collectgarbage() net.UDPSocket():ref()"
        )
        self.run_lua("print(eplua.stats().UDPSocket, eplua.stats().DTLSPeer)")
        self.assertEqual(self.lines, [b"nil\tnil"])
