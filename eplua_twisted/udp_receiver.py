"""Datagrams that came, and receives that wait for them."""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.defer import Deferred

from eplua_twisted.bridge import Reply
from eplua_twisted.environment import Environment
from eplua_twisted.errors import OperationError
from eplua_twisted.udp_port import UDPOptions

MAX_RECEIVES = 64

Datagram = tuple[bytes, bytes, int]
"""Data, and the address and port it came from."""


class Receiver:
    """
    What a socket and a session of DTLS have in common.

    @ivar dropped: how many datagrams were lost because nobody received them
    """

    id: int

    def __init__(self, environment: Environment, options: UDPOptions) -> None:
        self._environment = environment
        self._options = options
        self._queue: deque[Datagram] = deque()
        self._receives: deque[Any] = deque()
        self._counts = False
        self.dropped = 0

    def _regulate(self) -> None:
        """Something is expected, or no longer: see L{Resources.count}."""
        raise NotImplementedError

    def _next(self, reply: Reply) -> Datagram | Deferred[Datagram] | None:
        """
        The next datagram, or wait for it.

        @raise OperationError: C{limit}: too many wait
        """
        if self._queue:
            return self._queue.popleft()
        if len(self._receives) >= MAX_RECEIVES:
            raise OperationError(
                "limit", f"{MAX_RECEIVES} receives are waiting already"
            )
        if not self._options.timeout:
            self._receives.append(reply)
            if not self._counts:
                self._regulate()
            return None
        waiter: Deferred[Datagram] = Deferred(self._withdraw)
        waiter.addTimeout(self._options.timeout, self._environment.reactor)
        self._receives.append(waiter)
        self._regulate()
        return waiter

    def _withdraw(self, waiter: Any) -> None:
        self._receives.remove(waiter)
        self._regulate()

    def _arrived(self, datagram: Datagram) -> None:
        """For the first receive that waits, or kept as far as there is room."""
        if self._receives:
            waiter = self._receives.popleft()
            waiter.callback(datagram)
            if not self._receives:
                self._regulate()
            return
        if len(self._queue) >= self._options.max_queue:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(datagram)

    def _fail_receives(self, problem: BaseException) -> None:
        """Nothing comes any more."""
        while self._receives:
            self._receives.popleft().errback(problem)
        self._regulate()
