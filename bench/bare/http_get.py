"""
treq with a pool of its own, doing what bench/lua/http_get.lua does: GETs, or with a
number of bytes POSTs; with a certificate that is to be trusted https.
"""

import sys
from collections.abc import Callable
from typing import Any

from treq.client import HTTPClient
from twisted.internet import reactor as real_reactor
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, HTTPConnectionPool

reactor: Any = real_reactor

url, flying, warm, total, size = sys.argv[1], *map(int, sys.argv[2:6])
body = b"x" * size
pool = HTTPConnectionPool(reactor)
pool.maxPersistentPerHost = flying
policy: Any = BrowserLikePolicyForHTTPS()
if len(sys.argv) > 6:
    with open(sys.argv[6], "rb") as file:
        policy = BrowserLikePolicyForHTTPS(
            trustRootFromCertificates([Certificate.loadPEM(file.read())])
        )
client = HTTPClient(Agent(reactor, policy, pool=pool))


def load(count: int, done: Callable[[], None]) -> None:
    started = finished = 0

    def one() -> None:
        nonlocal started
        if started < count:
            started += 1
            if size:
                response = client.post(url, data=body, reactor=reactor)
            else:
                response = client.get(url, reactor=reactor)
            response.addCallback(lambda answer: answer.content()).addCallback(over)

    def over(answer: bytes) -> None:
        nonlocal finished
        finished += 1
        if finished == count:
            done()
        else:
            one()

    for _ in range(flying):
        one()


def go() -> None:
    print("go", flush=True)
    load(total, finish)


def finish() -> None:
    print("done", flush=True)
    reactor.stop()


load(warm, go)
reactor.run()
