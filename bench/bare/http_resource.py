"""A bare twisted.web Resource, answering as bench/lua/http_server.lua does."""

import sys
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

reactor: Any = real_reactor

BODY, LARGE, PIECE = b"x" * 64, bytes(1048576), bytes(16384)


class Page(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> Any:
        if request.path == b"/large":
            return LARGE
        if request.path == b"/stream":
            for _ in range(64):
                request.write(PIECE)
            request.finish()
            return NOT_DONE_YET
        request.setHeader(b"Content-Type", b"text/plain")
        return BODY

    def render_POST(self, request: Any) -> bytes:
        return b"%d" % len(request.content.read())


page: Any = Page
if len(sys.argv) > 1:
    context: Any = DefaultOpenSSLContextFactory
    port = reactor.listenSSL(
        0, Site(page()), context(sys.argv[1], sys.argv[1]), interface="127.0.0.1"
    )
else:
    port = reactor.listenTCP(0, Site(page()), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
