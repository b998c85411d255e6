"""What was written and the system has not taken."""

from __future__ import annotations

import socket
from collections import deque
from itertools import islice

SMALL = 16 * 1024
"""Bytes of a write that may wait for the end of the turn."""

PIECES = 64
"""Writes that are sent with one call of the system."""


class Backlog:
    """
    Bytes that wait to be sent, in the pieces in which they were written.

    @ivar held: they wait only for the end of the turn; see L{Poller
        <eplua_twisted.transports.poller.Poller>}
    """

    __slots__ = ("_pieces", "held")

    def __init__(self, held: bool = False) -> None:
        self._pieces: deque[bytes | memoryview] = deque()
        self.held = held

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def append(self, data: bytes | memoryview) -> None:
        self._pieces.append(data)
        if len(data) > SMALL or len(self._pieces) >= PIECES:
            self.held = False

    def send(self, sock: socket.socket) -> None:
        """
        Send what the system takes at once.

        @raise OSError: it takes nothing, or the connection is broken
        """
        self.held = False
        pieces = self._pieces
        if len(pieces) == 1:
            sent = sock.send(pieces[0])
        else:
            sent = sock.sendmsg(list(islice(pieces, PIECES)))
        while pieces and sent >= len(pieces[0]):
            sent -= len(pieces.popleft())
        if sent:
            pieces[0] = memoryview(pieces[0])[sent:]
