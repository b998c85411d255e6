"""Files: ranges, conditions, files compressed beforehand, what is outside."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.http_server.conditions import ranges
from tests.support import ALL_BYTES, RemotePeer
from tests.support.http_server import ServerTestCase

CONTENT = ALL_BYTES * 4


class FileTestCase(ServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp()).resolve()
        self.root.mkdir(parents=True)
        (self.root / "all.bin").write_bytes(CONTENT)
        (self.root / "page.html").write_text("<p>page</p>")
        self.peer = self.files()

    def files(self) -> RemotePeer:
        self.run_lua(
            "server = net.HTTPServer()"
            f" server:static('/f', {str(self.root)!r}) server:start('127.0.0.1', 0)"
        )
        return self.client()

    def fetch(
        self, path: str, *headers: str, method: str = "GET"
    ) -> tuple[bytes, bytes]:
        """Head and body of an answer."""
        lines = "".join(f"{each}\r\n" for each in headers)
        self.peer.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        self.reactor.settle()
        head, _, body = self.peer.received().partition(b"\r\n\r\n")
        return head, body


class FileTests(FileTestCase):
    def test_a_file_with_its_type(self) -> None:
        head, body = self.fetch("/f/page.html")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
        self.assertIn(b"\r\nContent-Type: text/html\r\n", head)
        self.assertEqual(body, b"<p>page</p>")
        self.assertEqual(self.fetch("/f/all.bin")[1], CONTENT)

    def test_head_has_no_body(self) -> None:
        head, body = self.fetch("/f/all.bin", method="HEAD")
        self.assertIn(b"\r\nContent-Length: 1024", head)
        self.assertEqual(body, b"")

    def test_the_whole_url_as_target(self) -> None:
        """RFC 9112, 3.2.2."""
        _, body = self.fetch("http://host:80/f/page.html")
        self.assertEqual(body, b"<p>page</p>")

    def test_what_is_not_there(self) -> None:
        for path in (
            "/f/none",
            "/f/" + "x" * 5000,
            "/f/%00",
            "/f/..%2fpage.html",
            "/g",
        ):
            self.assertIn(b" 404 ", self.fetch(path)[0], path)

    def test_a_large_file_leaves_in_turns(self) -> None:
        (self.root / "large").write_bytes(b"x" * 5_000_000)
        self.assertEqual(len(self.fetch("/f/large")[1]), 5_000_000)

    def test_a_file_that_became_shorter_cuts_the_answer_off(self) -> None:
        (self.root / "large").write_bytes(b"x" * 5_000_000)
        self.peer.send(b"GET /f/large HTTP/1.1\r\nHost: x\r\n\r\n")
        os.truncate(self.root / "large", 10)
        self.reactor.settle()
        self.assertEqual(self.peer.ending, "reset")

    def test_a_file_that_is_not_ours_to_read(self) -> None:
        os.mkfifo(self.root / "pipe")
        self.assertIn(b" 404 ", self.fetch("/f/pipe")[0])


class ConditionTests(FileTestCase):
    def test_what_the_client_has_is_not_sent(self) -> None:
        head, _ = self.fetch("/f/page.html")
        found = re.search(rb"ETag: (.*)\r\n", head + b"\r\n")
        when = re.search(rb"Last-Modified: (.*)\r\n", head)
        assert found is not None and when is not None
        for condition in (
            f"If-None-Match: {found[1].decode()}",
            f'If-None-Match: "x", W/{found[1].decode()}',
            "If-None-Match: *",
            f"If-Modified-Since: {when[1].decode()}",
        ):
            head, body = self.fetch("/f/page.html", condition)
            self.assertIn(b" 304 Not Modified", head, condition)
            self.assertEqual(body, b"")
        for condition in ('If-None-Match: "x"', "If-Modified-Since: nonsense"):
            self.assertIn(b" 200 ", self.fetch("/f/page.html", condition)[0])


class RangeTests(FileTestCase):
    def test_one_part(self) -> None:
        for wanted, part in (
            ("0-9", CONTENT[:10]),
            ("1000-", CONTENT[1000:]),
            ("-5", CONTENT[-5:]),
            ("1020-9999", CONTENT[1020:]),
        ):
            head, body = self.fetch("/f/all.bin", f"Range: bytes={wanted}")
            self.assertIn(b" 206 Partial Content\r\n", head)
            self.assertEqual(body, part, wanted)
        self.assertIn(b"Content-Range: bytes 1020-1023/1024", head)

    def test_a_few_parts(self) -> None:
        head, body = self.fetch("/f/all.bin", "Range: bytes=0-1,4-5")
        self.assertIn(b"multipart/byteranges; boundary=", head)
        self.assertIn(b"Content-Range: bytes 0-1/1024\r\n\r\n\x00\x01\r\n--", body)
        self.assertIn(b"Content-Range: bytes 4-5/1024\r\n\r\n\x04\x05\r\n--", body)
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length is not None
        self.assertEqual(int(length[1]), len(body))

    def test_many_parts_or_more_than_all_are_the_whole(self) -> None:
        """Else a small request makes a large answer."""
        for wanted in (
            ",".join(["0-"] * 50),
            ",".join(f"{at}-{at}" for at in range(9)),
            "0-,0-",
        ):
            head, body = self.fetch("/f/all.bin", f"Range: bytes={wanted}")
            self.assertIn(b" 200 ", head, wanted)
            self.assertEqual(body, CONTENT)

    def test_none_inside_is_416(self) -> None:
        head, _ = self.fetch("/f/all.bin", "Range: bytes=1024-")
        self.assertIn(b" 416 ", head)
        self.assertIn(b"Content-Range: bytes */1024", head)

    def test_what_is_no_range_is_ignored(self) -> None:
        for wanted in (
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes",
            "lines=0-1",
            "bytes=5-2,x",
            "bytes=5-2",
            "bytes=0-1,5-2",
        ):
            self.assertIn(b" 200 ", self.fetch("/f/all.bin", f"Range: {wanted}")[0])

    def test_only_of_the_file_that_the_client_has(self) -> None:
        head, _ = self.fetch("/f/all.bin", "Range: bytes=0-1", 'If-Range: "other"')
        self.assertIn(b" 200 ", head)


class ReadyMadeTests(FileTestCase):
    def test_a_compressed_file_beside_is_sent_to_those_who_accept_it(self) -> None:
        compressed = gzip.compress(b"<p>page</p>")
        (self.root / "page.html.gz").write_bytes(compressed)
        head, body = self.fetch("/f/page.html", "Accept-Encoding: br, gzip;q=0.5")
        self.assertIn(b"\r\nContent-Encoding: gzip\r\n", head)
        self.assertIn(b"\r\nContent-Type: text/html\r\n", head)
        self.assertIn(b"\r\nVary: Accept-Encoding\r\n", head)
        self.assertEqual(body, compressed)
        for accepted in ("Accept-Encoding: br", "Accept-Encoding: gzip;q=0", "X: y"):
            head, body = self.fetch("/f/page.html", accepted)
            self.assertNotIn(b"Content-Encoding", head)
            self.assertIn(b"\r\nVary: Accept-Encoding\r\n", head)
            self.assertEqual(body, b"<p>page</p>")


class RangeProperties(SynchronousTestCase):
    @given(st.binary(max_size=40), st.integers(0, 100))
    def test_any_range_is_inside_or_the_whole(self, value: bytes, size: int) -> None:
        head = RequestHead(
            b"GET", b"/", 1, [(b"Range", b"bytes=" + value)], True, False
        )
        for first, last in ranges(head, size, b'"x"', 0) or []:
            self.assertTrue(0 <= first <= last < size)
