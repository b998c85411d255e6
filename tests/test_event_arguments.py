"""Events and callbacks are given the arguments, and the tables, that lua/types/ describes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from twisted.internet.error import ConnectionRefusedError as Refused

from eplua_twisted.api import read
from eplua_twisted.api.definitions import arguments
from tests.support import LuaTestCase
from tests.support.kinds import KINDS, kinds_of
from tests.support.mqtt import (
    PUBACK,
    SUBACK,
    UNSUBACK,
    MemoryBrokerTestCase,
    answer,
    connack,
    message,
)

API = read()

WEBSOCKETS = """
local function heard(name)
  return function(...) print(name, kinds(...)) end
end
local server, client = net.WebSocketServer(), net.WebSocketClient()
local callbacks = {}
for _, name in ipairs({ "started", "accept", "connected", "receive", "disconnected" }) do
  callbacks[name] = heard("server " .. name)
end
server:start("127.0.0.1", 7000, callbacks)
net.WebSocketServer():start("127.0.0.1", 7000, { error = heard("server error") })
for _, name in ipairs({ "connected", "dataReceived", "disconnected", "error", "pong" }) do
  client:addEventListener(name, heard("client " .. name))
end
client:addEventListener("connected", function() client:send("x") client:ping("y") end)
client:addEventListener("pong", function()
  server:broadcast("x")
  setTimeout(function() client:send("\\255") client:close() server:stop() end, 5)
end)
client:connect("ws://127.0.0.1:7000/")
"""


class WebSocketArgumentTests(LuaTestCase):
    def described(self) -> Iterator[tuple[str, list[str]]]:
        for event in API.classes["net.WebSocketClient"].events:
            yield f"client {event.name}", kinds_of(event.arguments)
        for field in API.classes["net.WebSocketServerCallbacks"].fields:
            if field.type.startswith("fun("):
                (given,) = re.findall(r"^fun\(.*?\)", field.type)
                yield f"server {field.name}", kinds_of(arguments(given))

    def test_arguments(self) -> None:
        """Each event of a client and each callback of a server comes, with these."""
        self.run_lua(KINDS + WEBSOCKETS)
        for _ in range(30):
            self.reactor.advance(0.01)
            self.reactor.settle()
        said = {line.decode() for line in self.lines}
        self.assertEqual(
            said, {"\t".join([name, *kinds]) for name, kinds in self.described()}
        )


TABLES = """
local function show(class, table)
  for name in pairs(table) do print(class, name) end
end
local server = net.HTTPServer()
server:route("GET", "/:id", function(request, response)
  show("net.Request", request)
  response:send(200, {}, "x")
end)
server:websocket("/ws", { connected = function(_, info) show("net.WebSocketInfo", info) end })
server:start("127.0.0.1", 7000, nil, {})
local client = net.HTTPClient({ persistent = false })
client:request("http://127.0.0.1:7000/5", {
  success = function(response) show("net.HTTPClientResponse", response) end,
})
local socket = net.WebSocketClient()
socket:connect("ws://127.0.0.1:7000/ws")
setTimeout(function() socket:close() server:stop() end, 200)
"""


class FieldTests(LuaTestCase):
    def test_tables(self) -> None:
        """The tables that callbacks are given have the fields that are described."""
        self.run_lua(TABLES)
        for _ in range(40):
            self.reactor.advance(0.01)
            self.reactor.settle()
        found: dict[str, set[str]] = {}
        for line in self.lines:
            kind, _, name = line.decode().partition("\t")
            found.setdefault(kind, set()).add(name)
        self.assertEqual(len(found), 3, self.warnings)
        for kind, names in found.items():
            fields = API.fields(kind).values()
            self.assertLessEqual(names, {each.name for each in fields}, kind)
            self.assertLessEqual(
                {each.name for each in fields if not each.optional}, names, kind
            )


class MQTTArgumentTests(MemoryBrokerTestCase):
    def heard(self) -> Iterator[tuple[str, set[str]]]:
        """The events so far, and the names of their fields."""
        for line in self.lines:
            name, _, fields = line.decode().partition(" ")
            yield name, set(re.findall(r"(?:^| )(\w+)=", fields))

    def test_fields(self) -> None:
        """Each event comes, with its fields; some of them only at times."""
        self.begin()
        broker = self.accepted()
        broker.says(connack())
        self.turn(3)
        self.run_lua(
            "c:subscribe('a') c:publish('a', 'b', {qos = 1}) c:unsubscribe('a')"
        )
        self.turn()
        broker.says(
            answer(SUBACK, 1, b"\0"),
            answer(PUBACK, 2),
            answer(UNSUBACK, 3),
            message(b"a", b"b"),
            message(b"a", b"b", qos=1, packet_id=1),
        )
        self.turn(3)
        self.run_lua("c:disconnect()")
        self.turn(3)
        self.begin()
        self.refused(Refused())
        self.turn(3)
        heard = list(self.heard())
        events = {each.name: each for each in API.classes["mqtt.Client"].events}
        self.assertEqual({name for name, _ in heard}, set(events))
        for name, found in heard:
            fields = API.fields(events[name].arguments[0].type).values()
            needed = {each.name for each in fields if not each.optional}
            self.assertLessEqual(needed, found, name)
            self.assertLessEqual(found, {each.name for each in fields}, name)
