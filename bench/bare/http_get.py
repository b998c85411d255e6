"""treq with a pool of its own, doing what bench/lua/http_get.lua does."""

import sys
from collections.abc import Callable
from typing import Any

from treq.client import HTTPClient
from twisted.internet import reactor as real_reactor
from twisted.web.client import Agent, HTTPConnectionPool

reactor: Any = real_reactor

url, flying, warm, total = sys.argv[1], *map(int, sys.argv[2:])
pool = HTTPConnectionPool(reactor)
pool.maxPersistentPerHost = flying
client = HTTPClient(Agent(reactor, pool=pool))


def load(count: int, done: Callable[[], None]) -> None:
    started = finished = 0

    def one() -> None:
        nonlocal started
        if started < count:
            started += 1
            response = client.get(url, reactor=reactor)
            response.addCallback(lambda answer: answer.content()).addCallback(over)

    def over(body: bytes) -> None:
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
