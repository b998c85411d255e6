"""Readers of requests, for the connections that are being read."""

from __future__ import annotations

from typing import Protocol

from eplua_twisted.http_engine.request_reader import RequestEvents, RequestReader

KEPT = 64
"""Connections that may keep their readers while their clients ask for nothing."""


class Holder(RequestEvents, Protocol):
    """Who has a reader: a connection."""

    def give_reader(self) -> RequestReader | None:
        """Give it away, unless a request is being read."""


class Readers:
    """
    A reader takes 1.4 KiB, most of a connection: those whose clients have asked for
    nothing for the longest time give theirs to those that ask.
    """

    def __init__(self) -> None:
        self._holders: dict[Holder, None] = {}

    def take(self, holder: Holder) -> RequestReader:
        """@param holder: told of what is read; it has no reader yet"""
        holders, found = self._holders, None
        # One to go on with, and one to go: after many uploads there are too many.
        for _ in range(min(2, len(holders) - KEPT + 1)):
            first = next(iter(holders))
            del holders[first]
            given = first.give_reader()
            if given is None:
                holders[first] = None
            found = found or given
        holders[holder] = None
        if found is None:
            return RequestReader(holder)
        found.events = holder
        return found

    def leave(self, holder: Holder) -> None:
        """The reader is not needed any more, if there was one."""
        self._holders.pop(holder, None)
