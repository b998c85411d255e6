"""
RFC 6455 case by case, against an echo in both roles.

The groups are those of the Autobahn test suite, which itself needs Python 2.
"""

from __future__ import annotations

import zlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory import RemotePeer
from tests.support import ALL_BYTES
from tests.support.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    TEXT,
    ClientCase,
    Frame,
    ServerCase,
    close,
    frame,
    frames,
)

VALID = "κόσμε-µ@ßöäüàá-UTF-8!!".encode()

ECHO = """
ws:addEventListener("dataReceived", function(data, binary)
  if binary then ws:sendBinary(data) else ws:send(data) end
end)
"""


MESSAGES = st.lists(
    st.tuples(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.booleans()),
    max_size=5,
)
"""Messages as the payloads of their frames, and whether pings come between them."""

CUTS = st.lists(st.integers(1, 300), max_size=20)
"""Sizes of reads."""


class EchoCases:
    """Mixed into a case of one role: the test plays the other one."""

    mask: bytes | None = None

    peer: RemotePeer
    assertEqual: Any
    assertIn: Any
    assertTrue: Any
    subTest: Any

    def fresh(self, options: str = "", *headers: bytes) -> None:
        """A new connection whose other end sends back what it gets."""
        raise NotImplementedError

    def ended(self) -> tuple[int, bytes]:
        """Code and reason that the script was told."""
        raise NotImplementedError

    def data(self, *sent: tuple[Any, ...]) -> bytes:
        """Frames as C{(opcode, payload, fin, rsv)}, the last two if they matter."""
        return b"".join(
            frame(
                opcode,
                payload,
                fin=bool(more[0]) if more else True,
                rsv=more[1] if len(more) > 1 else 0,
                mask=self.mask,
            )
            for opcode, payload, *more in sent
        )

    def answers(self, data: bytes, piece: int = 0) -> list[tuple[int, bytes]]:
        """What comes back, as opcodes and payloads; sent in pieces of a size."""
        piece = piece or len(data)
        self.peer.send(*(data[at : at + piece] for at in range(0, len(data), piece)))
        found: list[Frame] = list(frames(self.peer.received()))
        return [(each.opcode, each.payload) for each in found]

    def check_echo(self, *sent: tuple[Any, ...], expected: Any = None) -> None:
        for piece in (0, 1):
            self.fresh()
            back = self.answers(self.data(*sent), piece)
            self.assertEqual(back, list(expected or [each[:2] for each in sent]))

    def check_failed(self, code: int, *sent: tuple[Any, ...], before: Any = ()) -> None:
        """The connection is failed with a code, after some good answers."""
        for piece in (0, 1):
            self.fresh()
            back = self.answers(self.data(*sent), piece)
            self.assertEqual(back[: len(before)], list(before))
            self.assertEqual(
                [(opcode, payload[:2]) for opcode, payload in back[len(before) :]],
                [(CLOSE, close(code))],
                sent,
            )
            self.assertEqual(self.ended()[0], code)


