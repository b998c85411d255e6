"""URLs of any scheme; those of http have more tests in tests/http_client."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.streams import urls

PORTS = {"ws": 80, "wss": 443}


def parse(text: str) -> urls.URL:
    return urls.parse(text, PORTS)


class URLTests(SynchronousTestCase):
    def test_schemes(self) -> None:
        """Those that are asked for, and no others; the message names them."""
        self.assertEqual(parse("WSS://h/").origin, ("wss", "h", 443))
        for text in ("http://h/", "h/x", "", "mqtt://h", "ws"):
            problem = self.assertRaises(OperationError, parse, text)
            self.assertEqual(problem.message, "ws or wss URL")

    def test_path(self) -> None:
        """What must not be sent is escaped, all else goes out as written."""
        for text, path in (
            ("ws://h", "/"),
            ("ws://h?q", "/?q"),
            ("ws://h/?", "/?"),
            ("ws://h/a b", "/a%20b"),
            ("ws://h/ü", "/%C3%BC"),
            ("ws://h/\udcff", "/%FF"),
            ("ws://h/a%20b/%zz", "/a%20b/%zz"),
        ):
            self.assertEqual(parse(text).path, path)

    def test_control_characters(self) -> None:
        for text in ("ws://h/\r\nX: y", "ws://h\n/", "ws://h/\0", "ws://h/\x7f"):
            problem = self.assertRaises(OperationError, parse, text)
            self.assertEqual(problem.message, "URL without control characters")

    def test_zone(self) -> None:
        """RFC 6874: it is used here, and nobody else is told."""
        for text in ("ws://[fe80::1%25lo]:81/", "ws://[fe80::1%lo]:81/"):
            url = parse(text)
            self.assertEqual(url.host, "fe80::1%lo")
            self.assertEqual(url.authority, "[fe80::1]:81")
            self.assertEqual(url.text, "ws://[fe80::1%25lo]:81/")

    def test_authority(self) -> None:
        """A port that the scheme has by default is not named (RFC 9110, 4.2.3)."""
        for text, authority in (
            ("ws://my_device:80/", "my_device"),
            ("wss://h:80/", "h:80"),
            ("wss://user:word@h:443/", "h"),
            ("ws://[::1]/", "[::1]"),
            ("ws://bücher.example:8080", "xn--bcher-kva.example:8080"),
        ):
            self.assertEqual(parse(text).authority, authority)

    def test_authorization(self) -> None:
        """RFC 7617, 2."""
        url = parse("ws://Aladdin:open%20sesame@h/")
        self.assertEqual(url.authorization, b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        self.assertEqual(url.text, "ws://h/")
        self.assertIsNone(parse("ws://h/").authorization)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """What is sent is visible ASCII; anything else is refused."""
        for whole in (text, "ws://" + text, "ws://h/" + text, f"ws://[{text}]/"):
            try:
                url = parse(whole)
            except OperationError:
                continue
            self.assertRegex(url.path, r"\A/[\x21-\x7e]*\Z")
            # A host that cannot exist is not asked for.
            least = 1 if url.can_exist else 0
            self.assertRegex(url.authority, rf"\A[\x21-\x7e]{{{least},}}\Z")
