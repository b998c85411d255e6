"""MQTT in WebSocket messages, in memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from eplua_twisted.mqtt import stream as stream_module
from tests.support.mqtt import MemoryBrokerTestCase, answer, connack, message, packet
from tests.support.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    RemoteServer,
    close,
)

MQTT = b"Sec-WebSocket-Protocol: mqtt"


class WebSocketTests(MemoryBrokerTestCase):
    def attempt(self, options: str = "", uri: str = "ws://127.0.0.1") -> RemoteServer:
        """The client's opening handshake has come."""
        self.begin(options, uri)
        server = self.reactor.accept(kind=RemoteServer)
        self.turn()
        return server

    def opened(self, options: str = "") -> RemoteServer:
        """A client whose broker has accepted it."""
        server = self.attempt(options)
        server.open(MQTT)
        self.turn()
        self.assertEqual([each.payload[0] for each in server.frames()], [0x10])
        server.frame(BINARY, connack())
        self.said("connected returnCode=0 sessionPresent=false")
        return server

    def test_packets_do_not_wait_for_the_broker(self) -> None:
        self.assertTrue(self.opened().no_delay)

    def test_asks_for_the_subprotocol_at_the_path(self) -> None:
        """6.0-3; the path is /mqtt where the URI has none, and escaped."""
        for uri, request in (
            ("ws://127.0.0.1", b"GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\n"),
            ("ws://127.0.0.1/", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"),
            (
                "ws://127.0.0.1:99/ä?b=c",
                b"GET /%C3%A4?b=c HTTP/1.1\r\nHost: 127.0.0.1:99",
            ),
            ("ws://[::1]:99", b"GET /mqtt HTTP/1.1\r\nHost: [::1]:99\r\n"),
        ):
            server = self.attempt(uri=uri)
            server.answer()
            self.assertTrue(server.request.startswith(request), server.request)
            self.assertEqual(server.values("Sec-WebSocket-Protocol"), ["mqtt"])

    def test_packets_are_binary_messages(self) -> None:
        server = self.opened()
        self.run_lua("c:publish('a', 'x', {qos = 1})")
        self.turn()
        (sent,) = server.frames()
        self.assertEqual(
            (sent.opcode, sent.payload), (BINARY, message(b"a", b"x", 1, 1))
        )
        server.frame(BINARY, answer(0x40, 1))
        self.said("published packetId=1")

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=20))
    def test_messages_are_no_packets(self, frames: list[tuple[int, bool]]) -> None:
        """Packets may be cut over messages and frames, or share one (6.0-4)."""
        server = self.opened()
        stream = b"".join(message(b"a", b"%d" % i) for i in range(20))
        first = True
        for size, fin in (*frames, (len(stream), True)):
            server.frame(BINARY if first else CONTINUATION, stream[:size], fin=fin)
            stream, first = stream[size:], fin
        self.said(
            *(
                f"message dup=false payload={i} qos=0 retain=false topic=a"
                for i in range(20)
            )
        )
        self.run_lua("c:disconnect()")
        self.turn(2)
        server.reset()
        self.said("closed")

    def test_leaves_in_good_order(self) -> None:
        """DISCONNECT, then a close frame."""
        server = self.opened()
        self.run_lua("c:disconnect()")
        self.turn()
        sent = server.frames()
        self.assertEqual(
            [(each.opcode, each.payload) for each in sent],
            [(BINARY, b"\xe0\0"), (CLOSE, close(1000))],
        )
        server.frame(CLOSE, close(1000))
        self.turn()
        server.close()
        self.said("closed")
        self.nothing_open()

    def test_a_broker_that_does_not_speak_mqtt(self) -> None:
        """One error, and no connection is left."""
        for headers, expected in (
            ((), "error code=-11 message=the peer speaks WebSocket, but not MQTT"),
            ((b"Sec-WebSocket-Protocol: other",), "error code=-11 message="),
        ):
            server = self.attempt()
            server.open(*headers)
            self.turn(3)
            self.assertEqual(len(self.lines), 1)
            self.assertIn(expected, self.lines[0].decode())
            self.assertTrue(server.gone)
            self.lines.clear()
            self.nothing_open()

    def test_a_server_without_websockets(self) -> None:
        server = self.attempt()
        server.send(server.answer(status=b"404 Not Found"))
        self.turn(3)
        self.assertEqual(len(self.lines), 1)
        self.assertTrue(self.lines[0].startswith(b"error code=-3 "), self.lines)
        self.lines.clear()
        self.nothing_open()

    def test_text_is_a_protocol_error(self) -> None:
        """6.0-1; also what follows it is not read any more."""
        server = self.opened()
        server.frame(TEXT, b"x")
        self.turn()
        self.assertTrue(server.gone)
        self.said("closed")
        server = self.attempt()
        server.open(MQTT)
        server.frame(TEXT, b"x")
        self.said("error code=-11 message=the broker sent text")

    def test_frames_are_not_kept(self) -> None:
        """One that never ends fills no memory; its packets are told."""
        server = self.opened("maxMessageSize = 100000")
        told = message(b"a", b"x")
        head = b"\x82\x7f" + (2**40).to_bytes(8, "big")
        server.send(head + told)
        self.said("message dup=false payload=x qos=0 retain=false topic=a")
        server.send(packet(0x30, bytes(99_000))[:4])
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(98):
            server.send(bytes(1000))
        self.assertLess(tracemalloc.get_traced_memory()[1], 1_000_000)

    def test_pongs_that_the_broker_does_not_read(self) -> None:
        """Then nothing more is read from it, until it does."""
        self.patch(stream_module, "MAX_ANSWERS", 10_000)
        server = self.opened()
        server.stall()
        for _ in range(200):
            if server.paused:
                break
            server.frame(PING, b"x" * 100)
        self.assertTrue(server.paused)
        server.take()
        self.reactor.settle()
        self.assertFalse(server.paused)
        server.frame(BINARY, message(b"a", b"x"))
        self.said("message dup=false payload=x qos=0 retain=false topic=a")
