"""mqtt.Client against brokers that nobody here wrote."""

from __future__ import annotations

import socket
import sys
import tempfile
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from tests.support import ROOT, LoopbackTestCase, start
from tests.support.authority import Authority
from tests.support.mqtt import PRINT_EVENTS, Mosquitto, MosquittoTestCase, amqtt
from tests.support.programs import need_program

ALL_BYTES = """
local bytes = {}
for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
local all = table.concat(bytes)
"""

EXCHANGE = (
    ALL_BYTES
    + """
local uri, version, count = arg[1], tonumber(arg[2]), 0
local c = mqtt.Client.connect(uri, {cleanSession = true, protocolVersion = version,
  tls = tls})
c:addEventListener("error", function(e) print("error", e.code, e.message) end)
task.start(function()
  if not c:wait("connected") then return end
  local id = c:subscribe({{"eplua/#", 2}, "other"}, {qos = 1})
  local e = c:wait("subscribed")
  print(e.packetId == id, table.concat(e.results, "+"))
  for qos = 0, 2 do
    local id = c:publish("eplua/" .. qos, all:rep(100), {qos = qos})
    local message
    if qos > 0 then assert(c:wait("published").packetId == id) end
    message = c:wait("message")
    print(message.topic, message.payload == all:rep(100), message.retain)
  end
  c:unsubscribe("other")
  c:wait("unsubscribed")
  c:disconnect()
  assert(c:wait("closed"))
  print("closed")
end)
"""
)

EXCHANGED = [
    b"true\t2+1",
    *(b"eplua/%d\ttrue\tfalse" % qos for qos in range(3)),
    b"closed",
]


