"""
Any bytes, cut anywhere, for both readers of HTTP: they are read, or refused with one of
the specified errors; a cut changes nothing; what is kept is bounded.
"""

from __future__ import annotations

import sys
from typing import Any

import atheris

with atheris.instrument_imports():
    from eplua_twisted.errors import OperationError
    from eplua_twisted.http_engine.request_reader import Refused, RequestReader
    from eplua_twisted.http_engine.response_reader import ResponseReader

STATUSES = {400, 413, 414, 431, 501, 505}
CODES = {"protocol", "limit", "eof", "reset"}


STARTS = (
    b"",
    b"GET / HTTP/1.1\r\nHost: a\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\n",
)
"""What it begins with: without them most inputs end in the first line."""


class Events:
    """What a reader told, the bodies as one."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.body = b""

    def head_received(self, head: Any, codings: Any = None) -> None:
        self.told.append((tuple(head.headers), codings and tuple(codings)))

    def body_received(self, data: bytes) -> None:
        self.body += data

    def request_received(self) -> None:
        self.told.append(len(self.body))

    def response_received(self, reusable: bool) -> None:
        # Whether more follows, after which it is not, may be seen later.
        self.told.append("complete")


def requests(*pieces: bytes) -> tuple[list[object], bytes]:
    events = Events()
    reader = RequestReader(events)
    try:
        for piece in pieces:
            if reader.feed(piece) is not None:
                break
    except Refused as refused:
        assert refused.status in STATUSES, refused.status
        events.told.append("refused")
    return events.told, events.body


def responses(head_only: bool, *pieces: bytes) -> tuple[list[object], bytes]:
    events = Events()
    reader = ResponseReader(events, head_only)
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.end(True)
    except OperationError as problem:
        assert problem.code in CODES, problem.code
        events.told.append(problem.code)
    return events.told, events.body


def one(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    at = provider.ConsumeIntInRange(0, 200)
    head_only = provider.ConsumeBool()
    text = provider.PickValueInList(list(STARTS)) + provider.ConsumeBytes(4096)
    pieces = [piece for piece in (text[:at], text[at:]) if piece]
    assert responses(head_only, text) == responses(head_only, *pieces), text
    whole, cut = requests(text), requests(*pieces)
    # A refusal may come earlier when the bytes come together.
    assert whole == cut or "refused" in whole[0] + cut[0], text


def main() -> None:
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
