"""The connections of the HTTP client: which are open, which are kept, and how many."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.waiters import Waiters
from eplua_twisted.http_client.connection import Connection

KEEP = 60
"""Seconds an unused connection stays open: most servers have closed it by then."""

TRUSTED = 0.01
"""Seconds for which an unused connection carries a request that is not repeated."""

ORIGINS = 256
"""Servers that are remembered for answering more than once on a connection."""


class Pool:
    """
    The connections that one set of options may use.

    A request that is not repeated when its connection turns out to be closed (a command)
    goes on a kept one only if the server has shown that it answers more than once on a
    connection, and this one was used a moment ago.  Otherwise the server may be about to
    close it, and nobody could tell whether it still got the command.

    @ivar capacity: how many unused ones are kept for each origin
    """

    def __init__(self, clock: IReactorTime, persistent: bool) -> None:
        self._clock = clock
        self._persistent = persistent
        self._open: set[Connection] = set()
        self._kept: dict[Hashable, list[Connection]] = {}
        self._closing: set[Connection] = set()
        # Origins that have answered twice on a connection, the newest last.
        self._persistent_origins: dict[Hashable, None] = {}
        self._expiry = Deadline(clock, self._expire)
        self._waiting: list[Deferred[None]] = []
        self.capacity = 2

    def __len__(self) -> int:
        return len(self._open)

    def take(
        self, origin: Hashable, repeatable: bool, trusting: bool = False
    ) -> Connection | None:
        """
        @param trusting: the server expects this request, for it has just asked for it
        @return: a connection for one more request.  C{None}: there is none for it, and
            if one was kept it is closed, so that a server that serves one at a time is
            free for the new one
        """
        kept = self._kept.get(origin)
        while kept:
            connection = kept.pop()
            if repeatable:
                if connection.is_open:
                    return connection
            elif connection.is_alive():
                if trusting or self._is_trusted(connection):
                    return connection
                self._close(connection)
                break
        return None

    def _is_trusted(self, connection: Connection) -> bool:
        return (
            connection.promised or connection.origin in self._persistent_origins
        ) and self._clock.seconds() - connection.since < TRUSTED

    def _close(self, connection: Connection) -> None:
        connection.since = self._clock.seconds()
        self._closing.add(connection)
        self._expiry.start(KEEP)
        connection.close()

    def _expire(self) -> None:
        """Close what was not used for long; what is closing was waited for enough."""
        before = self._clock.seconds() - KEEP
        left = []
        for connection in [*chain.from_iterable(self._kept.values()), *self._closing]:
            if connection.since > before:
                left.append(connection.since)
            else:
                connection.abort()
        self._kept = {origin: kept for origin, kept in self._kept.items() if kept}
        if left:
            self._expiry.start(min(left) - before)

    def _note(self, origin: Hashable) -> None:
        """The server answers more than once on a connection."""
        self._persistent_origins.pop(origin, None)
        self._persistent_origins[origin] = None
        if len(self._persistent_origins) > ORIGINS:
            self._persistent_origins.pop(next(iter(self._persistent_origins)))

    def gone(self, connection: Connection) -> None:
        """A kept connection has ended without an answer to what was sent on it."""
        self._persistent_origins.pop(connection.origin, None)

    # What connections tell.

    def opened(self, connection: Connection) -> None:
        self._open.add(connection)
        if self._waiting:
            connection.abort()

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._closing.discard(connection)
        kept = self._kept.get(connection.origin)
        if kept is not None and connection in kept:
            kept.remove(connection)
        if not self._open:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                each.callback(None)

    def unused(self, connection: Connection, reusable: bool) -> None:
        """See L{Keeper<eplua_twisted.http_client.connection.Keeper>}."""
        if not (reusable and self._persistent):
            self._close(connection)
            return
        connection.since = self._clock.seconds()
        if connection.answers == 2:
            self._note(connection.origin)
        kept = self._kept.get(connection.origin)
        if kept is None:
            kept = self._kept[connection.origin] = []
        kept.append(connection)
        if len(kept) > self.capacity:
            self._close(kept.pop(0))
        self._expiry.start(KEEP)

    def close(self) -> Deferred[None]:
        """@return: fires with C{None} when no connection is open"""
        self._expiry.cancel()
        if not self._open:
            return succeed(None)
        empty: Deferred[None] = Deferred()
        # It may be closed again before that.
        self._waiting.append(empty)
        for connection in list(self._open):
            connection.abort()
        return empty


class ConcurrencyLimit:
    """
    Bounds how many requests are under way to one server; the others wait in order.

    Each client has a bound of its own (C{maxConnectionsPerHost}); what counts is how
    many there are of all of them, as they share their connections.
    """

    def __init__(self) -> None:
        self._active = 0
        # Made when first needed: most requests find room, and it would hold this one.
        self._waiting: Waiters[None] | None = None

    def enter(self, limit: int) -> Deferred[None] | None:
        """
        @return: C{None} if there is room now, else a Deferred that fires with C{None}
            when there is
        """
        if self._active < limit and not self._waiting:
            self._active += 1
            return None
        if self._waiting is None:
            self._waiting = Waiters(withdrawn=self._admit)
        return self._waiting.wait(limit)

    def leave(self) -> bool:
        """@return: whether nobody is left"""
        self._active -= 1
        if self._waiting is not None:
            self._admit()
        return not self._active and not self._waiting

    def _admit(self) -> None:
        while self._waiting and self._active < self._waiting.level:
            self._active += 1
            self._waiting.fire_next(None)
