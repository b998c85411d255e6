"""10 000 callLater(0, f): the processor seconds until the last has run."""

import time

from twisted.internet import reactor

COUNT = 10_000
left = COUNT


def f() -> None:
    global left
    left -= 1
    if not left:
        print((time.process_time() - started) * 1e6, flush=True)
        reactor.stop()


def start() -> None:
    global started
    started = time.process_time()
    for _ in range(COUNT):
        reactor.callLater(0, f)


reactor.callWhenRunning(start)
reactor.run()