class AmqttTests(LoopbackTestCase):
    """The broker that is there wherever these tests run."""

    async def test_exchange(self) -> None:
        """Every QoS both ways, with every byte value."""
        port = await amqtt(self)
        lines = await self.run_lua(EXCHANGE, f"mqtt://127.0.0.1:{port}", "4")
        self.assertEqual(lines, EXCHANGED)
        self.assertEqual(self.errors, [])

    async def test_retained(self) -> None:
        port = await amqtt(self)
        lines = await self.run_lua(
            """
            local c = mqtt.Client.connect("127.0.0.1", {port = arg[1], cleanSession = true})
            c:publish("kept", "x", {retain = true, qos = 1})
            c:addEventListener("published", function() c:subscribe("kept") end)
            c:addEventListener("message", function(e)
              print(e.topic, e.payload, e.retain)
              c:disconnect()
            end)
            """,
            str(port),
        )
        self.assertEqual(lines, [b"kept\tx\ttrue"])

    async def test_examples(self) -> None:
        """examples/mqtt.lua, and the tour's step for MQTT."""
        uri = f"mqtt://127.0.0.1:{await amqtt(self)}"
        for script, expected in (
            ("mqtt.lua", b"Received:\teplua/example/greeting\tHello MQTT!\nClosed.\n"),
            ("tour.lua", b"ok      MQTT: every byte value, at each QoS\n"),
        ):
            example = start(
                self,
                sys.executable,
                "-m",
                "eplua_twisted.cli",
                str(ROOT / "examples" / script),
                uri,
            )
            self.assertEqual(await example.ended, 0, example.output)
            self.assertIn(expected, example.output)

    async def test_nobody_listens(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            lines = await self.run_lua(
                PRINT_EVENTS
                + "show(mqtt.Client.connect('localhost', {port = arg[1]}))",
                str(taken.getsockname()[1]),
            )
        self.assertEqual(lines, [b"error code=-3 message=Connection refused"])

    async def test_unknown_host(self) -> None:
        lines = await self.run_lua(
            PRINT_EVENTS + "show(mqtt.Client.connect('no-such-host.invalid'))"
        )
        self.assertEqual(lines, [b"error code=-6 message=Host not found"])

    async def test_close_while_connecting(self) -> None:
        """The socket that comes too late is closed; no event."""
        ended: Deferred[None] = Deferred()

        class Silent(Protocol):
            def connectionLost(self, reason: object = None) -> None:
                ended.callback(None)

        port = self.listen(Factory.forProtocol(Silent))
        lines = await self.run_lua(
            PRINT_EVENTS
            + "local c = show(mqtt.Client.connect('127.0.0.1', {port = arg[1]}))"
            " setTimeout(function() c:disconnect() end, 50)",
            str(port),
        )
        await ended
        self.assertEqual(lines, [])


class MosquittoTests(MosquittoTestCase):
    async def test_exchange(self) -> None:
        """Every QoS both ways, in both versions of MQTT."""
        broker = await self.broker()
        for version in ("4", "5"):
            self.lines.clear()
            lines = await self.run_lua(
                EXCHANGE, f"mqtt://localhost:{broker.port}", version
            )
            self.assertEqual(lines, EXCHANGED)

    async def test_websocket(self) -> None:
        broker = await self.broker("protocol websockets")
        for version in ("4", "5"):
            self.lines.clear()
            lines = await self.run_lua(
                EXCHANGE, f"ws://127.0.0.1:{broker.port}", version
            )
            self.assertEqual(lines, EXCHANGED)

    async def test_not_a_websocket(self) -> None:
        """And the other way round: an error, once, and nothing left open."""
        plain, ws = await self.broker(), await self.broker("protocol websockets")
        for uri in (f"ws://127.0.0.1:{plain.port}", f"mqtt://127.0.0.1:{ws.port}"):
            self.lines.clear()
            lines = await self.run_lua(
                PRINT_EVENTS + "show(mqtt.Client.connect(arg[1], {timeout = 3000}))",
                uri,
            )
            self.assertEqual(len(lines), 1, lines)
            self.assertTrue(lines[0].startswith(b"error code=-"), lines)

    async def test_password(self) -> None:
        """Right; wrong: code 5 of mosquitto, once, and no closed."""
        broker = Mosquitto(self, "allow_anonymous false", "password_file @")
        path = broker.write("passwords", "")
        tool = need_program("mosquitto_passwd")
        await start(self, tool, "-b", path, "user", "secret").ended
        configuration = broker.configuration.read_text().replace("@", path)
        broker.configuration.write_text(configuration)
        await broker.start()
        connect = (
            PRINT_EVENTS
            + """
            local c = show(mqtt.Client.connect("127.0.0.1", {port = arg[1],
              cleanSession = true, username = "user", password = arg[2],
              protocolVersion = tonumber(arg[3])}))
            c:addEventListener("connected", function() c:disconnect() end)
            """
        )
        for version, code in (("4", b"5"), ("5", b"5")):
            self.lines.clear()
            lines = await self.run_lua(connect, str(broker.port), "wrong", version)
            self.assertEqual(
                lines,
                [
                    b"error code="
                    + code
                    + b" message=Connection refused: not authorized"
                ],
            )
            self.lines.clear()
            lines = await self.run_lua(connect, str(broker.port), "secret", version)
            self.assertEqual(
                lines, [b"connected returnCode=0 sessionPresent=false", b"closed"]
            )

    async def test_refused_subscription(self) -> None:
        """-1 in its place, in both versions."""
        broker = await self.broker_with_rules()
        for version in ("4", "5"):
            self.lines.clear()
            lines = await self.run_lua(
                PRINT_EVENTS
                + """
                local c = show(mqtt.Client.connect("127.0.0.1", {port = arg[1],
                  cleanSession = true, protocolVersion = tonumber(arg[2])}))
                c:subscribe({"open/a", "closed/a"}, {qos = 1})
                c:addEventListener("subscribed", function() c:disconnect() end)
                """,
                str(broker.port),
                version,
            )
            self.assertEqual(lines[1], b"subscribed packetId=1 results=1+-1")

    async def test_will(self) -> None:
        """Delivered when the client is killed, not when it leaves."""
        broker = await self.broker()
        script = """
            local c = mqtt.Client.connect("127.0.0.1", {port = arg[1], cleanSession = true,
              lastWill = {topic = "gone", payload = arg[2], qos = 1, retain = true}})
            c:addEventListener("connected", function()
              print("here")
              if arg[2] == "left" then c:disconnect() end
            end)
        """
        await self.runtime.run_string(
            """
            c = mqtt.Client.connect("127.0.0.1", {port = arg[1], cleanSession = true})
            c:subscribe("gone", {qos = 1})
            c:addEventListener("subscribed", function() print("ready") end)
            c:addEventListener("message", function(e) print(e.payload, e.qos) c:disconnect() end)
            """,
            "@test.lua",
            str(broker.port),
        )
        await self.line(1)
        left = self.worker("-e", script, str(broker.port), "left")
        await left.ended
        killed = self.worker("-e", script, str(broker.port), "killed")
        await killed.says(b"here")
        await killed.kill()
        await self.line(2)
        await self.runtime.idle()
        self.assertEqual(self.lines, [b"ready", b"killed\t1"])

    async def test_session(self) -> None:
        """What came while the client was away; the broker says that it knew it."""
        broker = await self.broker()
        for version in ("4", "5"):
            self.lines.clear()
            lines = await self.run_lua(
                """
                local port, version = arg[1], tonumber(arg[2])
                local function connect(id, clean)
                  local c = mqtt.Client.connect("127.0.0.1", {port = port, clientId = id,
                    cleanSession = clean, protocolVersion = version})
                  print(id, c:wait("connected").sessionPresent)
                  return c
                end
                task.start(function()
                  local keeper = connect("keeper" .. version, false)
                  keeper:subscribe("news", {qos = 1})
                  keeper:wait("subscribed")
                  keeper:disconnect()
                  keeper:wait("closed")
                  local sender = connect("sender", true)
                  for i = 1, 3 do
                    sender:publish("news", i, {qos = 1})
                    sender:wait("published")
                  end
                  sender:disconnect()
                  keeper = mqtt.Client.connect("127.0.0.1", {port = port,
                    clientId = "keeper" .. version, protocolVersion = version})
                  local n = 0
                  keeper:addEventListener("message", function(e)
                    n = n + 1
                    print(e.payload)
                    if n == 3 then keeper:disconnect() end
                  end)
                  print(keeper:wait("connected").sessionPresent)
                end)
                """,
                str(broker.port),
                version,
            )
            self.assertEqual(
                lines,
                [
                    b"keeper" + version.encode() + b"\tfalse",
                    b"sender\tfalse",
                    b"true",
                    b"1",
                    b"2",
                    b"3",
                ],
            )

    async def test_hundreds_before_connected(self) -> None:
        """Published in one loop, at each QoS: all arrive, once, in order."""
        broker = await self.broker("max_queued_messages 0")
        for version in ("4", "5"):
            self.lines.clear()
            lines = await self.run_lua(
                """
                local c = mqtt.Client.connect("127.0.0.1", {port = arg[1],
                  cleanSession = true, protocolVersion = tonumber(arg[2])})
                c:subscribe("a/+", {qos = 2})
                for qos = 0, 2 do
                  for i = 1, 300 do c:publish("a/" .. qos, i, {qos = qos}) end
                end
                local got, total = {0, 0, 0}, 0
                c:addEventListener("message", function(e)
                  local n = e.qos + 1
                  got[n], total = got[n] + 1, total + 1
                  assert(tonumber(e.payload) == got[n], e.payload)
                  if total == 900 then
                    print(got[1], got[2], got[3])
                    c:disconnect()
                  end
                end)
                """,
                str(broker.port),
                version,
            )
            self.assertEqual(lines, [b"300\t300\t300"])
            self.assertEqual(self.errors, [])

    async def test_keep_alive(self) -> None:
        """A broker that is stopped (not closed) is noticed."""
        broker = await self.broker()
        await self.runtime.run_string(
            PRINT_EVENTS
            + "show(mqtt.Client.connect('127.0.0.1', {port = arg[1], keepAlivePeriod = 1}))",
            "@test.lua",
            str(broker.port),
        )
        await self.line(1)
        assert broker.peer is not None
        broker.peer.transport.signalProcess("STOP")
        await self.line(2)
        self.assertEqual(self.lines[1], b"closed")
        await self.runtime.idle()

    async def test_taken_over(self) -> None:
        """Another client with the same id: closed, once."""
        broker = await self.broker()
        for version in ("4", "5"):
            self.lines.clear()
            lines = await self.run_lua(
                PRINT_EVENTS
                + """
                local o = {port = arg[1], clientId = "same", cleanSession = true,
                  protocolVersion = tonumber(arg[2])}
                local first = show(mqtt.Client.connect("127.0.0.1", o))
                first:addEventListener("connected", function()
                  local second = mqtt.Client.connect("127.0.0.1", o)
                  first:addEventListener("closed", function() second:disconnect() end)
                end)
                """,
                str(broker.port),
                version,
            )
            self.assertEqual(
                lines, [b"connected returnCode=0 sessionPresent=false", b"closed"]
            )

    async def test_stop(self) -> None:
        """Runtime.stop sends what was published, and says goodbye: no will."""
        broker = await self.broker()
        await self.runtime.run_string(
            """
            task.start(function()
              c = mqtt.Client.connect("127.0.0.1", {port = arg[1], cleanSession = true,
                lastWill = {topic = "gone", payload = "x"}})
              c:wait("connected")
              for i = 1, 100 do c:publish("a", i, {qos = 1, retain = true}) end
              print("published")
            end)
            """,
            "@test.lua",
            str(broker.port),
        )
        await self.line(1)
        await self.runtime.stop()
        self.runtime = self.make_runtime()
        lines = await self.run_lua(
            """
            local c = mqtt.Client.connect("127.0.0.1", {port = arg[1], cleanSession = true})
            c:subscribe("#")
            c:addEventListener("message", function(e) print(e.payload) c:disconnect() end)
            """,
            str(broker.port),
        )
        self.assertEqual(lines, [b"published", b"100"])


class TLSTests(MosquittoTestCase):
    """Over TLS, and WebSocket over TLS, verified with our own authority."""

    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self)
        self.certificate = self.authority.issue("localhost", "127.0.0.1")

    async def secure(self, *listener: str, certificate: str = "") -> Mosquitto:
        file = certificate or self.certificate
        return await self.broker(
            f"cafile {self.authority.file}",
            f"certfile {file}",
            f"keyfile {file}",
            *listener,
        )

    async def exchange(self, uri: str, options: str) -> list[bytes]:
        self.lines.clear()
        return await self.run_lua(f"tls = {options}\n" + EXCHANGE, uri, "4")

    async def test_own_authority(self) -> None:
        """As a file and as text; by name and by address; whatever the URI says."""
        broker = await self.secure()
        text = "[[" + Path(self.authority.file).read_text() + "]]"
        for host in ("mqtts://localhost", "mqtt://127.0.0.1", "localhost"):
            for authority in (repr(self.authority.file), text):
                lines = await self.exchange(
                    f"{host}:{broker.port}",
                    f"{{certificateAuthority = {authority}}}",
                )
                self.assertEqual(lines, EXCHANGED)

    async def test_wss(self) -> None:
        broker = await self.secure("protocol websockets")
        lines = await self.exchange(
            f"wss://localhost:{broker.port}/mqtt",
            f"{{certificateAuthority = {self.authority.file!r}}}",
        )
        self.assertEqual(lines, EXCHANGED)

    async def test_unverified(self) -> None:
        """An unknown issuer, a wrong host: tls errors that name the ways out."""
        broker = await self.secure()
        other = await self.secure(certificate=self.authority.issue("other.example"))
        for port, options, reason in (
            (broker.port, "{}", b"unknown issuer"),
            (
                other.port,
                f"{{certificateAuthority = {self.authority.file!r}}}",
                b"wrong host",
            ),
            (
                other.port,
                f"{{useSNI = false, certificateAuthority = {self.authority.file!r}}}",
                b"wrong host",
            ),
        ):
            (line,) = await self.exchange(f"mqtts://localhost:{port}", options)
            self.assertTrue(
                line.startswith(b"error\t-8\tcertificate verify failed: " + reason)
                or b"self-signed" in line,
                line,
            )
            self.assertIn(b"allowUnauthorized", line)

    async def test_accepted_all_the_same(self) -> None:
        broker = await self.secure()
        for options in (
            "{allowUnauthorized = true}",
            f"{{certificateAuthority = {self.authority.file!r}, useSNI = false}}",
        ):
            lines = await self.exchange(f"mqtts://localhost:{broker.port}", options)
            self.assertEqual(lines, EXCHANGED)

    async def test_client_certificate(self) -> None:
        """As files, as text, and both in one text (HC3); without one: tls."""
        broker = await self.secure("require_certificate true")
        client = self.authority.issue("client.example")
        text = "[[" + Path(client).read_text() + "]]"
        authority = f"certificateAuthority = {self.authority.file!r}"
        directory = Path(self.mktemp()).resolve()
        directory.mkdir(parents=True)
        self.patch(tempfile, "tempdir", str(directory))
        for options in (
            f"clientCertificate = {client!r}, privateKey = {client!r}",
            f"clientCertificate = {text}, privateKey = {text}",
            f"clientCertificate = {text}",
        ):
            lines = await self.exchange(
                f"mqtts://localhost:{broker.port}", f"{{{authority}, {options}}}"
            )
            self.assertEqual(lines, EXCHANGED)
        self.assertEqual(list(directory.iterdir()), [])
        (line,) = await self.exchange(
            f"mqtts://localhost:{broker.port}", f"{{{authority}}}"
        )
        self.assertTrue(line.startswith(b"error\t-"), line)

    async def test_no_tls_there(self) -> None:
        broker = await self.broker()
        (line,) = await self.exchange(f"mqtts://localhost:{broker.port}", "{}")
        self.assertTrue(line.startswith(b"error\t-8\tTLS failed: "), line)
