"""Brokers that are killed and started again, and workers that are."""

from __future__ import annotations

import sys

from tests.support import ROOT, Peer, start
from tests.support.mqtt import MosquittoTestCase

WORKERS = str(ROOT / "examples" / "mqtt_workers.lua")

EXCHANGE = """
local qos = tonumber(arg[2])
local sent, confirmed, target, seen = 0, 0, nil, {}
c = mqtt.Client.connect("127.0.0.1", {port = arg[1], clientId = "both",
  reconnect = {minDelay = 20, maxDelay = 100}})
c:subscribe("work", {qos = qos})
c:addEventListener("connected", function() print("connected") end)
c:addEventListener("closed", function() print("unconfirmed", sent - confirmed) end)
c:addEventListener("message", function(e)
  seen[e.payload] = (seen[e.payload] or 0) + 1
end)
c:addEventListener("published", function()
  confirmed = confirmed + 1
  if confirmed == target then print("middle") end
end)
function more()
  target = confirmed + 100
  for i = 1, 1000 do
    sent = sent + 1
    assert(c:publish("work", sent, {qos = qos}))
  end
end
function finish()
  local timer
  timer = setInterval(function()
    local all, twice = confirmed == sent, 0
    for i = 1, sent do
      local n = seen[tostring(i)]
      all = all and n
      if n and n > 1 then twice = twice + 1 end
    end
    if all then
      clearInterval(timer)
      c:unref()
      print("all", twice)
    end
  end, 20)
end
"""


class RestartTests(MosquittoTestCase):
    async def exchange(self, qos: str) -> bytes:
        """
        2 000 messages to oneself.  Twice the broker ends when at least 100 of 1 000
        are confirmed and some are not, and is started again.

        @return: how many came more than once
        """
        broker = await self.broker("max_queued_messages 0")
        await self.runtime.run_string(EXCHANGE, "@test.lua", str(broker.port), qos)
        await self.line(1)
        for _ in range(2):
            before = len(self.lines)
            await self.runtime.call("more")
            await self.line(before + 1)
            # Killed at once, mosquitto 2.0 comes back with sessions as they were
            # at its last save, so that it has itself lost what it had confirmed.
            await broker.stop("TERM")
            await self.line(before + 2)
            word, unconfirmed = self.lines[before + 1].split()
            self.assertEqual(word, b"unconfirmed")
            self.assertGreater(int(unconfirmed), 0)
            await broker.start()
            await self.line(before + 3)
        await self.runtime.call("finish")
        await self.runtime.idle()
        self.assertEqual(self.errors, [])
        return self.lines[-1]

    async def test_qos_1(self) -> None:
        """Nothing is lost."""
        self.assertTrue((await self.exchange("1")).startswith(b"all"))

    async def test_qos_2(self) -> None:
        """Nothing is lost, and nothing comes twice."""
        self.assertEqual(await self.exchange("2"), b"all\t0")


class WorkerTests(MosquittoTestCase):
    """examples/mqtt_workers.lua, in three processes and one that gives them work."""

    timeout = 40

    def process(self, *arguments: str) -> Peer:
        return start(
            self, sys.executable, "-m", "eplua_twisted.cli", WORKERS, *arguments
        )

    async def test_each_once(self) -> None:
        broker = await self.broker("max_queued_messages 0")
        uri = f"mqtt://127.0.0.1:{broker.port}"
        workers = [self.process("work", uri, str(i)) for i in range(3)]
        for each in workers:
            await each.says(b"ready")
        giver = self.process("give", uri, "300")
        self.assertEqual(await giver.ended, 0, giver.output)
        self.assertIn(b"300 done, 0 twice", giver.output)
        done = []
        for each in workers:
            lines = [x for x in each.output.split(b"\n") if x.startswith(b"did ")]
            self.assertTrue(lines)
            done += lines
        self.assertEqual(len(done), 300)
        self.assertEqual(len(set(done)), 300)

    async def test_killed_worker(self) -> None:
        """What it had not acknowledged is done when it is back; nothing is lost."""
        broker = await self.broker("max_queued_messages 0")
        uri = f"mqtt://127.0.0.1:{broker.port}"
        workers = [self.process("work", uri, str(i), "5") for i in range(3)]
        for each in workers:
            await each.says(b"ready")
        giver = self.process("give", uri, "300")
        await workers[0].says(b"did ")
        await workers[0].kill()
        back = self.process("work", uri, "0", "5")
        await back.says(b"ready")
        self.assertEqual(await giver.ended, 0, giver.output)
        self.assertIn(b"300 done", giver.output)
