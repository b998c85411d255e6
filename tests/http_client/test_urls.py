"""URLs: what is accepted, what is sent, what is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.urls import parse


class URLTests(SynchronousTestCase):
    def test_parts(self) -> None:
        url = parse("HTTPS://Example.COM/a/b?c=d#e")
        self.assertEqual(url.origin, ("https", "example.com", 443))
        self.assertEqual(url.path, "/a/b?c=d")
        self.assertEqual(url.text, "https://example.com/a/b?c=d")

    def test_accepted(self) -> None:
        for text, sent in (
            ("http://h", "http://h/"),
            (" http://h:80/ ", "http://h/"),
            ("http://h:8080?q", "http://h:8080/?q"),
            ("http://h/?", "http://h/?"),
            ("http://[::1]:81/x", "http://[::1]:81/x"),
            ("http://h/a b?c d", "http://h/a%20b?c%20d"),
            ("http://h/ü?ä=ö", "http://h/%C3%BC?%C3%A4=%C3%B6"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
            ("http://h/a%2Fb/%zz?x[]={1}", "http://h/a%2Fb/%zz?x[]=%7B1%7D"),
            ("http://h/\udcff", "http://h/%FF"),
        ):
            self.assertEqual(parse(text).text, sent)

    def test_refused(self) -> None:
        for text, expected in (
            ("", "http or https URL"),
            ("h/x", "http or https URL"),
            ("ftp://h/", "http or https URL"),
            ("file:///etc/passwd", "http or https URL"),
            ("javascript:alert(1)", "http or https URL"),
            ("http:", "URL with a host"),
            ("http:/h/x", "URL with a host"),
            ("http://h:0/", "URL with a port of 1..65535"),
            ("http://h\r\nX: y/", "URL without control characters"),
        ):
            problem = self.assertRaises(OperationError, parse, text)
            self.assertEqual((problem.code, problem.message), ("url", expected))
        for text in (
            "http://h:99999/",
            "http://h:x/",
            "http://[::1",
            "http://\u2100.x/",
        ):
            self.assertRaises(OperationError, parse, text)

    def test_what_cannot_be_a_name_is_known(self) -> None:
        """The URL can be told all the same; no such host is looked up."""
        for host, text in (
            ("a..b", "a..b"),
            ("a b", "a%20b"),
            ("", ""),
            (".\xe4", ".%C3%A4"),
        ):
            url = parse(f"http://{host}/")
            self.assertEqual((url.can_exist, url.text), (False, f"http://{text}/"))
        for host in ("a.b", "127.0.0.1", "[::1%25lo]", "b\xfccher"):
            self.assertTrue(parse(f"http://{host}/").can_exist, host)

    def test_user_and_password(self) -> None:
        url = parse("http://us%40er:pa%3Ass@h/")
        self.assertEqual(url.user, b"us@er:pa:ss")
        self.assertEqual(url.text, "http://h/")
        self.assertEqual(parse("http://user@h/").user, b"user:")

    def test_relative(self) -> None:
        for text, sent in (
            ("/x?y", "http://h:81/x?y"),
            ("x", "http://h:81/a/x"),
            ("../../x", "http://h:81/x"),
            ("?q", "http://h:81/a/b?q"),
            ("//other/x", "http://other/x"),
            ("https://other", "https://other/"),
        ):
            self.assertEqual(parse(text, "http://h:81/a/b").text, sent)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """What is sent is visible ASCII; anything else is refused."""
        for whole in (text, "http://" + text, "http://h/" + text):
            try:
                sent = parse(whole).text
            except OperationError:
                continue
            self.assertRegex(sent, r"\Ahttps?://[\x21-\x7e]+\Z")
