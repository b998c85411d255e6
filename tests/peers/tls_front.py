"""
Speaks TLS before a server that does not, on a free port, which it prints.

Usage: C{tls_front.py CERTIFICATE HOST PORT}.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import suppress


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    behind, server = await asyncio.open_connection(sys.argv[2], int(sys.argv[3]))
    await asyncio.gather(pump(reader, server), pump(behind, writer))


async def main() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print("port", server.sockets[0].getsockname()[1], "end", flush=True)
    await server.serve_forever()


asyncio.run(main())
