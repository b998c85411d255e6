"""Whole messages in one frame: written and read without autobahn, and with the same end."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.streams.autobahn import BufferedWebSocket, BufferedWebSocketClient
from eplua_twisted.streams.opening import Opening
from eplua_twisted.websocket.frames import SHORT, mask, read_frame, write_frame
from eplua_twisted.websocket.options import ClientOptions, ServerOptions
from eplua_twisted.websocket.protocol import ClientProtocol, ServerProtocol
from eplua_twisted.websocket.settings import client_settings, server_settings
from tests.support import ALL_BYTES
from tests.support.chunks import cut
from tests.support.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    TEXT,
    accept_value,
    close,
    frame,
    frames,
    masked,
)

BOUND = 100_000

SIZES = (0, 1, 3, 4, 125, 126, 127, SHORT - 1, SHORT, SHORT + 1, 65535, 65536, 70_000)


class FrameTests(SynchronousTestCase):
    def test_examples_of_the_specification(self) -> None:
        """RFC 6455, 5.7."""
        for data, payload, is_binary, is_masked in (
            (b"\x81\x05Hello", b"Hello", False, False),
            (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", b"Hello", False, True),
            (b"\x82\x7e\x01\x00" + ALL_BYTES, ALL_BYTES, True, False),
            (
                b"\x82\x7f\0\0\0\0\0\x01\0\0" + bytes(65536),
                bytes(65536),
                True,
                False,
            ),
        ):
            read = read_frame(data, 0, is_masked, BOUND)
            self.assertEqual(read, (payload, is_binary, len(data)))
            if not is_masked:
                self.assertEqual(write_frame(payload, is_binary, False), data)

    def test_written(self) -> None:
        """As another reader takes them, in the shortest form."""
        for size in SIZES:
            payload = (ALL_BYTES * (size // 256 + 1))[:size]
            for is_masked in (False, True):
                sent = write_frame(payload, True, is_masked)
                (got,) = frames(sent)
                self.assertEqual(got, (BINARY, payload, True, 0, is_masked))
                shortest = len(frame(BINARY, payload, mask=MASK if is_masked else None))
                self.assertEqual(len(sent), shortest)

    def test_masks_differ(self) -> None:
        keys = {write_frame(b"", False, True)[2:6] for _ in range(20)}
        self.assertTrue(len(keys) > 15, keys)

    def test_masked(self) -> None:
        for size in SIZES:
            payload = (ALL_BYTES * (size // 256 + 1))[:size]
            self.assertEqual(mask(payload, MASK), masked(payload, MASK))
            self.assertEqual(mask(mask(payload, MASK), MASK), payload)

    def test_each_part_is_left(self) -> None:
        """And the whole is taken, wherever it begins."""
        for size in (0, 5, 126):
            whole = frame(TEXT, b"x" * size, mask=MASK)
            for end in range(len(whole)):
                self.assertIs(read_frame(whole[:end], 0, True, BOUND), None)
            self.assertEqual(
                read_frame(b"??" + whole + b"?", 2, True, BOUND),
                (b"x" * size, False, 2 + len(whole)),
            )

    def test_left_to_autobahn(self) -> None:
        for what, data in {
            "no mask": frame(TEXT, b"x"),
            "a part of a message": frame(TEXT, b"x", fin=False, mask=MASK),
            "its rest": frame(CONTINUATION, b"x", mask=MASK),
            "compressed": frame(TEXT, b"x", rsv=4, mask=MASK),
            "a reserved bit": frame(BINARY, b"x", rsv=1, mask=MASK),
            "a close": frame(CLOSE, close(1000), mask=MASK),
            "a ping": frame(PING, b"x", mask=MASK),
            "a reserved opcode": frame(3, b"x", mask=MASK),
            "no UTF-8": frame(TEXT, b"\xff", mask=MASK),
            "half a character": frame(TEXT, b"\xc3", mask=MASK),
            "a surrogate": frame(TEXT, b"\xed\xa0\x80", mask=MASK),
            "2 bytes for 125": b"\x81\xfe\0\x7d" + MASK + bytes(125),
            "8 bytes for 65535": b"\x81\xff\0\0\0\0\0\0\xff\xff" + MASK + bytes(65535),
            "too long": frame(BINARY, bytes(BOUND + 1), mask=MASK),
        }.items():
            self.assertIs(read_frame(data, 0, True, BOUND), None, what)
        self.assertIs(read_frame(frame(TEXT, b"x", mask=MASK), 0, False, 0), None)

    def test_no_bound(self) -> None:
        data = frame(BINARY, bytes(BOUND + 1))
        self.assertTrue(read_frame(data, 0, False, 0))


class Transport(StringTransport):
    """With what TCP has besides."""

    def loseWriteConnection(self) -> None:
        self.loseConnection()

    def setTcpNoDelay(self, enabled: bool) -> None: ...

    def setTcpKeepAlive(self, enabled: bool) -> None: ...


class Recorder:
    """The owner of a protocol; notes what it is told, and may close on a message."""

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.told: list[Any] = []

    def received(self, data: bytes, is_binary: bool) -> None:
        self.told.append((data, is_binary))
        if data == b"close":
            self.protocol.send_close(1000, b"asked")
        elif data == b"finish":
            self.protocol.finish()

    def connected(self) -> None: ...

    def opened(self, subprotocol: str | None) -> None: ...

    def ponged(self, data: bytes) -> None:
        self.told.append(("pong", data))

    def leaving(self) -> None:
        self.told.append("leaving")

    def failed(self, code: int, reason: str) -> None:
        self.told.append(("failed", code, reason))

    def lost(self, code: int, reason: str, clean: bool, failure: Failure) -> None:
        self.told.append(("lost", code, reason, clean))


class SlowServer(ServerProtocol):
    """Autobahn reads everything."""

    dataReceived = BufferedWebSocket.dataReceived


class SlowClient(ClientProtocol):
    """Autobahn reads everything."""

    dataReceived = BufferedWebSocketClient.dataReceived


def opened(kind: Any) -> Any:
    """A protocol behind its opening handshake."""
    protocol = kind()
    protocol.owner = Recorder(protocol)
    if issubclass(kind, ClientProtocol):
        options = ClientOptions(max_message_size=BOUND)
        protocol.factory = client_settings(options, None)
        protocol.opening = Opening("h", "/")
        protocol.makeConnection(Transport())
        key = accept_value(protocol.websocket_key)
        protocol.dataReceived(
            b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n"
        )
    else:
        protocol.factory = server_settings(ServerOptions(max_message_size=BOUND), None)
        protocol.makeConnection(Transport())
        protocol.state, protocol.websocket_version = protocol.STATE_OPEN, 13
        protocol.inside_message, protocol.current_frame = False, None
    protocol.transport.clear()
    return protocol


places = st.lists(st.integers(0, 300), max_size=4)

payloads = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
    st.sampled_from([b"close", b"finish", b"\xff", b"x" * 126, b"x" * (BOUND + 1)]),
)


def sent(mask_of_peer: bytes | None) -> st.SearchStrategy[bytes]:
    """Frames, most of them right, and now and then anything."""
    whole = st.builds(
        lambda opcode, payload: frame(opcode, payload, mask=mask_of_peer),
        st.sampled_from([TEXT, BINARY]),
        payloads,
    )
    any_frame = st.builds(
        lambda opcode, payload, fin, rsv, key: frame(
            opcode, payload, fin=fin, rsv=rsv, mask=key
        ),
        st.sampled_from([TEXT, BINARY, *range(16)]),
        payloads,
        st.sampled_from([True, True, False]),
        st.sampled_from([0, 0, 0, 4, 1]),
        st.sampled_from([mask_of_peer, mask_of_peer, None, MASK]),
    )
    # Longer forms of the length than it needs.
    bit, key = (0x80, mask_of_peer) if mask_of_peer else (0, b"")
    lengths = st.sampled_from(
        [
            bytes((0x82, bit | 126, 0, 3)) + key + b"abc",
            bytes((0x82, bit | 127, 0, 0, 0, 0, 0, 0, 0, 3)) + key + b"abc",
            bytes((0x82, bit | 127, 255, 0, 0, 0, 0, 0, 0, 3)) + key + b"abc",
        ]
    )
    other = st.one_of(any_frame, any_frame, lengths, st.binary(max_size=6))
    pieces = st.one_of(whole, other)
    return st.lists(pieces, max_size=6).map(b"".join)


class SameAsAutobahnTests(SynchronousTestCase):
    """Whatever comes, in whatever pieces: what is told and answered is the same."""

    def check(self, fast: Any, slow: Any, chunks: list[bytes]) -> None:
        ends = []
        for kind in (fast, slow):
            protocol = opened(kind)
            for chunk in chunks:
                protocol.dataReceived(chunk)
            answered = [
                each._replace(masked=False)
                for each in frames(protocol.transport.value())
            ]
            ends.append((protocol.owner.told, answered, protocol.state))
        self.assertEqual(*ends)

    @settings(max_examples=150, deadline=None)
    @given(sent(MASK), places)
    def test_server(self, data: bytes, places: list[int]) -> None:
        self.check(ServerProtocol, SlowServer, cut(data, places))

    @settings(max_examples=150, deadline=None)
    @given(sent(None), places)
    def test_client(self, data: bytes, places: list[int]) -> None:
        self.check(ClientProtocol, SlowClient, cut(data, places))

    def test_the_fast_way_is_taken_again(self) -> None:
        """Behind a frame that came in two parts, and behind a ping."""
        text = frame(TEXT, b"text", mask=MASK)
        for first, second in (
            (text[:3], text[3:] + text * 2),
            (frame(PING, b"x", mask=MASK), text * 3),
        ):
            protocol = opened(ServerProtocol)
            protocol.dataReceived(first)
            protocol.dataReceived(second)
            self.assertEqual(protocol.owner.told, [(b"text", False)] * 3)
            self.assertFalse(protocol.data)
