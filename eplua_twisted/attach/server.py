"""The service's end: each client has entries of its own."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Mapping
from typing import cast

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IReactorUNIX
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.attach.messages import GREETING, Lines, Message
from eplua_twisted.entering import Entering, Unfinished
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime

MOST = 20
"""Entries of a client that may wait at a time, and clients."""


class Client(Lines):
    """One attached prompt; when it closes what its entries wait for is cancelled."""

    log = Logger()

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: dict[int, Deferred[object]] = {}

    def connectionMade(self) -> None:
        if len(self._server.clients) >= MOST:
            self.refuse(f"{MOST} prompts are attached")
        else:
            self._server.clients.add(self)
            self.say(GREETING)

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
        told = asked.addCallback(lambda result: Message(id=number, result=result))
        told.addErrback(self._failed, number).addCallback(self._answer, number)

    def _answer(self, message: Message, number: int) -> None:
        del self._waiting[number]
        self.say(message)

    def _ask(self, message: Message) -> Deferred[object]:
        entering = Entering(self._server.runtime)
        code, before = message.get("enter"), message.get("complete")
        if isinstance(code, str):
            return cast("Deferred[object]", entering.enter(code))
        if isinstance(before, str):
            return cast("Deferred[object]", entering.complete(before))
        raise ScriptError("no such request", "no such request")

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
        return {"id": number, "error": text}

    def connectionLost(self, reason: object = None) -> None:
        self._server.clients.discard(self)
        for waiting in list(self._waiting.values()):
            waiting.cancel()


class Server(Factory):
    """Lets prompts in at a socket."""

    noisy = False

    def __init__(self, runtimes: Callable[[], Mapping[str, Runtime]]) -> None:
        """@param runtimes: the scripts by name; prompts are in the first one"""
        self._runtimes = runtimes
        self._port: IListeningPort | None = None
        self.clients: set[Client] = set()

    def runtime(self) -> Runtime:
        """The one in which entries run.  @raise RuntimeStopped: there is none now"""
        for runtime in self._runtimes().values():
            return runtime
        raise RuntimeStopped

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

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when the socket is removed"""
        for client in list(self.clients):
            client.close()
        port, self._port = self._port, None
        stopped = maybeDeferred(port.stopListening) if port else maybeDeferred(int)
        # Somebody may have removed the socket before us.
        stopped.addErrback(lambda failure: failure.trap(FileNotFoundError) and None)
        return stopped.addCallback(lambda _: None)


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
