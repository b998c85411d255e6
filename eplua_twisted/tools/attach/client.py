"""The prompt's end of the socket."""

from __future__ import annotations

import os
import stat
from itertools import count
from typing import TypeVar, cast

from twisted.internet.defer import Deferred, fail
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError, ConnectionRefusedError
from twisted.internet.interfaces import IReactorTime, IReactorUNIX
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from eplua_twisted.attach.messages import LONGEST, PROTOCOL, Lines, Message, encoded
from eplua_twisted.entering import Unfinished
from eplua_twisted.errors import RuntimeStopped, ScriptError

T = TypeVar("T")

GREETED_WITHIN = 2.0
"""Seconds."""


class Attached(Lines):
    """
    Entries in a running service.

    It is C{connecting} until the greeting has come, then C{attached}; C{gone} when the
    connection is closed.

    @ivar greeted: fires with the greeting, or fails with C{ConnectionError}
    @ivar gone: fires with why, in words, when the connection is closed
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._asked: dict[int, Deferred[object]] = {}
        self._entry: Deferred[object] | None = None
        self._why = "the service has closed the connection"
        self.greeted: Deferred[Message] = Deferred(lambda _: self.close())
        self.gone: Deferred[str] = Deferred()

    def enter(self, code: str) -> Deferred[str | None]:
        """As L{Entering.enter<eplua_twisted.entering.Entering.enter>}."""
        self._entry = self._ask("enter", code)
        return cast("Deferred[str | None]", self._entry)

    def complete(self, before: str) -> Deferred[list[str]]:
        """
        As L{Entering.complete<eplua_twisted.entering.Entering.complete>}; there are no
        names where the service cannot tell.
        """
        names = self._ask("complete", before).addErrback(_no_names)
        return cast("Deferred[list[str]]", names)

    def choose(self, script: str) -> Deferred[object]:
        """
        Have the next entries run in a script.

        @return: fires with C{None}; fails with L{ScriptError}: there is no such one, or
            L{RuntimeStopped}: the connection is lost
        """
        return self._ask("script", script)

    def cancel(self) -> None:
        """Cancel the entry that waits, if one does."""
        if self._entry is not None:
            self._entry.cancel()

    def _ask(self, what: str, text: str) -> Deferred[object]:
        if self.gone.called:
            return fail(RuntimeStopped())
        number = next(self._numbers)
        line = encoded({"id": number, what: text})
        if len(line) > LONGEST:
            problem = f"an entry has at most {LONGEST} bytes as JSON"
            return fail(ScriptError(problem, problem))

        def cancel(_: object) -> None:
            del self._asked[number]
            self.say({"id": number, "cancel": True})
            asked.errback(ScriptError("interrupted", "interrupted"))

        asked: Deferred[object] = Deferred(cancel)
        self._asked[number] = asked
        self.send(line)
        return asked

    def received(self, message: Message) -> None:
        """As L{Lines.received}."""
        if not self.greeted.called:
            if message.get("eplua") == PROTOCOL:
                self.greeted.callback(message)
            else:
                self.refuse(str(message.get("error", "")))
            return
        number = message.get("id")
        asked = self._asked.pop(number, None) if isinstance(number, int) else None
        if asked is None:
            # It was cancelled; or the service says why it closes.
            if number is None:
                self._why = str(message.get("error", self._why))
        elif "unfinished" in message:
            asked.errback(Unfinished())
        elif "error" in message:
            text = str(message["error"])
            asked.errback(ScriptError(text, text))
        else:
            asked.callback(message.get("result"))

    def refuse(self, why: str) -> None:
        """As L{Lines.refuse}: it is no service of ours."""
        self._why = why or "what answers is not eplua"
        self.close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        asked, self._asked = self._asked, {}
        self.gone.callback(self._why)
        if not self.greeted.called:
            self.greeted.errback(ConnectionError(self._why))
        for each in asked.values():
            each.errback(RuntimeStopped())


def _no_names(failure: Failure) -> list[str]:
    failure.trap(ScriptError, RuntimeStopped)
    return []


async def reach(
    reactor: IReactorUNIX,
    clock: IReactorTime,
    attached: Attached,
    path: str,
    script: str | None,
) -> Message:
    """
    Connect to a service.

    @param path: of its socket
    @param script: where entries run; C{None}: in the first one
    @return: its greeting
    @raise ConnectionError: that does not go; its text says why
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise ConnectionError("it is no socket")
        await connectProtocol(UNIXClientEndpoint(reactor, path), attached)
        greeting = await attached.greeted.addTimeout(GREETED_WITHIN, clock)
        if script is not None:
            await attached.choose(script)
    except ConnectionRefusedError:
        raise ConnectionError("no process listens there") from None
    except ConnectError as problem:
        number = problem.osError
        raise ConnectionError(os.strerror(number) if number else problem) from None
    except DeferredTimeout:
        raise ConnectionError("what answers is not eplua, or is busy") from None
    except ScriptError as problem:
        raise ConnectionError(problem.message) from None
    except RuntimeStopped:
        raise ConnectionError(await attached.gone) from None
    except OSError as problem:
        raise ConnectionError(problem.strerror or problem) from None
    return greeting
