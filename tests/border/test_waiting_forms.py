"""
Every operation of every class waits in a task, and is cancelled with it; what it returns
is what lua/types/ says that C{success} gets.
"""

from __future__ import annotations

import re

from eplua_twisted.api import read
from eplua_twisted.files import lua_directory
from tests.support import LuaTestCase, for_each_lua
from tests.support.dtls import pems
from tests.support.kinds import KINDS, kinds_of

SETUP = (
    KINDS
    + """
local pem = ...
secure = {certificate = pem, privateKey = pem}
objects = {}
local function keep(object) objects[#objects + 1] = object return object end

function tcp(options)
  local socket = keep(net.TCPSocket(options))
  socket:connect("127.0.0.1", 7000)
  return socket
end
function udp(options)
  local socket = keep(net.UDPSocket(options))
  socket:bind("127.0.0.1", 0)
  return socket
end
function dtls()
  local socket = keep(net.UDPSocket({tls = {allowUnauthorized = true}}))
  socket:connect("127.0.0.1", 7002)
  return socket
end
local answers = {} -- one that is collected unanswered is warned of
function response(step)
  local q = task.queue()
  client = keep(net.TCPSocket())
  server = keep(net.HTTPServer())
  server:start("127.0.0.1", 0, function(_, answer)
    answers[#answers + 1] = answer
    q:put(answer)
  end)
  client:connect("127.0.0.1", server:port())
  client:write("GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
  return q:get()
end
new = function(kind, ...) return keep(net[kind](...)) end

local echo = keep(net.TCPServer())
echo:start("127.0.0.1", 7000, function(client)
  task.start(function()
    local data = client:read()
    if data == "bye" then return client:close() end
    while data do client:write(data) data = client:read() end
  end)
end, {})
local web = keep(net.HTTPServer())
web:start("127.0.0.1", 7001, function(_, answer) answer:send(200, {}, "body") end, {})
local chat = web:websocket("/ws", {connected = function() end})
local peers = keep(net.UDPSocket({tls = secure}))
peers:bind("127.0.0.1", 7002, {success = function()
  task.start(function()
    while true do
      local peer = peers:accept()
      if not peer then return end
      keep(peer)
      task.start(function() while true do
        local data = peer:receive()
        if not data then return end
        peer:send(data)
      end end)
    end
  end)
end})

function close_all()
  for i = 1, #objects do
    local object = objects[i]
    -- A server has stop, a client close.
    if tostring(object):find("Server") then object:stop({}) else object:close() end
  end
end
"""
)

