"""
Responses of odd servers: what they send, how they end, and what a script gets.

A row says C{status, body}, or the code of an error.  After what is sent the server closes
the connection; rows in L{RESET} end with a reset.
"""

from __future__ import annotations

import gzip
import zlib

import brotli

OK = b"HTTP/1.1 200 OK\r\n"
FIVE = b"Content-Length: 5\r\n\r\nhello"
TEXT = (200, b"hello")
EMPTY = (200, b"")
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"

Result = tuple[int, bytes] | str


def encoded(name: bytes, body: bytes) -> bytes:
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    return OK + b"Content-Encoding: " + name + b"\r\n" + length + body


GZIP = gzip.compress(b"hello", mtime=0)

STATUS_LINES: list[tuple[bytes, Result]] = [
    (OK + FIVE, TEXT),
    (b"HTTP/1.1 200\r\n" + FIVE, TEXT),
    (b"HTTP/1.1 200 \r\n" + FIVE, TEXT),
    (b"HTTP/1.1  200 OK\r\n" + FIVE, TEXT),
    (b"HTTP/1.1 200 OK \r\n" + FIVE, TEXT),
    (b"HTTP/1.1 200 \xc3\xbc\xff\r\n" + FIVE, TEXT),
    (b"HTTP/1.0 200 OK\r\n" + FIVE, TEXT),
    (b"HTTP/1.1 999 Odd\r\n" + FIVE, (999, b"hello")),
    (b"HTTP/1.1 404 No\r\n" + FIVE, (404, b"hello")),
    (b"HTTP/1.1 200 OK\n" + FIVE, TEXT),
    (b"\r\nHTTP/1.1 200 OK\r\n" + FIVE, TEXT),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + FIVE, TEXT),
    (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + FIVE, TEXT),
    (b"HTTP 200 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/1.1 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/1.1 2x0 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/1.1 20 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/1.1 2000 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/1.1 -20 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/1.1 200OK\r\n" + FIVE, "protocol"),
    (b"HTTP/9.9 200 OK\r\n" + FIVE, "protocol"),
    (b"HTTP/11 200 OK\r\n" + FIVE, "protocol"),
    (b"http/1.1 200 OK\r\n" + FIVE, "protocol"),
    (b"ICY 200 OK\r\n" + FIVE, "protocol"),
    (b"SSH-2.0-OpenSSH\r\n", "protocol"),
    (b"hello", "protocol"),
    (b"\0\0\0\0", "protocol"),
    (b"", "eof"),
    (b"HTTP/1.1 20", "eof"),
    (b"HTTP/1.1 101 Switching\r\n\r\n", "protocol"),
]

HEADERS: list[tuple[bytes, Result]] = [
    (OK + b"X: " + b"x" * 20_000 + b"\r\n" + FIVE, TEXT),
    (OK + b"X-Ger\xc3\xa4t: x\r\n" + FIVE, TEXT),
    (OK + b"X-\xff: \xff\xfe\r\n" + FIVE, TEXT),
    (OK + b"X:\r\n" + FIVE, TEXT),
    (OK + b"X Y: z\r\n" + FIVE, TEXT),
    (OK + b"X: a\r\n b\r\n" + FIVE, TEXT),
    (OK + b"X: a\r\n\tb\r\n" + FIVE, TEXT),
    (OK + b"X: a\nY: b\r\n" + FIVE, TEXT),
    (OK + b"X: a\r\n" * 90 + FIVE, TEXT),
    (OK + b"(),/:;<=>?@[\\]{}: x\r\n" + FIVE, TEXT),
    (OK + b"Set-Cookie: x=\xc3\xbc\r\nSet-Cookie: a=b\r\n" + FIVE, TEXT),
    (OK + b"Date: yesterday\r\nExpires: -1\r\n" + FIVE, TEXT),
    (OK + b"Connection: Keep-Alive, close\r\n" + FIVE, TEXT),
    (OK + b"no colon\r\n" + FIVE, "protocol"),
    (OK + b": no name\r\n" + FIVE, TEXT),
    (OK + b"X: " + b"x" * 300_000 + b"\r\n" + FIVE, "limit"),
    (OK + b"X: y\r\n" * 1100 + FIVE, "limit"),
]

