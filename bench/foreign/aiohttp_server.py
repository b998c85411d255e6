"""aiohttp, answering as bench/lua/http_server.lua does."""

import asyncio
import ssl
import sys

from aiohttp import web

SMALL, LARGE, PIECE = b"x" * 64, bytes(1048576), bytes(16384)


async def page(request: web.Request) -> web.StreamResponse:
    if request.method == "POST":
        body = await request.read()
        return web.Response(text=str(len(body)))
    if request.path == "/large":
        return web.Response(body=LARGE)
    if request.path == "/stream":
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(PIECE)
        await response.write_eof()
        return response
    return web.Response(body=SMALL, content_type="text/plain")


async def main() -> None:
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    context = None
    if len(sys.argv) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
