"""A runtime on a reactor whose time of day jumps while its script waits."""

import time
from typing import Any

from twisted.internet import reactor as real_reactor

from eplua_twisted import Runtime

reactor: Any = real_reactor
jump = 0.0
reactor.seconds = lambda: time.time() + jump
begun = time.monotonic()


def set_clock(hours: int) -> None:
    global jump
    jump = hours * 3600.0


def at(milliseconds: int, what: bytes) -> None:
    """Print what has happened, and whether it came too early."""
    early = time.monotonic() - begun < milliseconds / 1000
    print(what.decode(), "early" if early else "in time", flush=True)


SCRIPT = """
local server = net.TCPServer()
server:start("127.0.0.1", 0, function() end, {success = function(port)
  local client = net.TCPSocket({timeout = 400})
  client:connect("127.0.0.1", port, {success = function()
    begin()
    setTimeout(set_clock, 50, 1)
    setTimeout(at, 100, 100, "timer")
    local count = 0
    local ticks
    ticks = setInterval(function()
      count = count + 1
      at(count * 150, "interval")
      if count == 2 then clearInterval(ticks) end
    end, 150)
    setTimeout(set_clock, 200, -1)
    task.start(function() task.sleep(350) at(350, "task") end)
    client:read({error = function(_, code) at(400, "read " .. code) client:close() end})
    net.HTTPClient({timeout = 450}):request("http://127.0.0.1:" .. port, {
      error = function(_, code) at(450, "http " .. code) server:stop() end,
    })
  end})
end})
"""


def begin() -> None:
    global begun
    begun = time.monotonic()


async def main() -> None:
    runtime = Runtime(reactor)
    for function in (set_clock, at, begin):
        runtime.expose(function.__name__, function)
    await runtime.run_string(SCRIPT)
    await runtime.idle()
    await runtime.stop()
    reactor.stop()


if __name__ == "__main__":
    from twisted.internet.defer import Deferred

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(main()))
    reactor.run()
