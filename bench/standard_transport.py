"""Runs a script with Twisted's own TCP transports instead of the lean ones."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from eplua_twisted import Runtime


async def main(reactor: Any) -> None:
    runtime = Runtime(reactor, transports="twisted")
    await runtime.run_file(*sys.argv[1:])
    await runtime.idle()


react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
