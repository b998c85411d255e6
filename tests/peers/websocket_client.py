"""
The websockets library's client: C{WHAT URL [AUTHORITY]}.

C{exchange}: text, all bytes, a large message and a ping there and back, then a close.
C{bytes}: all bytes, and a large answer to C{big}.  C{hello}: one message, which comes
back.  C{unknown}: a connection without the authority, which is to fail.
C{origins}: with a good, a bad and no origin.  C{paths}: with different paths in place
of C{path}.  C{bounds}: a second connection, and a message of 5 000 bytes.
"""

from __future__ import annotations

import ssl
import sys

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

what, url, *authority = sys.argv[1:]
context = ssl.create_default_context(cafile=authority[0]) if authority else None
ALL_BYTES = bytes(range(256))
OFFERED = [Subprotocol("b"), Subprotocol("a")]


def say(*values: object) -> None:
    print(*values, flush=True)


def exchange() -> None:
    with connect(url, ssl=context, subprotocols=OFFERED, max_size=None) as ws:
        ws.send("text \u00e4")
        say(ws.recv())
        ws.send(ALL_BYTES)
        say(ws.recv() == ALL_BYTES, ws.subprotocol)
        ws.send("x" * 300000)
        say(len(ws.recv()))
        ws.ping().wait()
        say("ponged")
        ws.close(4002, "bye")


def all_bytes() -> None:
    with connect(url, ssl=context, subprotocols=OFFERED[::-1]) as ws:
        ws.send(ALL_BYTES)
        say(ws.recv() == ALL_BYTES, ws.subprotocol)
        ws.send("big")
        say(len(ws.recv()))


def hello() -> None:
    with connect(url, ssl=context) as ws:
        ws.send("hello")
        say(ws.recv())


def unknown() -> None:
    try:
        with connect(url):
            say("in")
    except ssl.SSLError:
        say("refused")


def attempt(url: str, origin: str | None = None) -> None:
    try:
        with connect(url, origin=Origin(origin) if origin else None):
            say("in")
    except InvalidStatus as refusal:
        say(refusal.response.status_code)
    except WebSocketException:
        say("refused")


def origins() -> None:
    for origin in ("http://good.example", "http://bad.example", None):
        attempt(url, origin)


def paths() -> None:
    for path in ("yes", "nothing", "no", "gone", "error"):
        attempt(url.replace("path", path))


def bounds() -> None:
    with connect(url, compression=None) as ws:
        attempt(url)
        ws.send("x" * 5000)
        try:
            ws.recv()
        except ConnectionClosed as closed:
            say(closed.rcvd and closed.rcvd.code)


MODES = {
    "exchange": exchange,
    "bytes": all_bytes,
    "hello": hello,
    "unknown": unknown,
    "origins": origins,
    "paths": paths,
    "bounds": bounds,
}

MODES[what]()
say("done")
