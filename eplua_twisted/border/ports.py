"""The ports that the servers of a runtime take, and how they are given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred, succeed


class Server(Protocol):
    """What listens."""

    @property
    def is_starting(self) -> bool:
        """Whether it does not know yet if it gets its port."""

    def drain(self) -> None:
        """Accept nobody any more, and be gone when those who are here have done."""


class Ports:
    """
    The servers of one runtime at a time, from their start until they are gone.

    @ivar worker: number and count of the processes that run the script and listen on
        the same ports; C{None} for one alone
    """

    def __init__(self, worker: tuple[int, int] | None = None) -> None:
        self.worker = worker
        self._servers: list[Server] = []
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    @property
    def shared(self) -> bool:
        """Other processes listen on the same ports."""
        return self.worker is not None

    def add(self, server: Server) -> None:
        """It begins to listen."""
        self._servers.append(server)

    def changed(self) -> None:
        """A server has got its port."""
        for waiter in list(self._waiting):
            if waiter[0]():
                self._waiting.remove(waiter)
                waiter[1].callback(None)

    def remove(self, server: Server) -> None:
        """It is gone, or has not got its port."""
        if server in self._servers:
            self._servers.remove(server)
            self.changed()

    def taken(self) -> Deferred[None]:
        """@return: fires with C{None} when no server waits for its port"""
        return self._when(
            lambda: not any(server.is_starting for server in self._servers)
        )

    def drain(self) -> Deferred[None]:
        """
        Have all servers accept nobody any more.

        @return: fires with C{None} when their clients are gone too
        """
        for server in list(self._servers):
            server.drain()
        return self._when(lambda: not self._servers)

    def _when(self, condition: Callable[[], bool]) -> Deferred[None]:
        if condition():
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append((condition, waiting))
        return waiting
