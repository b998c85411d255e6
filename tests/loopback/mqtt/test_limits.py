"""What a mosquitto takes is kept, and what it refuses is told."""

from __future__ import annotations

from tests.support.mqtt import PRINT_EVENTS, MosquittoTestCase

FLOOD = """
local version, count = tonumber(arg[2]), tonumber(arg[3])
local connections, published, got, twice = 0, 0, 0, 0
local seen = {}
local c = mqtt.Client.connect("127.0.0.1", {port = arg[1], clientId = "flood",
  protocolVersion = version, reconnect = {minDelay = 20, maxDelay = 100}})
c:subscribe("work", {qos = 2})
c:addEventListener("connected", function() connections = connections + 1 end)
c:addEventListener("published", function(e)
  assert((e.reasonCode or 0) < 128)
  published = published + 1
  -- What was published last comes last.
  if published == count then c:publish("work", "last", {qos = 2}) end
end)
c:addEventListener("message", function(e)
  if e.payload == "last" then
    print(connections, count - got, twice)
    return c:disconnect()
  end
  if seen[e.payload] then twice = twice + 1 end
  if not seen[e.payload] then got = got + 1 end
  seen[e.payload] = true
end)
for i = 1, count do c:publish("work", i, {qos = 2}) end
"""

CONSUMER = """
local port, kill = arg[1], tonumber(arg[2])
local n = 0
local c = mqtt.Client.connect("127.0.0.1", {port = port, clientId = "consumer",
  keepAlivePeriod = 1})
c:subscribe("work", {qos = 2})
c:addEventListener("subscribed", function() print("ready") end)
c:addEventListener("message", function(e)
  n = n + 1
  if n == kill then
    print("dies")
    while true do end
  end
  print("did " .. e.payload .. ".")
end)
"""


class SmallBrokerTests(MosquittoTestCase):
    async def test_few_on_their_way(self) -> None:
        """
        100 of QoS 2 to a broker that takes 5, and says so in MQTT 5 only: all arrive once,
        over one connection.  (With max_queued_messages 0 it closes the connection when
        there are more, without it it drops them.)
        """
        for version in ("4", "5"):
            for more in ((), ("max_queued_messages 0",)):
                broker = await self.broker("max_inflight_messages 5", *more)
                self.lines.clear()
                lines = await self.run_lua(FLOOD, str(broker.port), version, "100")
                self.assertEqual(lines, [b"1\t0\t0"], (version, more))

    async def test_announced(self) -> None:
        """Maximum QoS, retained messages, and the size of packets."""
        broker = await self.broker(
            "max_qos 1", "retain_available false", "max_packet_size 1000"
        )
        lines = await self.run_lua(
            """
            local c = mqtt.Client.connect("127.0.0.1", {port = arg[1], protocolVersion = 5,
              cleanSession = true})
            local function publish(payload, options)
              options.callback = print
              print(c:publish("a", payload, options) ~= nil)
            end
            c:addEventListener("connected", function()
              publish("x", {qos = 2})
              publish("x", {retain = true})
              publish(("x"):rep(1000), {qos = 1})
              publish(("x"):rep(900), {qos = 1})
            end)
            c:addEventListener("published", function() c:disconnect() end)
            """,
            str(broker.port),
        )
        self.assertEqual(
            lines,
            [b"false", b"false", b"false", b"true", b"-10", b"-10", b"-10", b"0"],
        )


class RefusedTests(MosquittoTestCase):
    async def test_refused_publish(self) -> None:
        """The reason reaches the callback and the event, QoS 1 and 2."""
        broker = await self.broker_with_rules()
        lines = await self.run_lua(
            PRINT_EVENTS
            + """
            local c = show(mqtt.Client.connect("127.0.0.1", {port = arg[1],
              protocolVersion = 5, cleanSession = true}))
            local n = 0
            for qos = 1, 2 do
              c:publish("closed/a", "x", {qos = qos, callback = function(reason)
                print("callback", qos, reason)
              end})
            end
            c:addEventListener("published", function()
              n = n + 1
              if n == 2 then c:disconnect() end
            end)
            """,
            str(broker.port),
        )
        self.assertEqual(
            sorted(lines[1:-1]),
            [
                b"callback\t1\t135",
                b"callback\t2\t135",
                b"published packetId=1 reasonCode=135",
                b"published packetId=2 reasonCode=135",
            ],
        )


class KilledConsumerTests(MosquittoTestCase):
    async def test_qos_2_consumer_that_is_killed(self) -> None:
        """What it had not handled comes again: nothing of 100 is lost."""
        broker = await self.broker("max_queued_messages 0")
        port = str(broker.port)
        first = self.worker("-e", CONSUMER, port, "30")
        await first.says(b"ready")
        giver = self.worker(
            "-e",
            """
            local c = mqtt.Client.connect("127.0.0.1", {port = arg[1], cleanSession = true})
            for i = 1, 100 do c:publish("work", i, {qos = 2}) end
            c:addEventListener("published", function(e)
              if e.packetId == 100 then c:disconnect() end
            end)
            """,
            port,
        )
        self.assertEqual(await giver.ended, 0, giver.output)
        await first.says(b"dies")
        await first.kill()
        second = self.worker("-e", CONSUMER, port, "0")
        await second.says(b"did 100.")
        done = {
            each
            for output in (first.output, second.output)
            for each in output.split(b"\n")
            if each.startswith(b"did ")
        }
        self.assertEqual(len(done), 100)
        await second.kill()
