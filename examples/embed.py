"""
A Twisted program that gives a Lua script one of its own functions.

    python examples/embed.py
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react

from eplua_twisted import Runtime

SCRIPT = """
function greet(name)
  print("Hello, " .. name)
  return #name
end

task.start(function()
  -- temperature returns a Deferred: in a task it is waited for.
  local room = temperature("kitchen")
  print(room.name, room.celsius)
end)
"""


async def main(reactor: Any) -> None:
    def temperature(room: bytes) -> Deferred[dict[str, Any]]:
        reading = {"name": room, "celsius": 21.5}
        return deferLater(reactor, 0.01, lambda: reading)

    runtime = Runtime(reactor)
    runtime.expose("temperature", temperature)
    await runtime.run_string(SCRIPT, "=embed")
    (length,) = await runtime.call("greet", "Twisted")
    print("greet returned", length, flush=True)
    await runtime.idle()
    await runtime.stop()


if __name__ == "__main__":
    react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
