"""A bare twisted.web Resource."""

from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site

BODY = b"x" * 64


class Page(Resource):
    isLeaf = True

    def render_GET(self, request: object) -> bytes:
        request.setHeader(b"Content-Type", b"text/plain")
        return BODY


port = reactor.listenTCP(0, Site(Page()), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
