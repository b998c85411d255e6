"""What was written and the system has not taken."""

from __future__ import annotations

import socket
from collections import deque
from itertools import islice

SMALL = 17 * 1024
"""Bytes of a write that may wait for the end of the turn: 16 KiB and their frame."""

PIECES = 64
"""Writes that are sent with one call of the system."""


class Backlog(deque[bytes | memoryview]):
    """
    Bytes that wait to be sent, in the pieces in which they were written.

    @ivar held: they wait only for the end of the turn; see L{Poller
        <eplua_twisted.transports.poller.Poller>}
    """

    __slots__ = ("held",)

    held: bool

    @property
    def amount(self) -> int:
        """Bytes."""
        return sum(map(len, self))

    def add(self, data: bytes | memoryview) -> None:
        self.append(data)
        if len(data) > SMALL or len(self) >= PIECES:
            self.held = False

    def send(self, sock: socket.socket) -> int:
        """
        Send what the system takes at once.

        @return: how many bytes
        @raise OSError: it takes nothing, or the connection is broken
        """
        self.held = False
        if len(self) == 1:
            data = self[0]
            sent = sock.send(data)
            if sent == len(data):
                self.clear()
                return sent
        else:
            sent = sock.sendmsg(list(islice(self, PIECES)))
        left = sent
        while self and left >= len(self[0]):
            left -= len(self.popleft())
        if left:
            self[0] = memoryview(self[0])[left:]
        return sent
