"""Programs that nobody here wrote, each in its own process."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from twisted.internet import error
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.internet.protocol import ProcessProtocol
from twisted.trial.unittest import TestCase

from tests.support.programs import ROOT, need_node_package

T = TypeVar("T")


def free_port() -> int:
    """A port for a program that cannot be asked which one it has taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Peer(ProcessProtocol):
    """
    A program that nobody here wrote, in its own process.

    @ivar output: what it wrote, both streams
    @ivar ended: fires with its exit code, or minus the signal that ended it
    """

    transport: Any

    def __init__(self) -> None:
        self.output = b""
        self.ended: Deferred[int | None] = Deferred()
        self._waiters: list[tuple[Callable[[bytes], bool], Deferred[bytes]]] = []
        self.over = False

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        self.output += data
        for waiter in list(self._waiters):
            if waiter[0](self.output):
                self._waiters.remove(waiter)
                waiter[1].callback(self.output)

    def says(self, text: bytes) -> Deferred[bytes]:
        """@return: fires with all output when the text is in it"""
        waiter: Deferred[bytes] = Deferred()
        if text in self.output:
            waiter.callback(self.output)
        elif self.over:
            waiter.errback(AssertionError(f"ended: {self.output!r}"))
        else:
            self._waiters.append((lambda output: text in output, waiter))
        return waiter

    def processEnded(self, reason: Any) -> None:
        self.over = True
        waiters, self._waiters = self._waiters, []
        for _, waiter in waiters:
            waiter.errback(AssertionError(f"ended: {self.output!r}"))
        value = reason.value
        self.ended.callback(-value.signal if value.signal else value.exitCode)

    def kill(self, signal: str = "KILL") -> Deferred[int | None]:
        """@return: fires when the process is gone"""
        with suppress(error.ProcessExitedAlready):
            self.transport.signalProcess(signal)
        return self.ended


def start(case: TestCase, *command: str, env: dict[str, str] | None = None) -> Peer:
    """Start a peer; it ends with the test."""
    peer = Peer()
    real_reactor.spawnProcess(
        peer, command[0], command, env={**os.environ, **(env or {})}, path=str(ROOT)
    )
    case.addCleanup(lambda: None if peer.over else peer.kill())
    return peer


def start_peer(case: TestCase, name: str, *arguments: str) -> Peer:
    """
    Start a program of C{tests/peers}, which uses somebody else's library.

    @param name: its file; a C{.js} is for Node.js
    """
    path = str(ROOT / "tests" / "peers" / name)
    if name.endswith(".js"):
        return start(case, need_node_package("ws"), path, *arguments)
    return start(case, sys.executable, "-u", path, *arguments)


async def serve_peer(case: TestCase, name: str, *arguments: str) -> int:
    """
    Start a server of C{tests/peers}; it ends with the test.

    @return: its port
    """
    return await port_of(start_peer(case, name, *arguments))


async def together(*coroutines: Coroutine[Deferred[Any], Any, T]) -> list[T]:
    """
    Run coroutines a few at a time, as for programs that take their time to start.

    @return: their results, in order
    """
    places = DeferredSemaphore(4)
    return await gatherResults(
        [places.run(Deferred.fromCoroutine, each) for each in coroutines]
    )


async def port_of(peer: Peer) -> int:
    """@return: the port that a peer has printed"""
    output = await peer.says(b" end")
    found = re.search(rb"port (\d+) end", output)
    assert found is not None
    return int(found[1])
