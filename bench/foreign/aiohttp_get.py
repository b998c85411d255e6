"""aiohttp as a client, doing what bench/lua/http_get.lua does."""

import asyncio
import ssl
import sys

import aiohttp

url, flying, warm, total, size = sys.argv[1], *map(int, sys.argv[2:6])


async def load(session: aiohttp.ClientSession, count: int) -> None:
    left = iter(range(count))
    body = b"x" * size

    async def one() -> None:
        for _ in left:
            method = "POST" if size else "GET"
            async with session.request(method, url, data=body or None) as response:
                assert response.status == 200
                await response.read()

    await asyncio.gather(*(one() for _ in range(flying)))


async def main() -> None:
    context = ssl.create_default_context(cafile=sys.argv[6]) if sys.argv[6:] else True
    connector = aiohttp.TCPConnector(limit_per_host=flying, ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:
        await load(session, warm)
        print("go", flush=True)
        await load(session, total)
        print("done", flush=True)


asyncio.run(main())
