"""Options by name, from Lua's pairs to frozen dataclasses."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.options import (
    Options,
    count,
    flag,
    milliseconds,
    nested,
    option,
    repeated,
    text,
)


@dataclass(frozen=True)
class Inner(Options):
    name: str | None = option(b"serverName", text)
    protocols: tuple[bytes, ...] = repeated(b"alpn")


@dataclass(frozen=True)
class Outer(Options):
    timeout: float | None = option(b"timeout", milliseconds)
    interval: float = option(b"interval", milliseconds, 60.0)
    no_delay: bool = option(b"noDelay", flag, True)
    max_size: int = option(b"maxSize", count, 1024)
    host: str | None = option(b"localAddress", text)
    key: bytes | None = option(b"privateKey")
    header: tuple[bytes, ...] = repeated(b"header")
    names: tuple[str, ...] = repeated(b"name", text)
    tls: Inner | None = nested(b"tls", Inner)
    own: int = 7


@dataclass(frozen=True)
class Extended(Outer):
    backlog: int = option(b"backlog", count, 128)


class OptionsTests(SynchronousTestCase):
    def test_nothing_is_set(self) -> None:
        """Then there are the defaults."""
        self.assertEqual(Outer.from_pairs(()), Outer())
        self.assertEqual(
            Outer.from_pairs(()),
            Outer(None, 60.0, True, 1024, None, None, (), (), None, 7),
        )

    def test_milliseconds(self) -> None:
        """They become seconds; a negative time is none."""
        for sent, kept in ((1500, 1.5), (0, 0.0), (-3, 0.0), (0.5, 0.0005)):
            with self.subTest(sent=sent):
                self.assertEqual(Outer.from_pairs((b"timeout", sent)).timeout, kept)

    def test_flag(self) -> None:
        self.assertIs(Outer.from_pairs((b"noDelay", False)).no_delay, False)

    def test_count(self) -> None:
        """A whole number that Lua has as a float is an C{int}."""
        size = Outer.from_pairs((b"maxSize", 4096.0)).max_size
        self.assertEqual((size, type(size)), (4096, int))

    def test_text_is_decoded(self) -> None:
        self.assertEqual(
            Outer.from_pairs((b"localAddress", "höst".encode())).host, "höst"
        )

    @given(st.binary())
    def test_text_loses_nothing(self, data: bytes) -> None:
        host = Outer.from_pairs((b"localAddress", data)).host
        assert host is not None
        self.assertEqual(host.encode("utf-8", "surrogateescape"), data)

    def test_bytes(self) -> None:
        """Without a conversion a value stays what it is."""
        every = bytes(range(256))
        self.assertEqual(Outer.from_pairs((b"privateKey", every)).key, every)

    def test_repeated(self) -> None:
        """Names and values of headers by turns, in their order."""
        options = Outer.from_pairs(
            (
                *(b"header", b"A", b"header", b"1", b"name", b"x"),
                *(b"header", b"A", b"header", b"2", b"name", b"y"),
            )
        )
        self.assertEqual(options.header, (b"A", b"1", b"A", b"2"))
        self.assertEqual(options.names, ("x", "y"))

    def test_nested(self) -> None:
        options = Outer.from_pairs(
            (
                *(b"tls", True, b"tls.serverName", b"example.org"),
                *(b"maxSize", 5, b"tls.alpn", b"h2", b"tls.alpn", b"http/1.1"),
            )
        )
        self.assertEqual(options.tls, Inner("example.org", (b"h2", b"http/1.1")))
        self.assertEqual(options.max_size, 5)

    def test_empty_nested(self) -> None:
        """A table without options is there all the same."""
        self.assertEqual(Outer.from_pairs((b"tls", True)).tls, Inner())

    def test_nested_switched_off(self) -> None:
        self.assertIsNone(Outer.from_pairs((b"tls", False)).tls)

    def test_subclass(self) -> None:
        """It has its own options and those of its base, in either order of use."""
        pairs = (b"backlog", 5, b"maxSize", 6)
        options = Extended.from_pairs(pairs)
        self.assertEqual((options.backlog, options.max_size), (5, 6))
        self.assertRaises(ValueError, Outer.from_pairs, pairs)
        self.assertEqual(Extended.from_pairs(pairs), options)

    def test_frozen(self) -> None:
        options = Outer.from_pairs((b"maxSize", 5))
        with self.assertRaises(FrozenInstanceError):
            options.max_size = 6  # type: ignore[misc]

    def test_equal_options_are_one_key(self) -> None:
        """Those of the same pairs are equal and have the same hash."""
        pairs = (b"tls", True, b"tls.alpn", b"h2")
        one, two = Outer.from_pairs(pairs), Outer.from_pairs(pairs)
        self.assertEqual({one: 1}[two], 1)


class BugTests(SynchronousTestCase):
    """What only a bug in the Lua library can send."""

    def refused(self, *pairs: object) -> str:
        return str(self.assertRaises(ValueError, Outer.from_pairs, pairs))

    def test_unknown_name(self) -> None:
        self.assertEqual(self.refused(b"maxsize", 1), "Outer has no option b'maxsize'")

    def test_field_without_a_name_in_lua(self) -> None:
        self.assertEqual(self.refused(b"own", 1), "Outer has no option b'own'")

    def test_unknown_name_inside(self) -> None:
        self.assertEqual(
            self.refused(b"tls", True, b"tls.x", 1), "Inner has no option b'x'"
        )

    def test_inside_of_what_is_not_there(self) -> None:
        self.assertEqual(
            self.refused(b"tls.alpn", b"h2"), "Outer has no option b'tls.alpn'"
        )

    def test_an_option_given_twice_is_refused(self) -> None:
        self.assertEqual(
            self.refused(b"maxSize", 1, b"maxSize", 2),
            "the option b'maxSize' came twice",
        )

    def test_name_without_value(self) -> None:
        self.refused(b"maxSize")
