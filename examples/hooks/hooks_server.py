"""
A twisted.web server whose answers are a Lua script's: for each request it calls the hooks
C{allow} and C{answer} of hooks.lua, which may wait.

    python examples/hooks/hooks_server.py [PORT]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater, react
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from eplua_twisted import Runtime, ScriptError

SCRIPT = Path(__file__).resolve().parent / "hooks.lua"


class Hooks(Resource):
    """
    Asks the script.

    @param runtime: one with C{text=True}, in which the script has run
    """

    isLeaf = True

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime

    def render(self, request: Request) -> int:
        answered = Deferred.fromCoroutine(self._answer(request))
        # A client that leaves cancels the hook, where it waits.
        left = request.notifyFinish()
        left.addErrback(lambda _: answered.cancel())
        answered.addErrback(self._failed, request)
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> None:
        asked = {
            "method": request.method,
            "path": request.path,
            "user": request.getHeader(b"x-user"),
        }
        allowed, *why = await self._runtime.call("allow", asked)
        if allowed:
            status, headers, body = await self._runtime.call("answer", asked)
        else:
            status, headers, body = 403, {}, f"Forbidden: {why[0]}\n"
        request.setResponseCode(status)
        for name, value in headers.items():
            request.setHeader(name, value)
        request.write(body.encode("utf-8", "surrogateescape"))
        request.finish()

    def _failed(self, failure: Failure, request: Request) -> None:
        if failure.check(CancelledError):
            return
        if failure.check(ScriptError):
            print(failure.value.traceback, file=sys.stderr, flush=True)
        else:
            failure.printTraceback()
        request.setResponseCode(500)
        request.finish()


async def main(reactor: Any, port: str = "8080") -> None:
    def temperature(room: str) -> Deferred[float]:
        return deferLater(reactor, 0.01, lambda: 21.5)

    runtime = Runtime(reactor, text=True)
    runtime.expose("temperature", temperature)
    await runtime.run_file(SCRIPT)
    listening = reactor.listenTCP(
        int(port), Site(Hooks(runtime)), interface="127.0.0.1"
    )
    print(f"http://127.0.0.1:{listening.getHost().port}/", flush=True)
    reactor.addSystemEventTrigger("before", "shutdown", runtime.stop)
    await Deferred()


if __name__ == "__main__":
    react(
        lambda reactor, *arguments: Deferred.fromCoroutine(main(reactor, *arguments)),
        sys.argv[1:],
    )