LENGTHS: list[tuple[bytes, Result]] = [
    (OK + b"Content-Length:5\r\n\r\nhello", TEXT),
    (OK + b"Content-Length : 5\r\n\r\nhello", TEXT),
    (OK + b"Content-Length: +5\r\n\r\nhello", TEXT),
    (OK + b"Content-Length: 005\r\n\r\nhello", TEXT),
    (OK + b"content-length:   5   \r\n\r\nhello", TEXT),
    (OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", TEXT),
    (OK + b"Content-Length: 5, 5\r\n\r\nhello", TEXT),
    (OK + b"Content-Length: 0\r\n\r\n", EMPTY),
    (OK + b"Content-Length: 5\r\n\r\nhello and more", TEXT),
    (OK + b"\r\nhello", TEXT),
    (OK + b"\r\n", EMPTY),
    (b"HTTP/1.0 200 OK\r\n\r\nhello", TEXT),
    (b"HTTP/1.1 204 None\r\n\r\n", (204, b"")),
    (b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", (304, b"")),
    (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "protocol"),
    (OK + b"Content-Length: 5, 6\r\n\r\nhello", "protocol"),
    (OK + b"Content-Length: -5\r\n\r\nhello", "protocol"),
    (OK + b"Content-Length: five\r\n\r\nhello", "protocol"),
    (OK + b"Content-Length: 5 5\r\n\r\nhello", TEXT),
    (OK + b"Content-Length: 0x5\r\n\r\nhello", "protocol"),
    (OK + b"Content-Length:\r\n\r\nhello", TEXT),
    (OK + b"Content-Length: 99999999999999999999\r\n\r\nhello", "protocol"),
]

CHUNKS: list[tuple[bytes, Result]] = [
    (CHUNKED + b"5\r\nhello\r\n" + END, TEXT),
    (CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n" + END, TEXT),
    (CHUNKED + b"5  \r\nhello\r\n" + END, TEXT),
    (CHUNKED + b"5;\r\nhello\r\n" + END, TEXT),
    (CHUNKED + b'5;x="y"\r\nhello\r\n0;z\r\n\r\n', TEXT),
    (CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n", TEXT),
    (CHUNKED + b"5\nhello\n0\n\n", TEXT),
    (CHUNKED + b"5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", TEXT),
    (CHUNKED + END, EMPTY),
    (OK + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n" + END, TEXT),
    (OK + b"Transfer-Encoding: identity\r\n" + FIVE, TEXT),
    (OK + b"Transfer-Encoding: \r\n" + FIVE, TEXT),
    (
        OK
        + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        + END,
        TEXT,
    ),
    (CHUNKED + b"5\r\nhello\r\n", "eof"),
    (CHUNKED + b"5\r\nhel", "eof"),
    (CHUNKED, "eof"),
    (CHUNKED + b"5\r\nhelloX\r\n" + END, "protocol"),
    (CHUNKED + b"x\r\nhello\r\n" + END, "protocol"),
    (CHUNKED + b"-5\r\nhello\r\n" + END, "protocol"),
    (CHUNKED + b"0x5\r\nhello\r\n" + END, "protocol"),
    (CHUNKED + b"\r\nhello\r\n" + END, "protocol"),
    (CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nhello\r\n" + END, "protocol"),
    (CHUNKED + b"5;" + b"x" * 70_000 + b"\r\nhello\r\n" + END, "protocol"),
    (OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n" + END, "protocol"),
    (OK + b"Transfer-Encoding: rot13\r\n\r\nhello", "protocol"),
]

ENCODINGS: list[tuple[bytes, Result]] = [
    (encoded(b"gzip", GZIP), TEXT),
    (encoded(b"x-gzip", GZIP), TEXT),
    (encoded(b"GZip", GZIP), TEXT),
    (encoded(b"gzip", GZIP + GZIP), (200, b"hellohello")),
    (encoded(b"gzip", GZIP + bytes(8)), TEXT),
    (encoded(b"deflate", zlib.compress(b"hello")), TEXT),
    (encoded(b"deflate", zlib.compress(b"hello", wbits=-15)), TEXT),
    (encoded(b"br", brotli.compress(b"hello")), TEXT),
    (encoded(b"identity", b"hello"), TEXT),
    (encoded(b"", b"hello"), TEXT),
    (encoded(b"deflate, gzip", gzip.compress(zlib.compress(b"hello"), mtime=0)), TEXT),
    (encoded(b"gzip", b""), EMPTY),
    (encoded(b"gzip", b"hello"), "protocol"),
    (encoded(b"gzip", GZIP[:-8] + bytes(8)), "protocol"),
    (encoded(b"rot13", b"hello"), TEXT),
]

PARTS: list[tuple[bytes, Result]] = [
    (encoded(b"gzip", GZIP[:-4]), "protocol"),
    (encoded(b"gzip", GZIP[:-8]), "protocol"),
    (encoded(b"deflate", zlib.compress(b"hello")[:-2]), "protocol"),
    (OK + b"X: y", "eof"),
    (encoded(b"gzip", GZIP[:-9]), "protocol"),
    (encoded(b"gzip", GZIP[:12]), "protocol"),
    (encoded(b"deflate", zlib.compress(b"hello" * 99)[:9]), "protocol"),
    (encoded(b"deflate", zlib.compress(b"hello", wbits=-15)[:-2]), "protocol"),
    (encoded(b"br", brotli.compress(b"hello" * 99)[:-2]), "protocol"),
    (CHUNKED + b"5\r\nhello\r\n0\r\n", "eof"),
    (OK + b"Content-Length: 5\r\n\r\nhell", "eof"),
]
"""What curl or requests take for the whole, and what is only a part of it."""

RESETS: list[tuple[bytes, Result]] = [
    (b"HTTP/1.1 200", "reset"),
    (OK + b"\r\nhello", "reset"),
    (OK + b"Content-Length: 9\r\n\r\nhello", "reset"),
    (CHUNKED + b"5\r\nhello\r\n", "reset"),
    (OK + FIVE, TEXT),
]

CLOSED = [*STATUS_LINES, *HEADERS, *LENGTHS, *CHUNKS, *ENCODINGS, *PARTS]
TABLE = [*CLOSED, *RESETS]
"""All rows; from C{len(CLOSED)} on they end with a reset."""
