"""
The websockets library's client: C{WHAT URL [AUTHORITY]}.

C{exchange}: text, all bytes, a large message and a ping there and back, then a close.
C{bytes}: all bytes, and a large answer to C{big}.  C{hello}: one message, which comes
back.  C{unknown}: a connection without the authority, which is to fail.
C{origins}: with a good, a bad and no origin.  C{paths}: with different paths in place
of C{path}.  C{bounds}: a second connection, and a message of 5 000 bytes.

With C{asyncio}: the library's other client uses a TLS connection in two threads at once,
and with Python 3.11 it then waits for ever now and then, or crashes, with any server.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

what, url, *authority = sys.argv[1:]
context = ssl.create_default_context(cafile=authority[0]) if authority else None
ALL_BYTES = bytes(range(256))
OFFERED = [Subprotocol("b"), Subprotocol("a")]


def say(*values: object) -> None:
    print(*values, flush=True)


async def exchange() -> None:
    async with connect(url, ssl=context, subprotocols=OFFERED, max_size=None) as ws:
        await ws.send("text \u00e4")
        say(await ws.recv())
        await ws.send(ALL_BYTES)
        say(await ws.recv() == ALL_BYTES, ws.subprotocol)
        await ws.send("x" * 300000)
        say(len(await ws.recv()))
        await (await ws.ping())
        say("ponged")
        await ws.close(4002, "bye")


async def all_bytes() -> None:
    async with connect(url, ssl=context, subprotocols=OFFERED[::-1]) as ws:
        await ws.send(ALL_BYTES)
        say(await ws.recv() == ALL_BYTES, ws.subprotocol)
        await ws.send("big")
        say(len(await ws.recv()))


async def hello() -> None:
    async with connect(url, ssl=context) as ws:
        await ws.send("hello")
        say(await ws.recv())


async def unknown() -> None:
    try:
        async with connect(url):
            say("in")
    except ssl.SSLError:
        say("refused")


async def attempt(url: str, origin: str | None = None) -> None:
    try:
        async with connect(url, origin=Origin(origin) if origin else None):
            say("in")
    except InvalidStatus as refusal:
        say(refusal.response.status_code)
    except WebSocketException:
        say("refused")


async def origins() -> None:
    for origin in ("http://good.example", "http://bad.example", None):
        await attempt(url, origin)


async def paths() -> None:
    for path in ("yes", "nothing", "no", "gone", "error"):
        await attempt(url.replace("path", path))


async def bounds() -> None:
    async with connect(url, compression=None) as ws:
        await attempt(url)
        await ws.send("x" * 5000)
        try:
            await ws.recv()
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

asyncio.run(MODES[what]())
say("done")
