"""
The websockets library's server, on a free port, which it prints:
C{[--certificate FILE] [--flood]}.

It sends back what it gets, but for some words (see L{WORDS}); with C{--flood} it sends
4 000 messages of 25 000 bytes, the number of each all over it, whatever it gets.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

options = argparse.ArgumentParser()
options.add_argument("--certificate")
options.add_argument("--flood", action="store_true")
chosen = options.parse_args()


async def close(connection: ServerConnection) -> None:
    await connection.close(4001, "as asked")


async def drop(connection: ServerConnection) -> None:
    connection.transport.abort()


async def headers(connection: ServerConnection) -> None:
    request = connection.request
    assert request is not None
    seen = request.path, request.headers.get("X-Test"), connection.subprotocol
    await connection.send(repr(seen))


async def big(connection: ServerConnection) -> None:
    await connection.send(b"x" * 100000)


async def pings(connection: ServerConnection) -> None:
    await (await connection.ping(b"are you there"))
    await connection.send("ponged")


WORDS: dict[str | bytes, Callable[[ServerConnection], Awaitable[None]]] = {
    "close": close,
    "drop": drop,
    "headers": headers,
    "big": big,
    "pings": pings,
}


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        if message in WORDS:
            await WORDS[message](connection)
        else:
            await connection.send(message)


async def flood(connection: ServerConnection) -> None:
    for number in range(4000):
        await connection.send(number.to_bytes(4, "big") * 6250)
    await connection.wait_closed()


def select(
    connection: ServerConnection, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    return next((each for each in offered if each in ("chat", "other")), None)


async def main() -> None:
    context = None
    if chosen.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chosen.certificate)
    async with serve(
        flood if chosen.flood else echo,
        "127.0.0.1",
        0,
        ssl=context,
        compression=None if chosen.flood else "deflate",
        max_size=None,
        select_subprotocol=select,
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print("port", port, "end", flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
