"""Brokers that are killed and started again, and workers that are."""

from __future__ import annotations

import sys
from typing import Any

from twisted.protocols.portforward import ProxyFactory, ProxyServer

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


TRAFFIC = """
local qos = tonumber(arg[3] or 2)
local options = {port = arg[1], clientId = "both", protocolVersion = tonumber(arg[2]),
  reconnect = {minDelay = 20, maxDelay = 100}}
local sent, confirmed, middle, target, seen = 0, 0, nil, nil, {}
connections = 0
c = mqtt.Client.connect("127.0.0.1", options)
c:subscribe("work", {qos = qos})
c:addEventListener("connected", function() connections = connections + 1 end)
c:addEventListener("subscribed", function() print("ready") end)
c:addEventListener("error", function() end)
c:addEventListener("message", function(e)
  seen[e.payload] = (seen[e.payload] or 0) + 1
end)
c:addEventListener("published", function()
  confirmed = confirmed + 1
  if confirmed == middle then print("middle") end
  if confirmed == target then print("confirmed") end
end)
function more(count)
  middle, target = confirmed + count // 4, sent + count
  for i = 1, count do
    sent = sent + 1
    assert(c:publish("work", sent, {qos = qos}))
  end
end
function seen_payloads() return seen end
function result()
  local lost, twice = 0, 0
  for i = 1, sent do
    local n = seen[tostring(i)] or 0
    if n == 0 then lost = lost + 1 elseif n > 1 then twice = twice + 1 end
  end
  c:disconnect()
  return connections, lost, twice
end
"""


class KilledBrokerTests(MosquittoTestCase):
    """A broker that is killed loses what it has not saved; its client goes on."""

    timeout = 60

    async def test_sigkill_in_traffic(self) -> None:
        """
        All that is published is confirmed, over few connections: each time one that
        the broker ends, and those that find out what it still takes.
        """
        for version, qos in (("4", "1"), ("4", "2"), ("5", "2")):
            broker = await self.broker(
                "max_queued_messages 0",
                "autosave_on_changes true",
                "autosave_interval 1",
            )
            self.lines.clear()
            await self.runtime.run_string(
                TRAFFIC, "@test.lua", str(broker.port), version, qos
            )
            await self.line(1)
            for kill in range(3):
                await self.runtime.call("more", 100)
                await self.line(2 + 2 * kill)
                await broker.stop()
                await broker.start()
                await self.line(3 + 2 * kill)
            connections, _, _ = await self.runtime.call("result")
            await self.runtime.idle()
            self.assertLessEqual(connections, 4 + 3 * 6, version)
            self.assertEqual(self.errors, [])


class Broken(ProxyServer):
    """A connection to a broker that breaks after so many bytes of the client's."""

    factory: Any
    transport: Any

    def dataReceived(self, data: bytes) -> None:
        self.factory.left -= len(data)
        if self.factory.left > 0:
            super().dataReceived(data)
        else:
            self.transport.abortConnection()

    def connectionMade(self) -> None:
        self.factory.connected()
        super().connectionMade()


class BreakingWire(ProxyFactory):
    """
    Every second connection breaks before anything has come, the others later, until
    C{breaks} have broken.
    """

    protocol = Broken
    noisy = False

    def __init__(self, port: int, breaks: int) -> None:
        super().__init__("127.0.0.1", port)
        self._breaks = breaks
        self.left = 0

    def connected(self) -> None:
        self._breaks -= 1
        if self._breaks < 0:
            self.left = sys.maxsize
        else:
            self.left = 200 + 41 * self._breaks if self._breaks % 2 else 1


class BreakingWireTests(MosquittoTestCase):
    async def test_qos_2_arrives_once(self) -> None:
        """200 messages both ways on a wire that breaks 16 times."""
        for version in ("4", "5"):
            broker = await self.broker("max_queued_messages 0")
            port = self.listen(BreakingWire(broker.port, 16))
            self.lines.clear()
            await self.runtime.run_string(TRAFFIC, "@test.lua", str(port), version)
            await self.line(1)
            await self.runtime.call("more", 200)
            await self.line(3)
            # The last ones may be on their way back yet.
            await self.runtime.run_string(
                "local timer timer = setInterval(function() local n = 0"
                " for _ in pairs(seen_payloads()) do n = n + 1 end"
                " if n == 200 then clearInterval(timer) print('all') end end, 20)"
            )
            await self.line(4)
            connections, lost, twice = await self.runtime.call("result")
            await self.runtime.idle()
            self.assertEqual((lost, twice), (0, 0))
            self.assertGreaterEqual(connections, 8)


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
        giver = self.process("give", uri, "120")
        self.assertEqual(await giver.ended, 0, giver.output)
        self.assertIn(b"120 done, 0 twice", giver.output)
        done = []
        for each in workers:
            lines = [x for x in each.output.split(b"\n") if x.startswith(b"did ")]
            self.assertTrue(lines)
            done += lines
        self.assertEqual(len(done), 120)
        self.assertEqual(len(set(done)), 120)

    async def test_killed_worker(self) -> None:
        """What it had not acknowledged is done when it is back; nothing is lost."""
        broker = await self.broker("max_queued_messages 0")
        uri = f"mqtt://127.0.0.1:{broker.port}"
        workers = [self.process("work", uri, str(i), "5") for i in range(3)]
        for each in workers:
            await each.says(b"ready")
        giver = self.process("give", uri, "120")
        await workers[0].says(b"did ")
        await workers[0].kill()
        back = self.process("work", uri, "0", "5")
        await back.says(b"ready")
        self.assertEqual(await giver.ended, 0, giver.output)
        self.assertIn(b"120 done", giver.output)
