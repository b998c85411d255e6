"""Connections of a network with faults, for tests; seeded, so that each can be repeated."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Literal, TypeVar, cast, get_args

from twisted.internet.interfaces import IDelayedCall, IProtocol
from twisted.internet.main import CONNECTION_LOST
from twisted.python.failure import Failure

from eplua_twisted.border.traffic import Traffic
from eplua_twisted.errors import OperationError
from eplua_twisted.transports.closing import close
from eplua_twisted.transports.connection import Connection
from eplua_twisted.transports.interfaces import Below
from eplua_twisted.transports.poller import Poller, Watched, Why
from eplua_twisted.transports.reactor import LeanReactor, can_be_lean
from eplua_twisted.transports.sizes import READ
from eplua_twisted.transports.sockets import TCPConnection, UNIXConnection

R = TypeVar("R")

Fault = Literal["split", "delay", "reset"]
"""
C{split}: what is read comes in pieces of odd sizes; C{delay}: it comes later, in its order;
C{reset}: one connection breaks, for both ends.
"""

FAULTS: tuple[Fault, ...] = get_args(Fault)

SMALL, SMALL_SIZES = 50, (1, 3, 5, 7, 11, 13)
"""How many pieces of a connection are small, and how small; then they grow, as else much
data would take too long."""

LARGE = 4095
"""Bytes of the largest piece."""

LONGEST_DELAY = 0.01
"""Seconds."""


class Faults:
    """
    What is wrong with the connections of one runtime.  A connection has two ends here,
    each with a number: how many there were before.

    @ivar traffic: bytes that each end has read
    """

    def __init__(
        self,
        fault: Fault | None,
        seed: str,
        traffic: Sequence[int] = (),
        held: Callable[[int], None] = lambda change: None,
    ) -> None:
        """
        @param fault: C{None} to note the traffic only
        @param seed: the same one has the same faults
        @param traffic: of a run without faults: where a connection may break
        @param held: told how many more pieces are on their way
        """
        self._seed = seed
        self._splits = fault == "split"
        self.delays = fault == "delay"
        self.held = held
        self.traffic: list[int] = []
        self._randoms: list[Random] = []
        self._pieces: list[int] = []
        self._breaks: tuple[int, int] | None = None
        if fault == "reset" and (total := sum(traffic)):
            self._breaks = _point(Random(seed).randrange(total), traffic)

    def begin(self) -> int:
        """@return: the number of one more end"""
        number = len(self.traffic)
        self.traffic.append(0)
        self._pieces.append(0)
        self._randoms.append(Random(f"{self._seed}/{number}"))
        return number

    def delay(self, number: int) -> float:
        """@return: seconds until the next piece comes"""
        return self._randoms[number].uniform(0, LONGEST_DELAY)

    def size(self, number: int) -> int:
        """@return: bytes of the next piece; 0: the connection breaks before it"""
        if self._splits:
            self._pieces[number] += 1
            choose = self._randoms[number]
            if self._pieces[number] <= SMALL:
                return choose.choice(SMALL_SIZES)
            return choose.randrange(1, LARGE + 1, 2)
        if self._breaks is not None and self._breaks[0] == number:
            return max(0, min(READ, self._breaks[1] - self.traffic[number]))
        return READ


def _point(place: int, traffic: Sequence[int]) -> tuple[int, int]:
    """@return: the end, and after how many of its bytes, that a byte of all is at"""
    for number, amount in enumerate(traffic):
        if place < amount:
            return number, place
        place -= amount
    raise ValueError("there is less traffic")


class FaultyPoller(Poller):
    """@ivar faults: of all that it watches"""

    def __init__(self, reactor: Below, traffic: Traffic, faults: Faults) -> None:
        super().__init__(reactor, traffic)
        self.faults = faults


class Faulty(Connection):
    """
    A connection with faults.

    What can be read is C{held} back for a time when there are delays, and then C{due}.
    """

    reads = 1

    def __init__(
        self,
        sock: socket.socket,
        protocol: IProtocol | None,
        address: object,
        port: object,
        session: int,
        reactor: Poller,
    ) -> None:
        assert isinstance(reactor, FaultyPoller)
        self._faults = reactor.faults
        self._end = reactor.faults.begin()
        self._wanted = self._due = False
        self._held: IDelayedCall | None = None
        super().__init__(sock, protocol, address, port, session, reactor)

    def startReading(self) -> None:
        self._wanted = True
        if self._held is None:
            Watched.startReading(self)

    def stopReading(self) -> None:
        self._wanted = False
        Watched.stopReading(self)

    def doRead(self) -> Why:
        """C{IReadDescriptor.doRead}"""
        if self._faults.delays and not self._due:
            Watched.stopReading(self)
            self._faults.held(1)
            delay = self._faults.delay(self._end)
            self._held = self.reactor.callLater(delay, self._arrive)
            return None
        self._due = False
        self.most = self._faults.size(self._end)
        if not self.most:
            return self._break()
        # What is wrong with the socket is found when it is read.
        with suppress(OSError):
            coming = self.socket.recv(self.most, socket.MSG_PEEK)
            self._faults.traffic[self._end] += len(coming)
            # What comes between the two calls is not counted, so it is not read either.
            self.most = len(coming) or self.most
        return super().doRead()

    def _arrive(self) -> None:
        self._held, self._due = None, True
        self._faults.held(-1)
        if self._wanted and not self._aborting:
            Watched.startReading(self)

    def _break(self) -> BaseException:
        """The peer is told of a reset, and this end as if the peer had made it."""
        self.reactor.watch(self, 0)
        close(self.socket, orderly=False)
        return CONNECTION_LOST

    def connectionLost(self, reason: Failure) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
            self._faults.held(-1)
        super().connectionLost(reason)


class FaultyTCPConnection(Faulty, TCPConnection):
    """Of TCP."""


class FaultyUNIXConnection(Faulty, UNIXConnection):
    """Of a UNIX socket."""


class FaultyReactor(LeanReactor):
    """A reactor whose connections are ours, and have faults."""

    tcp = FaultyTCPConnection
    unix = FaultyUNIXConnection


def faulty(reactor: R, traffic: Traffic, faults: Faults) -> R:
    """
    The reactor with connections that have faults.

    @param traffic: knows the connections, and what they carry

    @raise OperationError: C{state}: there are none of ours
    """
    if not can_be_lean(reactor):
        raise OperationError("state", "network faults need a system with epoll")
    below = cast(Below, reactor)
    return cast(R, FaultyReactor(below, FaultyPoller(below, traffic, faults)))