OPERATIONS = {
    "TCPSocket": {
        "connect": "local s = new('TCPSocket') return s:connect('127.0.0.1', 7000)",
        "read": "local s = tcp() s:write('x', {}) return s:read()",
        "readExactly": "local s = tcp() s:write('xy', {}) return s:readExactly(1)",
        "readUntil": "local s = tcp() s:write('x\\n', {}) return s:readUntil('\\n')",
        "readAll": "local s = tcp() s:write('bye', {}) return s:readAll()",
        "write": "return tcp():write('x')",
        "send": "return tcp():send('x')",
        "startTLS": "local s = tcp({timeout = 50}) return s:startTLS()",
        "shutdown": "return tcp():shutdown()",
    },
    "TCPServer": {
        "start": "return new('TCPServer'):start('127.0.0.1', 0, print)",
        "stop": "local s = new('TCPServer') s:start('*', 0, print) return s:stop()",
    },
    "UDPSocket": {
        "bind": "return new('UDPSocket'):bind('127.0.0.1', 0)",
        "connect": "return udp():connect('127.0.0.1', 7000)",
        "sendTo": "return udp():sendTo('x', '127.0.0.1', 7000)",
        "receive": "local s, t = udp(), udp() local _, p = s:localAddress()"
        " t:sendTo('x', '127.0.0.1', p, {}) return s:receive()",
        "joinGroup": "return udp():joinGroup('224.0.0.251')",
        "leaveGroup": "return udp():leaveGroup('224.0.0.251')",
        "accept": "return udp():accept()",
    },
    "DTLSClient": {
        "bind": "return new('UDPSocket', {tls = true}):bind('127.0.0.1', 0)",
        "connect": "local s = new('UDPSocket', {tls = {allowUnauthorized = true}})"
        " return s:connect('127.0.0.1', 7002)",
        "sendTo": "return dtls():sendTo('x')",
        "receive": "local s = dtls() s:sendTo('x', nil, nil, {}) return s:receive()",
        "joinGroup": "return new('UDPSocket', {tls = true}):joinGroup('224.0.0.251')",
        "leaveGroup": "return new('UDPSocket', {tls = true}):leaveGroup('224.0.0.251')",
        "accept": "return new('UDPSocket', {tls = true}):accept()",
    },
    "DTLSServer": {
        "bind": "return new('UDPSocket', {tls = secure}):bind('127.0.0.1', 0)",
        "accept": "local s = udp({tls = secure}) local _, p = s:localAddress()"
        " new('UDPSocket', {tls = {allowUnauthorized = true}})"
        ":connect('127.0.0.1', p, {}) return s:accept()",
        "connect": "return udp({tls = secure}):connect('127.0.0.1', 1)",
        "sendTo": "return udp({tls = secure}):sendTo('x', '127.0.0.1', 1)",
        "receive": "return udp({tls = secure}):receive()",
    },
    "DTLSPeer": {
        "send": "local s = udp({tls = secure}) local _, p = s:localAddress()"
        " new('UDPSocket', {tls = {allowUnauthorized = true}})"
        ":connect('127.0.0.1', p, {}) return s:accept():send('x')",
        "receive": "local s = udp({tls = secure}) local _, p = s:localAddress()"
        " local c = new('UDPSocket', {tls = {allowUnauthorized = true}})"
        " c:connect('127.0.0.1', p, {success = function() c:sendTo('x') end})"
        " return s:accept():receive()",
    },
    "HTTPClient": {
        "request": "return"
        " net.HTTPClient({persistent = false}):request('http://127.0.0.1:7001/')",
    },
    "HTTPServer": {
        "start": "return new('HTTPServer'):start('127.0.0.1', 0, print)",
        "stop": "local s = new('HTTPServer') s:start('*', 0, print) return s:stop()",
    },
    "HTTPResponse": {
        "send": "return response():send(200, {}, 'x')",
        "writeHead": "return response():writeHead(200)",
        "write": "return response():write('x')",
        "finish": "return response():finish()",
    },
    "WebSocketClient": {
        "wait": "local w = new('WebSocketClient') w:connect('ws://127.0.0.1:7001/ws')"
        " return w:wait('connected')",
    },
    "WebSocketServer": {
        "start": "return new('WebSocketServer'):start('127.0.0.1', 0)",
        "stop": "local s = new('WebSocketServer') s:start('*', 0) return s:stop()",
    },
    "net": {"resolve": "return net.resolve('localhost')"},
    "mqtt": {
        "wait": "local c = mqtt.Client.connect('mqtt://127.0.0.1:7003')"
        " c:addEventListener('error', function() end)"
        " return c:wait('connected')",
    },
    "task": {
        "sleep": "return task.sleep(5)",
        "all": "return task.all(function() task.sleep(5) return 1 end)",
        "any": "return task.any(function() task.sleep(5) end)",
        "wait": "return task.start(function() task.sleep(5) end):wait()",
    },
    "TaskQueue": {
        "get": "local q = task.queue() setTimeout(function() q:put(1) end, 5)"
        " return q:get()",
        "put": "local q = task.queue(1) q:put(1)"
        " setTimeout(function() q:get() end, 5) return q:put(2)",
    },
}
"""What waits, by class and method: functions whose last wait is the operation."""

FAILING = {
    "TCPSocket.startTLS",
    "UDPSocket.accept",
    "DTLSClient.joinGroup",
    "DTLSClient.leaveGroup",
    "DTLSClient.accept",
    "DTLSServer.connect",
    "DTLSServer.sendTo",
    "DTLSServer.receive",
    "mqtt.wait",
}
"""Rows that end with an error: there is no peer for it, or the class refuses it."""

ROWS = {
    f"{kind}.{method}": code
    for kind, methods in OPERATIONS.items()
    for method, code in methods.items()
}


