"""The client's side of the opening handshake of WebSockets (RFC 6455, 4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eplua_twisted.errors import OperationError

MAX_ANSWER = 256 * 1024
"""Bytes of the server's answer to the opening handshake."""

VERSION = b"13"

_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.[0-9][ \t]+([0-9]{3})(?![0-9])")


@dataclass(frozen=True)
class Opening:
    """
    What a client asks for.

    @ivar authority: host and port, as C{Host} says them
    @ivar path: path and query, escaped
    @ivar headers: further fields, names and values by turns, sent as they are; one
        of the same name as one of ours is sent in its place
    """

    authority: str
    path: str
    subprotocols: Sequence[str] = ()
    headers: Sequence[bytes] = ()

    def request(self, key: bytes, extensions: Iterable[str]) -> bytes:
        """
        The bytes to send.

        @param key: random, in Base64
        @param extensions: what C{Sec-WebSocket-Extensions} offers
        """
        own = [
            (b"Host", self.authority.encode("ascii")),
            (b"Upgrade", b"websocket"),
            (b"Connection", b"Upgrade"),
            # Some proxies would answer themselves without these two.
            (b"Pragma", b"no-cache"),
            (b"Cache-Control", b"no-cache"),
            (b"User-Agent", b"eplua"),
            (b"Sec-WebSocket-Key", key),
            (b"Sec-WebSocket-Version", VERSION),
        ]
        offered = ", ".join(extensions)
        if self.subprotocols:
            names = ", ".join(self.subprotocols)
            own.append((b"Sec-WebSocket-Protocol", names.encode("ascii")))
        if offered:
            own.append((b"Sec-WebSocket-Extensions", offered.encode("ascii")))
        given = list(zip(self.headers[::2], self.headers[1::2], strict=True))
        names_given = {name.lower() for name, _ in given}
        # Host comes first, whoever gives it (RFC 9110, 7.2).
        hosts = [pair for pair in given if pair[0].lower() == b"host"]
        fields = [
            *hosts,
            *(pair for pair in own if pair[0].lower() not in names_given),
            *(pair for pair in given if pair not in hosts),
        ]
        lines = [b"GET %s HTTP/1.1" % self.path.encode("ascii")]
        lines += [b"%s: %s" % pair for pair in fields]
        return b"\r\n".join([*lines, b"", b""])


class AnswerReader:
    """
    Collects the head of the server's answer, within a bound, and makes it one that
    autobahn understands: line ends without CR, folded lines and bytes that are not
    ASCII are no reason to refuse a server.
    """

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> bytes | None:
        """
        Take bytes.

        @return: the answer and what follows it; C{None} while it is not complete
        @raise OperationError: C{protocol}: this is not HTTP; C{limit}
        """
        # An end may have begun with the last bytes.
        start = max(0, len(self._data) - 3)
        data = self._data = self._data + data
        if not data[:5] == b"HTTP/"[: len(data)]:
            raise OperationError("protocol", "the server's answer is not HTTP")
        found = _END.search(data, start)
        if (found.end() if found else len(data)) > MAX_ANSWER:
            raise OperationError(
                "limit",
                f"the server's answer is longer than {MAX_ANSWER} bytes (no option"
                " moves this bound)",
            )
        if found is None:
            return None
        head, rest = data[: found.start()], data[found.end() :]
        self._data = b""
        status = _STATUS.match(head)
        if status is not None and status[1][:1] == b"1" and status[1] != b"101":
            # Informational ones may come before (RFC 9110, 15.2).
            return self.feed(rest) if rest else None
        return _plain(head) + rest


def _plain(head: bytes) -> bytes:
    lines: list[bytes] = []
    for line in head.split(b"\n"):
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and len(lines) > 1:
            lines[-1] += b" " + line.strip()
        else:
            lines.append(line)
    text = b"\r\n".join(lines).decode("latin-1")
    return text.encode("ascii", "replace") + b"\r\n\r\n"
