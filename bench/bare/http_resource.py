"""A bare twisted.web Resource."""

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.web.resource import Resource
from twisted.web.server import Site

reactor: Any = real_reactor

BODY = b"x" * 64


class Page(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        request.setHeader(b"Content-Type", b"text/plain")
        return BODY


page: Any = Page
port = reactor.listenTCP(0, Site(page()), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
