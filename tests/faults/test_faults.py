"""
Whatever the network does, each operation is answered once, with a code that the
contract has, and nothing is left open.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.faults.broker import BrokerFactory
from tests.faults.wires import Breaks, Broken, Late, SingleBytes
from tests.memory import Wire
from tests.support import LuaTestCase
from tests.support.authority import Authority

Offsets = tuple[tuple[int, ...], tuple[int, ...]]

CODES = {"ok", "eof", "reset", "timeout", "tls", "protocol", "state", "refused"}

HOWS: tuple[Breaks, ...] = ("end", "reset", "stall")

PRELUDE = """
function note(name, what) print(name .. " " .. what) end
function once(name, after)
  return {
    success = function(...) note(name, "ok") if after then after(true, ...) end end,
    error = function(message, code) note(name, code) if after then after(false) end end,
  }
end
tls = (...) ~= "" and { certificateAuthority = (...) } or nil
identity = (...) ~= "" and { certificate = select(2, ...), privateKey = select(2, ...) } or nil
"""

TCP = """
server = net.TCPServer({ idleTimeout = 4000, timeout = 4000, tls = identity })
server:start("127.0.0.1", 7000, function(client)
  client:readExactly(300, once("accepted read", function(ok, data)
    if ok then client:write(data .. data, once("accepted write")) end
    client:readAll(once("accepted end", function() client:close() end))
  end))
end)
client = net.TCPSocket({ timeout = 3000, tls = tls })
client:connect("localhost", 7000, once("connect", function(ok)
  if not ok then return end
  client:write(("x"):rep(300), once("write"))
  client:readExactly(600, once("read", function() client:close() end))
end))
"""

HTTP = """
server = net.HTTPServer({ timeout = 4000, tls = identity })
server:start("127.0.0.1", 7000, function(request, response)
  response:send(200, nil, request.body .. ("y"):rep(700))
end)
client = net.HTTPClient({ timeout = 3000, tls = tls })
local url = (tls and "https" or "http") .. "://localhost:7000/"
for i = 1, 2 do
  local params = once("request " .. i, function(ok, response)
    if ok then note("complete", tostring(#response.data == 1000)) end
  end)
  params.options = { method = "POST", data = ("x"):rep(300) }
  client:request(url, params)
end
"""

WEBSOCKET = """
server = net.WebSocketServer({ pingInterval = 1000, pingTimeout = 1000, tls = identity })
server:start("127.0.0.1", 7000, {
  connected = function() note("server opened", "ok") end,
  receive = function(id, data) server:send(id, data .. data) end,
  disconnected = function() note("server closed", "ok") end,
})
client = net.WebSocketClient({
  timeout = 3000, pingInterval = 1000, pingTimeout = 1000, tls = tls,
})
client:addEventListener("connected", function()
  note("attempt", "ok")
  client:send(("x"):rep(300))
end)
client:addEventListener("error", function(message, code) note("attempt", code) end)
client:addEventListener("disconnected", function() note("end", "ok") end)
client:addEventListener("dataReceived", function(data)
  note("message", tostring(#data == 600))
  client:close()
end)
client:connect((tls and "wss" or "ws") .. "://localhost:7000/")
"""

MQTT = """
client = mqtt.Client.connect((tls and "mqtts" or "mqtt") .. "://localhost:7000", {
  clientId = "c", keepAlivePeriod = 2, timeout = 3000, tls = tls,
})
client:addEventListener("connected", function()
  note("attempt", "ok")
  client:subscribe("t", { qos = 1 })
  client:publish("t", "payload", { qos = 1 })
end)
client:addEventListener("error", function(event) note("attempt", "ok") end)
client:addEventListener("message", function(event)
  note("message", tostring(event.payload == "payload"))
  client:disconnect()
end)
client:addEventListener("closed", function() note("end", "ok") end)
"""


class FaultTestCase(LuaTestCase):
    """
    @cvar script: a server and its client
    @cvar secure: they speak TLS
    @cvar always: what is answered in any case
    @cvar pairs: what comes as often as what it is the end of
    @cvar offsets: the bytes after which a direction breaks, client's and server's
    """

    script = ""
    secure = False
    broker = False
    always: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    offsets: Offsets = ((), ())

    authority: Authority | None = None

    def run_on(self, wire: Wire) -> Counter[str]:
        """What the script noted, and how often, on such a network."""
        self.lines.clear()
        self.reactor.network.wire = wire
        runtime = self.make_runtime()
        files = self.files() if self.secure else ("", "")
        port = self.listen(files[1]) if self.broker else None
        self.successResultOf(
            runtime.run_string(PRELUDE + self.script, "@test.lua", *files)
        )
        for _ in range(40):
            self.settle(wire)
            self.reactor.advance(0.25)
        self.settle(wire)
        if port is not None:
            port.stopListening()
        self.stop(runtime)
        self.reactor.settle()
        self.assertEqual(self.reactor.getReaders() + self.reactor.getWriters(), [])
        return Counter(line.decode() for line in self.lines)

    def settle(self, wire: Wire) -> None:
        self.reactor.settle(10_000)
        while isinstance(wire, Late) and wire.let_through():
            self.reactor.settle()

    def files(self) -> tuple[str, str]:
        """The authority's certificate, and a server's with its key."""
        made = type(self).authority
        if made is None:
            made = type(self).authority = Authority(self)
        return made.file, made.issue("localhost")

    def listen(self, identity: str) -> Any:
        factory: Any = BrokerFactory()
        if identity:
            from eplua_twisted.tls.context import server_context
            from eplua_twisted.tls.options import TLSOptions
            from eplua_twisted.tls.transport import below

            file = identity.encode()
            options = TLSOptions(certificate=file, private_key=file)
            factory = below(factory, server_context(options), self.reactor)
        return self.reactor.listenTCP(7000, factory, interface="127.0.0.1")

    def check(self, noted: Counter[str], fault: str) -> None:
        """Each operation has one answer, with a code that is known."""
        answers = Counter[str]()
        for line, times in noted.items():
            name, _, what = line.rpartition(" ")
            answers[name] += times
            if what != "true":
                self.assertIn(what, CODES, (fault, noted))
        for name in self.always:
            self.assertEqual(answers[name], 1, (fault, name, noted))
        for begin, end in self.pairs:
            self.assertEqual(noted[begin], answers[end], (fault, begin, end, noted))
        for name, times in answers.items():
            self.assertLessEqual(times, 2 if name == "complete" else 1, (fault, noted))
        self.assertEqual(self.errors, [], fault)


class ProtocolTests:
    """Mixed into the cases of the protocols."""

    expected: Counter[str] = Counter()

    def test_each_byte_by_itself(self: Any) -> None:
        noted = self.run_on(SingleBytes())
        self.check(noted, "single bytes")
        self.assertEqual(noted, self.expected)

    def test_late(self: Any) -> None:
        noted = self.run_on(Late())
        self.check(noted, "late")
        self.assertEqual(noted, self.expected)

    def test_one_direction_breaks(self: Any) -> None:
        """At each of some offsets: it ends, the connection breaks, or nothing comes."""
        for from_client, offsets in zip((True, False), self.offsets, strict=True):
            for at in offsets:
                for how in HOWS:
                    fault = (
                        f"{how} from {'client' if from_client else 'server'} at {at}"
                    )
                    noted = self.run_on(Broken(how, from_client, at))
                    self.check(noted, fault)


class TCPFaults(ProtocolTests, FaultTestCase):
    script = TCP
    always = ("connect",)
    pairs = (("connect ok", "write"), ("connect ok", "read"))
    offsets: Offsets = ((0, 1, 299), (0, 1, 599))
    expected = Counter(
        {
            f"{name} ok": 1
            for name in (
                "connect",
                "write",
                "read",
                "accepted read",
                "accepted write",
                "accepted end",
            )
        }
    )


class TLSFaults(TCPFaults):
    secure = True
    offsets: Offsets = ((0, 1, 100, 400, 700), (0, 1, 100, 1000, 1700, 2300))


class HTTPFaults(ProtocolTests, FaultTestCase):
    script = HTTP
    always = ("request 1", "request 2")
    offsets: Offsets = ((0, 1, 20, 200, 399), (0, 1, 9, 20, 80, 500, 1000))
    expected = Counter({"request 1 ok": 1, "request 2 ok": 1, "complete true": 2})


class HTTPSFaults(HTTPFaults):
    secure = True
    offsets: Offsets = ((0, 1, 100, 400, 800), (0, 1, 100, 1000, 1700, 2300, 2900))


class WebSocketFaults(ProtocolTests, FaultTestCase):
    script = WEBSOCKET
    always = ("attempt",)
    pairs = (("attempt ok", "end"), ("server opened ok", "server closed"))
    offsets: Offsets = ((0, 1, 100, 330, 400, 600), (0, 1, 20, 150, 250, 600, 800))
    expected = Counter(
        {
            "attempt ok": 1,
            "message true": 1,
            "end ok": 1,
            "server opened ok": 1,
            "server closed ok": 1,
        }
    )


class SecureWebSocketFaults(WebSocketFaults):
    secure = True
    offsets: Offsets = ((0, 1, 100, 400, 800, 1200), (0, 1, 100, 1000, 1700, 2300))


class MQTTFaults(ProtocolTests, FaultTestCase):
    script = MQTT
    broker = True
    always = ("attempt",)
    offsets: Offsets = ((0, 1, 10, 15, 20, 30), (0, 1, 3, 4, 6, 10, 15))
    expected = Counter({"attempt ok": 1, "message true": 1, "end ok": 1})


class SecureMQTTFaults(MQTTFaults):
    secure = True
    offsets: Offsets = ((0, 1, 100, 400, 600), (0, 1, 100, 1000, 1700, 2300))
