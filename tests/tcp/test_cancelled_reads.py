"""Whatever is cancelled when, reads deliver the bytes that came, in their order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory import RemotePeer
from tests.support import LUA_VERSIONS, LuaTestCase

SCRIPT = """
function begin(timeout)
  readers = {}
  s = net.TCPSocket({timeout = timeout})
  s:connect("192.0.2.1", 80, {})
end

local function delivered(data, delimiter)
  -- What readUntil takes besides has been delivered too.
  if data then got(data .. (delimiter or "")) end
end

local WHATS = {
  read = function() delivered(s:read()) end,
  exactly = function(n) delivered(s:readExactly(n)) end,
  line = function() delivered(s:readUntil("a"), "a") end,
  all = function() delivered(s:readAll()) end,
}

-- Answers wait for their turn from now on, also when the script has returned.
local function busy()
  for _ = 1, 300 do net.TCPSocket():read({error = function() end}) end
end

function step(...)
  local given = {...}
  for i = 1, #given, 2 do
    local what, value = given[i], given[i + 1]
    if what == "send" then
      send(value)
    elseif what == "cancel" then
      local reader = readers[#readers - value]
      if reader then reader:cancel() end
    elseif what == "busy" then
      busy()
    else
      readers[#readers + 1] = task.start(WHATS[what], value)
    end
  end
end

function rest()
  repeat
    local data = s:read()
    delivered(data)
  until not data
end
"""

READ = st.tuples(
    st.sampled_from(["read", "read", "exactly", "line", "all"]), st.integers(1, 4)
)
SEND = st.tuples(
    st.just("send"), st.text("abcde", min_size=1, max_size=6).map(str.encode)
)
CANCEL = st.tuples(st.just("cancel"), st.integers(0, 4))
BUSY = st.tuples(st.just("busy"), st.just(0))
STEPS = st.lists(
    st.tuples(
        # The script does it all before it returns; the reactor takes its turns then.
        st.lists(READ | SEND | CANCEL | BUSY, min_size=1, max_size=8),
        # The network brings this.
        st.lists(SEND, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def flat(steps: list[tuple[str, Any]]) -> list[Any]:
    """What the script's function is given."""
    return [part for what, value in steps for part in (what, value)]


class CancelledReadTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.peer: RemotePeer
        self.runtimes = {lua: self.make_runtime(lua=lua) for lua in LUA_VERSIONS}
        for runtime in self.runtimes.values():
            runtime.expose("got", self.got)
            runtime.expose("send", self.send)
            self.successResultOf(runtime.run_string(SCRIPT))

    def got(self, data: bytes) -> None:
        self.delivered += data

    def send(self, data: bytes) -> None:
        # A script that has to wait for its turn may come after the end.
        if not self.peer.silent:
            self.peer.send(data)
            self.sent += data

    @given(
        st.sampled_from(LUA_VERSIONS),
        STEPS,
        st.sampled_from(["shutdown", "close", "reset"]),
        st.lists(CANCEL | READ, max_size=6),
        st.sampled_from([None, 1000]),
    )
    @settings(max_examples=50, deadline=None)
    def test_nothing_is_lost_or_moved(
        self, lua: str, steps: Any, way: str, last: Any, timeout: int | None
    ) -> None:
        self.sent, self.delivered = b"", b""
        call = self.runtimes[lua].call
        call("begin", timeout)
        self.peer = self.reactor.accept()
        self.reactor.settle()
        for by_script, by_network, settles in steps:
            call("step", *flat(by_script))
            for _, data in by_network:
                self.send(data)
            if settles:
                self.reactor.settle()
        getattr(self.peer, way)()
        call("step", *flat(last))
        self.reactor.settle()
        call("rest")
        self.reactor.settle()
        self.assertEqual(self.delivered, self.sent)
        self.assertEqual(self.errors, [])
