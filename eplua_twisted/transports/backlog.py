"""What was written and the system has not taken."""

from __future__ import annotations

import socket
from collections import deque
from itertools import islice

PIECES = 64
"""Writes that are sent with one call of the system."""


class Backlog:
    """Bytes that wait to be sent, in the pieces in which they were written."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: deque[bytes | memoryview] = deque()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def append(self, data: bytes | memoryview) -> None:
        self._pieces.append(data)

    def send(self, sock: socket.socket) -> None:
        """
        Send what the system takes at once.

        @raise OSError: it takes nothing, or the connection is broken
        """
        pieces = self._pieces
        if len(pieces) == 1:
            sent = sock.send(pieces[0])
        else:
            sent = sock.sendmsg(list(islice(pieces, PIECES)))
        while pieces and sent >= len(pieces[0]):
            sent -= len(pieces.popleft())
        if sent:
            pieces[0] = memoryview(pieces[0])[sent:]
