"""treq with a pool of its own, doing what bench/lua/http_get.lua does."""

import sys

from treq.client import HTTPClient
from twisted.internet import reactor
from twisted.web.client import Agent, HTTPConnectionPool

url, flying, warm, total = sys.argv[1], *map(int, sys.argv[2:])
pool = HTTPConnectionPool(reactor)
pool.maxPersistentPerHost = flying
client = HTTPClient(Agent(reactor, pool=pool))


def load(count, done):
    started = finished = 0

    def one():
        nonlocal started
        if started < count:
            started += 1
            response = client.get(url, reactor=reactor)
            response.addCallback(lambda response: response.content())
            response.addCallback(over)

    def over(body):
        nonlocal finished
        finished += 1
        if finished == count:
            done()
        else:
            one()

    for _ in range(flying):
        one()


def go():
    print("go", flush=True)
    load(total, over)


def over():
    print("done", flush=True)
    reactor.stop()


load(warm, go)
reactor.run()
