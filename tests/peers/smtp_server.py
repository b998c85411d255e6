"""aiosmtpd, on a free port, which it prints; takes mail over TLS only: C{CERTIFICATE}."""

from __future__ import annotations

import asyncio
import ssl
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class Handler:
    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        secure = session.ssl is not None
        print("mail", envelope.mail_from, secure, envelope.content, flush=True)
        return "250 taken"


def make() -> SMTP:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    return SMTP(Handler(), tls_context=context, require_starttls=True)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], "end", flush=True)
    await server.serve_forever()


asyncio.run(main())
