"""MQTT in memory: listeners, wait, and what keeps a program alive."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support import for_each_lua
from tests.support.mqtt import (
    MemoryBrokerTestCase,
    connack,
    message,
)


class ListenerTests(MemoryBrokerTestCase):
    def test_listeners_add_up(self) -> None:
        broker = self.connect()
        self.run_lua(
            """
            local function f() print("f") end
            c:addEventListener("message", f)
            c:removeEventListener("message", f)
            c:addEventListener("message", function() print("g") end)
            """
        )
        broker.says(message(b"a", b""))
        self.said("message dup=false payload= qos=0 retain=false topic=a", "g")

    def test_wait_gives_the_next_event(self) -> None:
        """In a task; the end and a failure come as nil."""
        self.run_lua(
            """
            task.start(function()
              local c = mqtt.Client.connect("127.0.0.1")
              local e = c:wait("connected")
              print(e.sessionPresent)
              print(c:wait("message").payload)
              print(c:wait("message", 100))
              print(c:wait("message"))
              c = mqtt.Client.connect("127.0.0.1")
              print(c:wait("connected"))
            end)
            """
        )
        broker = self.accepted()
        broker.says(connack(), message(b"a", b"x"))
        self.turn()
        self.reactor.advance(0.2)
        self.turn()
        broker.reset()
        self.turn()
        self.refused(Refused())
        self.said(
            "false",
            "x",
            "nil\tOperation canceled\ttimeout",
            "nil\tConnection reset by peer\treset",
            "nil\tConnection refused\trefused",
        )

    def test_keeps_the_program_alive(self) -> None:
        self.begin()
        idle = self.runtime.idle()
        broker = self.accepted()
        broker.says(connack())
        self.turn(3)
        self.assertNoResult(idle)
        self.run_lua("c:unref()")
        self.turn(3)
        self.successResultOf(idle)
        self.lines.clear()


globals().update(for_each_lua(ListenerTests))
