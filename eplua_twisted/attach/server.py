"""The service's end: each client has entries of its own."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IListeningPort,
    IPushProducer,
    IReactorTime,
    IReactorUNIX,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.attach.messages import LONGEST, PROTOCOL, Lines, Message, encoded
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.entering import Entering, Unfinished
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime

MOST = 20
"""Entries of a client that may wait at a time, and clients."""

SHOWN = 100_000
"""Characters of a result, or of an error, that are sent."""

GRACE = 1.0
"""Seconds that clients have to take their last answers when it stops."""


def _cut(text: str) -> str:
    more = len(text) - SHOWN
    return text if more <= 0 else f"{text[:SHOWN]}... ({more} more characters)"


@implementer(IPushProducer)
class Client(Lines):
    """
    One attached prompt; when it closes what its entries wait for is cancelled.  Nothing is
    read from one that does not take its answers.
    """

    log = Logger()

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: dict[int, Deferred[object]] = {}
        self._script: str | None = None
        self._open = False

    def connectionMade(self) -> None:
        if len(self._server.clients) >= MOST:
            self.refuse(f"{MOST} prompts are attached")
        else:
            self._server.clients.add(self)
            # The transport pauses it when its buffer is full, and resumes it.
            cast(IConsumer, self.transport).registerProducer(self, True)
            self._open = True
            self.say(self._server.greeting())

    def received(self, message: Message) -> None:
        """Do what was asked."""
        number = message.get("id")
        if type(number) is not int:
            self.refuse("id: an integer expected")
        elif "cancel" in message:
            if number in self._waiting:
                self._waiting[number].cancel()
        elif number in self._waiting:
            self.say({"id": number, "error": "the id is in use"})
        elif len(self._waiting) >= MOST:
            self.say({"id": number, "error": f"{MOST} entries wait already"})
        else:
            self._begin(number, message)

    def _begin(self, number: int, message: Message) -> None:
        asked: Deferred[object] = maybeDeferred(self._ask, message)
        self._waiting[number] = asked
        told = asked.addCallback(
            lambda result: Message(
                id=number, result=_cut(result) if isinstance(result, str) else result
            )
        )
        told.addErrback(self._failed, number).addCallback(self._answer, number)

    def _answer(self, message: Message, number: int) -> None:
        del self._waiting[number]
        line = encoded(message)
        if len(line) > LONGEST:
            # Only a list of names can be.
            line = encoded({"id": number, "error": "the answer is too long"})
        self.send(line)

    def _ask(self, message: Message) -> Deferred[object]:
        if "script" in message:
            self._choose(message["script"])
            return succeed(None)
        entering = Entering(lambda: self._server.runtime(self._script))
        code, before = message.get("enter"), message.get("complete")
        if isinstance(code, str):
            return cast("Deferred[object]", entering.enter(code))
        if isinstance(before, str):
            return cast("Deferred[object]", entering.complete(before))
        raise ScriptError("no such request", "no such request")

    def _choose(self, name: object) -> None:
        names = self._server.names()
        if not isinstance(name, str) or name not in names:
            there = ", ".join(names) or "none"
            problem = f"no script is named {name!r}; there are: {there}"
            raise ScriptError(problem, problem)
        self._script = name

    def _failed(self, failure: Failure, number: int) -> Message:
        problem = failure.value
        if isinstance(problem, Unfinished):
            return {"id": number, "unfinished": True}
        if isinstance(problem, ScriptError):
            text = problem.traceback
        elif isinstance(problem, CancelledError):
            text = "interrupted"
        elif isinstance(problem, RuntimeStopped):
            text = "the script has stopped"
        else:
            self.log.failure("an entry of a prompt failed", failure)
            text = "internal error"
        return {"id": number, "error": _cut(text)}

    def close(self) -> None:
        """As L{Lines.close}; with a producer that is paused it would stay open."""
        if self._open:
            self._open = False
            cast(IConsumer, self.transport).unregisterProducer()
        super().close()

    def abort(self) -> None:
        """Close at once."""
        cast(ITCPTransport, self.transport).abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for waiting in list(self._waiting.values()):
            waiting.cancel()
        self._server.left(self)


class Server(Factory):
    """Lets prompts in at a socket."""

    noisy = False

    def __init__(
        self, clock: IReactorTime, runtimes: Callable[[], Mapping[str, Runtime]]
    ) -> None:
        """
        @param clock: of the network
        @param runtimes: the scripts by name; prompts are in the first one, where they do
            not choose
        """
        self._runtimes = runtimes
        self._port: IListeningPort | None = None
        self._gone: Deferred[None] | None = None
        self._grace = Deadline(clock, self._abort)
        self.clients: set[Client] = set()

    def names(self) -> list[str]:
        """Those of the scripts that there are now."""
        return list(self._runtimes())

    def runtime(self, name: str | None) -> Runtime:
        """
        The one in which entries run: of a script, or the first one.

        @raise RuntimeStopped: there is none now
        """
        for each, runtime in self._runtimes().items():
            if name in (None, each):
                return runtime
        raise RuntimeStopped

    def greeting(self) -> Message:
        """What a client is told first."""
        lua = next((each.lua for each in self._runtimes().values()), None)
        return {"eplua": PROTOCOL, "lua": lua, "scripts": self.names()}

    def buildProtocol(self, addr: IAddress | None) -> Client:
        return Client(self)

    def listen(self, reactor: IReactorUNIX, path: str) -> None:
        """@raise OperationError: that cannot be"""
        _make_room(path)
        # The file is made for its owner alone, and is so from its first moment.
        before = os.umask(0o177)
        try:
            self._port = reactor.listenUNIX(path, self, mode=0o600)
        except (CannotListenError, OSError, ValueError) as problem:
            why = getattr(problem, "socketError", problem)
            why = getattr(why, "strerror", None) or why
            raise OperationError("state", f"--attach={path}: {why}") from None
        finally:
            os.umask(before)

    def left(self, client: Client) -> None:
        """A client is gone."""
        self.clients.discard(client)
        if self._gone is not None and not self.clients:
            gone, self._gone = self._gone, None
            gone.callback(None)

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when the socket is removed and clients are gone"""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            # Somebody may have removed the socket before us.
            with suppress(FileNotFoundError):
                await maybeDeferred(port.stopListening)
        if self.clients:
            self._gone = gone = Deferred[None]()
            self._grace.start(GRACE)
            for client in list(self.clients):
                client.close()
            await gone
            self._grace.cancel()

    def _abort(self) -> None:
        for client in list(self.clients):
            client.abort()


def _make_room(path: str) -> None:
    """
    Remove the socket of a process that is gone.

    @raise OperationError: something else is there
    """
    try:
        is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        # Nothing is there; or to listen says what is wrong.
        return
    if not is_socket:
        raise OperationError(
            "state", f"--attach={path}: a file is there, and no socket"
        )
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.settimeout(1)
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError as problem:
            why = f"--attach={path}: {problem.strerror or problem}"
            raise OperationError("state", why) from None
        else:
            raise OperationError("state", f"--attach={path}: a process listens there")
