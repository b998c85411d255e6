"""What was written and the system has not taken."""

from __future__ import annotations

import socket
from collections import deque
from itertools import islice

from eplua_twisted.transports.sizes import HELD, PIECES


class Backlog(deque[bytes | memoryview]):
    """
    Bytes that wait to be sent, in the pieces in which they were written.

    @ivar held: how many of them wait only for the end of the turn; see L{Poller
        <eplua_twisted.transports.poller.Poller>}
    """

    __slots__ = ("held",)

    held: int

    @property
    def amount(self) -> int:
        """Bytes."""
        return sum(map(len, self))

    @property
    def is_enough(self) -> bool:
        """What is held is not to wait any longer."""
        return self.held > HELD or len(self) >= PIECES

    def send(self, sock: socket.socket) -> int:
        """
        Send what the system takes at once.

        @return: how many bytes
        @raise OSError: it takes nothing, or the connection is broken
        """
        self.held = 0
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