class Cases(EchoCases):
    # 1, 9: sizes.

    def test_sizes(self) -> None:
        for size in (0, 1, 125, 126, 127, 128, 65535, 65536, 65537):
            for opcode, byte in ((TEXT, b"*"), (BINARY, b"\xfe")):
                self.fresh()
                data = self.data((opcode, byte * size))
                self.assertEqual(self.answers(data), [(opcode, byte * size)])
                self.fresh()
                self.assertEqual(self.answers(data, 997), [(opcode, byte * size)])

    # 2: pings.

    def test_pings(self) -> None:
        for payload in (b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"):
            self.check_echo((PING, payload), expected=[(PONG, payload)])
        self.check_echo((PING, b"\xfe" * 125), expected=[(PONG, b"\xfe" * 125)])

    def test_many_pings(self) -> None:
        pings = [(PING, b"payload-%d" % number) for number in range(10)]
        self.check_echo(*pings, expected=[(PONG, payload) for _, payload in pings])

    def test_long_ping(self) -> None:
        self.check_failed(1002, (PING, b"\xfe" * 126))

    def test_unsolicited_pongs(self) -> None:
        self.check_echo((PONG, b"x"), (PING, b"y"), expected=[(PONG, b"y")])

    # 3: reserved bits.

    def test_reserved_bits(self) -> None:
        for rsv in range(1, 8):
            self.check_failed(1002, (TEXT, b"x", True, rsv))
            self.check_failed(1002, (PING, b"x", True, rsv))
            self.check_failed(
                1002, (TEXT, b"a"), (TEXT, b"b", True, rsv), before=[(TEXT, b"a")]
            )

    # 4: opcodes.

    def test_reserved_opcodes(self) -> None:
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            self.check_failed(1002, (opcode, b""))
            self.check_failed(
                1002,
                (TEXT, b"a"),
                (opcode, b"reserved"),
                (PING, b"late"),
                before=[(TEXT, b"a")],
            )

    # 5: fragments.

    def test_fragments(self) -> None:
        self.check_echo(
            (TEXT, b"frag", False),
            (CONTINUATION, b"ment"),
            expected=[(TEXT, b"fragment")],
        )
        self.check_echo(
            (BINARY, b"a", False),
            (CONTINUATION, b"", False),
            (CONTINUATION, b"b", False),
            (CONTINUATION, b""),
            (TEXT, b"c"),
            expected=[(BINARY, b"ab"), (TEXT, b"c")],
        )

    def test_control_frames_between_fragments(self) -> None:
        self.check_echo(
            (TEXT, b"frag", False),
            (PING, b"1"),
            (CONTINUATION, b"ment", False),
            (PING, b"2"),
            (PONG, b"x"),
            (CONTINUATION, b"s"),
            expected=[(PONG, b"1"), (PONG, b"2"), (TEXT, b"fragments")],
        )

    def test_fragmented_control_frames(self) -> None:
        for opcode in (PING, PONG, CLOSE):
            self.check_failed(1002, (opcode, b"", False), (CONTINUATION, b""))

    def test_continuation_of_nothing(self) -> None:
        for fin in (True, False):
            self.check_failed(1002, (CONTINUATION, b"x", fin), (TEXT, b"hello"))
        self.check_failed(
            1002,
            (TEXT, b"a", False),
            (CONTINUATION, b"b"),
            (CONTINUATION, b"c"),
            before=[(TEXT, b"ab")],
        )

    def test_message_within_a_message(self) -> None:
        for opcode in (TEXT, BINARY):
            self.check_failed(1002, (TEXT, b"a", False), (opcode, b"b"))

    # 6: UTF-8.

    def test_valid_text(self) -> None:
        for text in (
            VALID,
            b"",
            "\0\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff\ufeff\ufffd".encode(),
            "\ud7ff\ue000".encode(),
        ):
            self.check_echo((TEXT, text))
            cut = [text[at : at + 1] for at in range(len(text))]
            self.check_echo(
                (TEXT, b"", False),
                *((CONTINUATION, each, False) for each in cut),
                (CONTINUATION, b""),
                expected=[(TEXT, text)],
            )

    def test_invalid_text(self) -> None:
        for text in (
            b"\xff",
            b"\x80",
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xed\xa0\x80",
            b"\xed\xbf\xbf",
            b"\xf4\x90\x80\x80",
            b"\xf8\x88\x80\x80\x80",
            b"\xce",
            VALID[:-1] + b"\xed",
            VALID + b"\xed\xa0\x80edited",
        ):
            self.check_failed(1007, (TEXT, text))
            self.check_failed(1007, (TEXT, text[:1], False), (CONTINUATION, text[1:]))

    def test_invalid_text_fails_at_once(self) -> None:
        """Before the rest of the message, or of its frame, has come."""
        self.fresh()
        back = self.answers(self.data((TEXT, VALID + b"\xf4\x90", False)))
        self.assertEqual(back[0][1][:2], close(1007))
        self.fresh()
        back = self.answers(self.data((TEXT, b"ok\xff" + bytes(1000)))[:20])
        self.assertEqual(back[0][1][:2], close(1007))

    def test_bytes_are_no_text(self) -> None:
        self.check_echo((BINARY, ALL_BYTES))

    # 7: closing.

    def test_close_is_echoed(self) -> None:
        for payload in (b"", *(close(code) for code in (1000, 1001, 1002, 1003))):
            self.check_echo((CLOSE, payload))
        for code in (1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
            self.check_echo((CLOSE, close(code, "grüß dich".encode())))
        self.check_echo((CLOSE, close(1000, b"*" * 123)))

    def test_what_was_told_of_a_close(self) -> None:
        for payload, told in (
            (close(4000, b"bye"), (4000, b"bye")),
            (close(1001), (1001, b"")),
            (b"", (1005, b"")),
        ):
            self.fresh()
            self.answers(self.data((CLOSE, payload)))
            self.peer.close()
            self.assertEqual(self.ended(), told)

    def test_nothing_follows_a_close(self) -> None:
        self.check_echo(
            (CLOSE, close(1000)),
            (TEXT, b"late"),
            (PING, b"late"),
            (CLOSE, close(1000)),
            expected=[(CLOSE, close(1000))],
        )
        self.check_echo(
            (TEXT, b"begun", False),
            (CLOSE, close(1000)),
            (CONTINUATION, b"late"),
            expected=[(CLOSE, close(1000))],
        )

    def test_bad_close_codes(self) -> None:
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999):
            self.check_failed(1002, (CLOSE, close(code)))
        for code in (5000, 65535):
            self.check_failed(1002, (CLOSE, close(code, b"reason")))

    def test_bad_close_frames(self) -> None:
        self.check_failed(1002, (CLOSE, b"\x03"))
        self.check_failed(1002, (CLOSE, close(1000, b"*" * 124)))
        self.check_failed(1007, (CLOSE, close(1000, VALID + b"\xed\xa0\x80")))

    # Masks, and lengths that are longer than they need be.

    def test_mask_of_the_wrong_side(self) -> None:
        self.fresh()
        back = self.answers(frame(TEXT, b"x", mask=None if self.mask else MASK))
        self.assertEqual(back[0][1][:2], close(1002))
        self.assertEqual(self.ended()[0], 1002)

    def test_lengths_are_minimal(self) -> None:
        bit, mask = (0x80, self.mask) if self.mask else (0, b"")
        for length in (
            bytes([bit | 126, 0, 125]),
            bytes([bit | 127]) + (65535).to_bytes(8, "big"),
            bytes([bit | 127]) + (2**63).to_bytes(8, "big"),
        ):
            self.fresh()
            back = self.answers(bytes([0x80 | BINARY]) + length + mask)
            self.assertIn(back[0][1][:2], (close(1002), close(1009)))

    # 12, 13: compression.

    def compressed(self, data: bytes, level: int = 6) -> bytes:
        deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
        return (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def test_compressed(self) -> None:
        for text in (b"", b"Hello", VALID * 1000):
            for level in (0, 6):
                self.fresh("", b"permessage-deflate; client_no_context_takeover")
                sent = self.data((TEXT, self.compressed(text, level), True, 4))
                ((opcode, payload),) = self.answers(sent)
                inflate = zlib.decompressobj(-15)
                self.assertEqual(opcode, TEXT)
                self.assertEqual(
                    inflate.decompress(payload + b"\x00\x00\xff\xff"), text
                )

    def test_compressed_fragments(self) -> None:
        data = self.compressed(ALL_BYTES * 100)
        self.fresh("", b"permessage-deflate")
        self.answers(
            self.data(
                (BINARY, data[:50], False, 4),
                (PING, b""),
                (CONTINUATION, data[50:51], False),
            )
        )
        ((_, payload),) = self.answers(self.data((CONTINUATION, data[51:])))
        back = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
        self.assertEqual(back, ALL_BYTES * 100)

    def test_bad_compression(self) -> None:
        for sent, code in (
            ((BINARY, b"\xff\xff\xff\xff", True, 4), 1007),
            ((PING, b"x", True, 4), 1002),
            ((TEXT, self.compressed(b"\xff"), True, 4), 1007),
            ((TEXT, b"x", True, 2), 1002),
        ):
            self.fresh("", b"permessage-deflate")
            back = self.answers(self.data(sent))
            self.assertEqual(back[0][1][:2], close(code), sent)
            self.assertEqual(self.ended()[0], code)

    def test_bomb(self) -> None:
        """1009 when the bound is met, not when all was inflated."""
        self.fresh("{maxMessageSize = 10000}", b"permessage-deflate")
        bomb = self.compressed(bytes(50_000_000))
        back = self.answers(self.data((BINARY, bomb, True, 4)))
        self.assertEqual([each[1][:2] for each in back], [close(1009)])
        self.assertEqual(self.ended()[0], 1009)

    # All of it at once.

    def check_cut_anywhere(
        self, messages: list[tuple[list[bytes], bool]], cuts: list[int]
    ) -> None:
        """How messages are cut into frames, and frames into reads, changes nothing."""
        self.fresh()
        sent: list[tuple[Any, ...]] = []
        expected: list[tuple[int, bytes]] = []
        for parts, ping in messages:
            last = len(parts) - 1
            for number, part in enumerate(parts):
                opcode = CONTINUATION if number else BINARY
                sent.append((opcode, part, number == last))
                if ping:
                    sent.append((PING, part[:125]))
                    expected.append((PONG, part[:125]))
            at = len(expected) - 1 if ping else len(expected)
            # The answer to the last ping comes behind the message.
            expected.insert(at, (BINARY, b"".join(parts)))
        data = self.data(*sent)
        chunks = []
        for cut in cuts:
            chunks.append(data[:cut])
            data = data[cut:]
        self.peer.send(*filter(None, [*chunks, data]))
        back = [(each.opcode, each.payload) for each in frames(self.peer.received())]
        self.assertEqual(back, expected)


class ClientConformanceTests(Cases, ClientCase):
    """A script's client."""

    def fresh(self, options: str = "", *extensions: bytes) -> None:
        self.lines.clear()
        options = options or ("{}" if extensions else "{compression = false}")
        server = self.connect(options)
        self.run_lua(ECHO)
        server.open(*(b"Sec-WebSocket-Extensions: " + each for each in extensions))
        self.peer = server

    def ended(self) -> tuple[int, bytes]:
        self.turn(2)
        _, code, reason, _ = self.lines[-1].split(b"\t")
        return int(code), reason

    @settings(max_examples=60, deadline=None)
    @given(MESSAGES, CUTS)
    def test_cut_anywhere(
        self, messages: list[tuple[list[bytes], bool]], cuts: list[int]
    ) -> None:
        """How messages are cut into frames, and frames into reads, changes nothing."""
        self.check_cut_anywhere(messages, cuts)


class ServerConformanceTests(Cases, ServerCase):
    """A script's server."""

    mask = MASK
    served = ""

    def fresh(self, options: str = "", *extensions: bytes) -> None:
        self.lines.clear()
        if not self.reactor.ports or options != self.served:
            self.serve(options)
            self.served = options
        self.lines.clear()
        self.peer = self.client(
            b"/", *(b"Sec-WebSocket-Extensions: " + each for each in extensions)
        )

    def ended(self) -> tuple[int, bytes]:
        self.turn(2)
        _, code, reason = self.lines[-1].split(b"\t")
        return int(code), reason

    @settings(max_examples=60, deadline=None)
    @given(MESSAGES, CUTS)
    def test_cut_anywhere(
        self, messages: list[tuple[list[bytes], bool]], cuts: list[int]
    ) -> None:
        """How messages are cut into frames, and frames into reads, changes nothing."""
        self.check_cut_anywhere(messages, cuts)
