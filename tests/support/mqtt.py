"""Brokers for the tests: one in memory that does what it is told, and real ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support import (
    LoopbackTestCase,
    LuaTestCase,
    Peer,
    RemotePeer,
    free_port,
    serve_peer,
    start,
)
from tests.support.programs import need_program

PRINT_EVENTS = """
function show(client)
  for _, name in ipairs({"connected", "closed", "message", "error", "subscribed",
      "unsubscribed", "published"}) do
    client:addEventListener(name, function(e)
      local parts = {}
      for key, value in pairs(e) do
        if type(value) == "table" then value = table.concat(value, "+") end
        parts[#parts + 1] = key .. "=" .. tostring(value)
      end
      table.sort(parts)
      print(name .. (parts[1] and " " or "") .. table.concat(parts, " "))
    end)
  end
  return client
end
"""
"""A Lua function that prints all events of a client, with their fields in order."""


# Packets, as MQTT 3.1.1 has them.


def packet(kind: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, byte = divmod(rest, 128)
        length += bytes([byte | (128 if rest else 0)])
        if not rest:
            return bytes([kind]) + length + body


def number(value: int) -> bytes:
    return value.to_bytes(2, "big")


def text(value: bytes) -> bytes:
    return number(len(value)) + value


def connack(code: int = 0, present: bool = False) -> bytes:
    return packet(0x20, bytes([present, code]))


def message(
    topic: bytes,
    payload: bytes,
    qos: int = 0,
    packet_id: int = 0,
    dup: bool = False,
    retain: bool = False,
) -> bytes:
    kind = 0x30 | qos << 1 | dup << 3 | retain
    return packet(kind, text(topic) + (number(packet_id) if qos else b"") + payload)


def answer(kind: int, packet_id: int, more: bytes = b"") -> bytes:
    return packet(kind, number(packet_id) + more)


PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK = 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0
PINGREQ, PINGRESP, DISCONNECT = b"\xc0\0", b"\xd0\0", b"\xe0\0"


class RemoteBroker(RemotePeer):
    """A connection's far end, where MQTT is spoken."""

    def packets(self) -> list[bytes]:
        """What the client has sent since the last time, packet by packet."""
        data, found = self.received(), []
        while data:
            length = shift = 0
            at = 1
            while True:
                length |= (data[at] & 127) << shift
                shift += 7
                at += 1
                if data[at - 1] < 128:
                    break
            found.append(data[: at + length])
            data = data[at + length :]
        return found

    def says(self, *packets: bytes) -> None:
        """The broker sends."""
        self.send(b"".join(packets))


class MemoryBrokerTestCase(LuaTestCase):
    """Scripts whose broker is the test: C{c} is their client."""

    def setUp(self) -> None:
        super().setUp()
        self.run_lua(PRINT_EVENTS)

    def begin(self, options: str = "", uri: str = "mqtt://127.0.0.1") -> None:
        self.run_lua(f"c = show(mqtt.Client.connect('{uri}', {{ {options} }}))")

    def accepted(self) -> RemoteBroker:
        """The client's newest attempt gets a connection."""
        broker = self.reactor.accept(kind=RemoteBroker)
        self.turn()
        return broker

    def refused(self, reason: Exception) -> None:
        """The client's newest attempt gets none."""
        self.reactor.refuse(reason)
        self.turn()

    def connect(self, options: str = "", present: bool = False) -> RemoteBroker:
        """A client whose broker has accepted it; C{connected} is not in C{lines}."""
        self.begin(options)
        broker = self.accepted()
        broker.packets()
        broker.says(connack(0, present))
        self.turn()
        self.lines.clear()
        return broker

    def said(self, *lines: str) -> None:
        """These lines were printed since the last time."""
        self.turn(3)
        self.assertEqual(self.lines, [each.encode() for each in lines])
        self.assertEqual(self.errors, [])
        self.lines.clear()

    def pass_time(self, seconds: float) -> None:
        """Let the time pass in small steps."""
        for _ in range(int(seconds * 4)):
            self.reactor.advance(0.25)

    def nothing_open(self) -> None:
        self.turn(2)
        self.run_lua("print(eplua.stats().MQTTClient)")
        self.assertEqual(self.lines.pop(), b"nil")


# Real brokers.

DYNAMIC_SECURITY = next(
    iter(sorted(Path("/usr/lib").rglob("mosquitto_dynamic_security.so"))), None
)

RULES = """
{"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true,
  "subscribe": true, "unsubscribe": true},
 "clients": [], "anonymousGroup": "anyone",
 "groups": [{"groupname": "anyone", "roles": [{"rolename": "anyone"}]}],
 "roles": [{"rolename": "anyone", "acls": [
   {"acltype": "publishClientSend", "topic": "closed/#", "allow": false},
   {"acltype": "subscribePattern", "topic": "closed/#", "allow": false}]}]}
"""
"""Nobody may publish or subscribe to C{closed/#}."""


class Mosquitto:
    """
    A mosquitto in its own process, that can be killed and started again.

    @param listener: further lines for its configuration
    """

    def __init__(self, case: TestCase, *listener: str) -> None:
        program = need_program("mosquitto")
        self._case = case
        self._directory = Path(os.path.abspath(case.mktemp()))
        self._directory.mkdir(parents=True)
        self.port = free_port()
        lines = ["per_listener_settings false"]
        if "protocol websockets" in listener:
            # With no other one mosquitto 2.0 takes itself for not listening.
            lines.append(f"listener {free_port()} 127.0.0.1")
        lines += [
            f"listener {self.port} 127.0.0.1",
            *listener,
            "user root",
            "persistence true",
            f"persistence_location {self._directory}/",
            # Else each exchange waits 40 ms for a delayed TCP ACK.
            "set_tcp_nodelay true",
            "log_dest stderr",
            "log_type all",
        ]
        if not any(each.startswith("allow_anonymous") for each in lines):
            lines.append("allow_anonymous true")
        self.configuration = self._directory / "mosquitto.conf"
        self.configuration.write_text("\n".join(lines) + "\n")
        self._program = program
        self.peer: Peer | None = None

    def write(self, name: str, content: str) -> str:
        """@return: the path of a file beside its configuration"""
        path = self._directory / name
        path.write_text(content)
        path.chmod(0o600)
        return str(path)

    async def start(self) -> Mosquitto:
        self.peer = start(self._case, self._program, "-c", str(self.configuration))
        await self.peer.says(b" running")
        return self

    async def stop(self, signal: str = "KILL") -> None:
        assert self.peer is not None
        await self.peer.kill(signal)


class MosquittoTestCase(LoopbackTestCase):
    """Scripts whose broker is mosquitto."""

    def setUp(self) -> None:
        need_program("mosquitto")
        super().setUp()

    async def broker(self, *listener: str) -> Mosquitto:
        return await Mosquitto(self, *listener).start()

    async def broker_with_rules(self) -> Mosquitto:
        """One that keeps L{RULES}."""
        broker = Mosquitto(
            self, f"plugin {DYNAMIC_SECURITY}", "plugin_opt_config_file @"
        )
        rules = broker.write("rules", RULES)
        configuration = broker.configuration.read_text().replace("@", rules)
        broker.configuration.write_text(configuration)
        return await broker.start()

    def worker(self, *arguments: str) -> Peer:
        """A script in a process of its own."""
        return start(self, sys.executable, "-m", "eplua_twisted.cli", *arguments)


async def amqtt(case: TestCase) -> int:
    """
    Start the broker that C{make test} always has.

    @return: its port
    """
    return await serve_peer(case, "amqtt_broker.py")