CLASSES = {"DTLSClient": "UDPSocket", "DTLSServer": "UDPSocket"}
"""Classes that have another name for scripts."""

API = read()


def described(name: str) -> list[str] | None:
    """What Lua calls the kinds of what an operation succeeds with; None: it is not said."""
    owner, _, method = name.partition(".")
    kind = f"net.{CLASSES.get(owner, owner)}"
    functions = API.methods(kind) if kind in API.classes else {}
    function = functions.get(method) or API.functions.get(name)
    if function is None or function.success is None:
        return None
    # Without values it returns true.
    return kinds_of(function.success) or ["boolean"]


class WaitingFormTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(SETUP, pems()[1].decode())
        self.reactor.settle()

    def go_on(self) -> None:
        """What the peers do has its time, and refused connections are refused."""
        for _ in range(12):
            self.reactor.advance(0.01)
            self.reactor.settle()
        for number, connector in enumerate(self.reactor.connectors):
            transport = getattr(connector, "transport", None)
            end = getattr(transport, "socket", None)
            if end is not None and end.state == "connecting":
                self.reactor.refuse(number=number)
        self.reactor.settle()

    def finish(self) -> None:
        """Nothing stays open, or under way, when the script's own things are closed."""
        self.run_lua("close_all()")
        self.go_on()
        for _ in range(10):
            # Responses that nobody gives have their time.
            self.reactor.advance(10)
            self.reactor.settle()
        idle = self.runtime.idle()
        self.reactor.settle()
        self.successResultOf(idle)
        self.assertEqual((self.errors, self.warnings), ([], []))


def add(name: str, code: str) -> None:
    def test_waits(self: WaitingFormTests) -> None:
        """It returns what it waited for, once, and not before the script had returned."""
        self.run_lua(
            f"task.start(function() print('got', kinds((function() {code} end)())) end)"
            " print('returned')"
        )
        self.assertEqual(self.lines.pop(0), b"returned")
        self.go_on()
        self.assertEqual(len(self.lines), 1, self.lines)
        got = self.lines[0].split(b"\t")
        self.assertGreater(len(got), 1, "neither results nor an error")
        self.assertEqual(got[0], b"got")
        self.assertEqual(got[1] == b"nil", name in FAILING, self.lines)
        if name in FAILING:
            self.assertEqual(got[1:], [b"nil", b"string", b"string"])
        elif (expected := described(name)) is not None:
            self.assertEqual([each.decode() for each in got[1:]], expected, name)
        self.finish()

    def test_cancelled(self: WaitingFormTests) -> None:
        """After any number of turns it ends with the cancel value, and leaves nothing."""
        for turns in (0, 1, 2, 4, 8):
            self.run_lua(
                f"""
                t = task.start(function()
                  print(pcall(function() {code} end))
                end)
                """
            )
            for _ in range(turns):
                self.reactor.advance(0)
            done = bool(self.lines)
            self.run_lua("t:cancel()")
            self.assertEqual(len(self.lines), 1, (turns, self.lines))
            if not done:
                self.assertEqual(self.lines, [b"false\ttask cancelled"], turns)
            self.lines.clear()
            self.reactor.settle()
            self.assertEqual((self.lines, self.errors), ([], []), turns)
        self.finish()

    for test in (test_waits, test_cancelled):
        setattr(WaitingFormTests, f"{test.__name__}_{name.replace('.', '_')}", test)


for _name, _code in ROWS.items():
    add(_name, _code)


class CompleteTests(LuaTestCase):
    def test_each_operation_is_in_the_table(self) -> None:
        """Those of lua/net; what is not an operation there does not wait."""
        names = set()
        for path in (lua_directory() / "net").glob("*.lua"):
            names.update(
                re.findall(
                    r"(?:operate|operate_with|step|membership)\((?:\w+, )?\"(\w+)\"",
                    path.read_text(),
                )
            )
        listed = {name.split(".")[1] for name in ROWS}
        self.assertGreater(len(names), 10)
        self.assertEqual(names - listed, set())


globals().update(for_each_lua(WaitingFormTests))
