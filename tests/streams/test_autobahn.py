"""Autobahn's client protocol over our own write buffer."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.streams.autobahn import BufferedWebSocketClient
from eplua_twisted.streams.opening import Opening
from tests.memory import MemoryReactor, RemotePeer
from tests.support import ALL_BYTES

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server puts behind the client's key (RFC 6455, 1.3)."""

ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)


class Client(BufferedWebSocketClient):
    opened = False
    ended = False

    def onOpen(self) -> None:
        self.opened = True

    def onClose(self, *how: Any) -> None:
        self.ended = True


def payload_of(frames: bytes) -> bytes:
    """The data of a client's frames (RFC 6455, 5.2), whose mask is taken off."""
    data = b""
    while frames:
        size, at = frames[1] & 127, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(frames[2:at], "big")
        mask, part = frames[at : at + 4], frames[at + 4 : at + 4 + size]
        whole = (mask * (size // 4 + 1))[:size]
        data += bytes(a ^ b for a, b in zip(part, whole, strict=True))
        frames = frames[at + 4 + size :]
    return data


class WebSocketCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        factory = WebSocketClientFactory("ws://127.0.0.1:80/", reactor=self.reactor)
        factory.setProtocolOptions(
            openHandshakeTimeout=0, serverConnectionDropTimeout=0
        )
        factory.noisy = False
        self.client = Client()
        self.client.opening = Opening("127.0.0.1", "/")
        self.client.factory = factory
        setattr(factory, "buildProtocol", lambda address: self.client)
        self.reactor.connectTCP("127.0.0.1", 80, factory)
        self.peer: RemotePeer = self.reactor.accept()
        self.request = self.peer.received()

    def open(self) -> None:
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", self.request)
        assert key is not None
        self.peer.send(ACCEPTED % b64encode(sha1(key[1] + GUID).digest()))
        self.assertTrue(self.client.opened)


class BufferedWebSocketTests(WebSocketCase):
    def test_every_byte(self) -> None:
        """A message reaches a peer that takes it, and nothing waits."""
        self.open()
        self.client.sendMessage(ALL_BYTES, True)
        self.assertEqual(payload_of(self.peer.received()), ALL_BYTES)
        self.assertEqual(self.client.amount, 0)

    def test_slow_peer(self) -> None:
        """What it does not take waits and is counted; later it gets all of it."""
        self.open()
        self.peer.stall()
        data = ALL_BYTES * 1024
        self.client.sendMessage(data, True)
        self.assertTrue(self.client.amount >= len(data))
        self.client.sendMessage(b"end", True)
        self.peer.take()
        frames = b""
        while self.client.amount:
            self.reactor.advance(0)
            frames += self.peer.received()
        self.assertEqual(payload_of(frames), data + b"end")

    def test_closed_in_good_order(self) -> None:
        """All that was sent goes first."""
        self.open()
        self.peer.stall()
        data = ALL_BYTES * 1024
        self.client.sendMessage(data, True)
        self.client.dropConnection(abort=False)
        self.reactor.advance(0)
        self.assertFalse(self.peer.gone)
        self.peer.take()
        frames = b""
        while not self.peer.gone:
            self.reactor.advance(0)
            frames += self.peer.received()
        self.assertEqual(payload_of(frames), data)
        self.assertTrue(self.client.ended)

    def test_aborted(self) -> None:
        """The connection is closed now, whatever waits."""
        self.open()
        self.peer.stall()
        self.client.sendMessage(ALL_BYTES * 1024, True)
        self.client.dropConnection(abort=True)
        self.reactor.advance(0)
        self.assertTrue(self.peer.gone)

    def test_nothing_waits_before_there_is_a_connection(self) -> None:
        self.assertEqual(Client().amount, 0)


class RefusedTests(WebSocketCase):
    def refusal(self, answer: bytes) -> tuple[str, str]:
        self.peer.send(answer)
        assert self.client.refused is not None
        return self.client.refused.code, self.client.refused.message

    def test_refused(self) -> None:
        code, message = self.refusal(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        self.assertEqual(code, "refused")
        self.assertIn("403", message)

    def test_not_a_websocket(self) -> None:
        code, _ = self.refusal(b"220 mail.example ESMTP\r\n\r\n")
        self.assertEqual(code, "protocol")

    def test_accepted(self) -> None:
        self.open()
        self.assertIsNone(self.client.refused)
