"""The server's side of the opening handshake (RFC 6455, 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from eplua_twisted.http_engine.request_reader import RequestHead

VERSIONS = (b"13", b"8")
"""Version 8 differs in the name of the origin's field only."""

_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


class Refusal(Exception):
    """
    The client does not become one of WebSocket's.

    @ivar status: what it is answered with
    @ivar headers: and with which fields
    """

    def __init__(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers

    def answer(self) -> bytes:
        """The bytes to send."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Refused"
        options = [b"close"]
        options += [name for name, _ in self.headers if name == b"Upgrade"]
        lines = [
            b"HTTP/1.1 %d %s" % (self.status, phrase.encode()),
            *(b"%s: %s" % pair for pair in self.headers),
            b"Connection: " + b", ".join(options),
            b"Content-Length: 0",
        ]
        return b"\r\n".join([*lines, b"", b""])


UPGRADE = (b"Upgrade", b"websocket")
VERSION = (b"Sec-WebSocket-Version", VERSIONS[0])


@dataclass(frozen=True)
class OpeningRequest:
    """
    A client's request that is as it should be.

    @ivar path: path and query, as the client wrote them
    @ivar headers: all fields, as they were sent
    @ivar extensions: what the client offers, as it wrote it
    """

    path: bytes
    headers: list[tuple[bytes, bytes]]
    key: bytes
    version: bytes
    origin: bytes | None
    subprotocols: list[str]
    extensions: bytes

    @classmethod
    def of(cls, head: RequestHead) -> OpeningRequest:
        """@raise Refusal: it is none"""
        if (
            head.method != b"GET"
            or not head.minor
            or b"websocket" not in _tokens(head, b"upgrade")
            or b"upgrade" not in _tokens(head, b"connection")
        ):
            # RFC 9110, 15.5.22.
            raise Refusal(426, UPGRADE)
        version = _one(head, b"sec-websocket-version")
        if version not in VERSIONS:
            raise Refusal(426, UPGRADE, VERSION)
        key = _one(head, b"sec-websocket-key") or b""
        path = _ABSOLUTE.sub(b"", head.target, count=1)
        if not path.startswith(b"/"):
            # RFC 9112, 3.2.2: a target may be a whole URL.
            path = b"/" + path
        if not _KEY.fullmatch(key) or b"#" in path:
            raise Refusal(400)
        return cls(
            path,
            head.headers,
            key,
            version,
            _one(head, b"origin" if version == b"13" else b"sec-websocket-origin"),
            _subprotocols(head),
            b", ".join(head.values(b"sec-websocket-extensions")),
        )

    def for_autobahn(self, subprotocol: str | None) -> bytes:
        """
        The request as autobahn has to see it: with what was looked at here already.

        @param subprotocol: the one that was chosen
        """
        lines = [
            b"GET / HTTP/1.1",
            b"Host: localhost",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Version: " + self.version,
            b"Sec-WebSocket-Key: " + self.key,
        ]
        if subprotocol is not None:
            lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode("latin-1"))
        if self.extensions:
            lines.append(b"Sec-WebSocket-Extensions: " + self.extensions)
        return b"\r\n".join([*lines, b"", b""])


def _tokens(head: RequestHead, name: bytes) -> list[bytes]:
    joined = b",".join(head.values(name)).lower()
    return [each.strip(b" \t") for each in joined.split(b",")]


def _one(head: RequestHead, name: bytes) -> bytes | None:
    """@raise Refusal: it is there more than once"""
    values = head.values(name)
    if len(values) > 1:
        raise Refusal(400)
    return values[0] if values else None


def _subprotocols(head: RequestHead) -> list[str]:
    """@raise Refusal: one is there twice"""
    joined = b",".join(head.values(b"sec-websocket-protocol")).decode("latin-1")
    names = [each.strip(" \t") for each in joined.split(",")]
    names = [each for each in names if each]
    if len(set(names)) < len(names):
        raise Refusal(400)
    return names
