"""A runtime on a reactor whose time of day jumps while its script waits."""

import time
from typing import Any

from twisted.internet import reactor as real_reactor

from eplua_twisted import Runtime

reactor: Any = real_reactor
jump = 0.0
reactor.seconds = lambda: time.time() + jump


def set_clock(hours: int) -> None:
    global jump
    jump = hours * 3600.0
    print("set forward" if hours > 0 else "set back", flush=True)


SCRIPT = """
local server = net.TCPServer()
server:start("127.0.0.1", 0, function() end, {success = function(port)
  local client = net.TCPSocket({timeout = 400})
  client:connect("127.0.0.1", port, {success = function()
    setTimeout(set_clock, 50, 1)
    setTimeout(print, 100, "timer 100")
    local count = 0
    local ticks
    ticks = setInterval(function()
      count = count + 1
      print("interval")
      if count == 2 then clearInterval(ticks) end
    end, 150)
    setTimeout(set_clock, 200, -1)
    task.start(function() task.sleep(350) print("task") end)
    client:read({error = function(_, code) print("read " .. code) client:close() end})
    net.HTTPClient({timeout = 450}):request("http://127.0.0.1:" .. port, {
      error = function(_, code) print("http " .. code) server:stop() end,
    })
  end})
end})
"""


async def main() -> None:
    runtime = Runtime(reactor)
    runtime.expose("set_clock", set_clock)
    await runtime.run_string(SCRIPT)
    await runtime.idle()
    await runtime.stop()
    reactor.stop()


if __name__ == "__main__":
    from twisted.internet.defer import Deferred

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(main()))
    reactor.run()
