"""10 000 callLater(0, f): the processor seconds until the last has run."""

import time
from typing import Any

from twisted.internet import reactor as real_reactor

reactor: Any = real_reactor

COUNT = 10_000
left = COUNT
started = 0.0


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
