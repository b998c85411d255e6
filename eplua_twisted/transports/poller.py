"""
Which sockets of ours are ready, and what happens then.

The reactor watches one descriptor, an epoll of ours; behind it are all sockets.  So an
event costs neither the reactor's way to it nor the logging context that Twisted makes
for each, and it costs the same under every reactor.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableDescriptor,
    IReadDescriptor,
)
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.traffic import Traffic
from eplua_twisted.transports.interfaces import Below

IN, OUT = select.EPOLLIN, select.EPOLLOUT
GONE = select.EPOLLHUP | select.EPOLLERR

ROUNDS, AT_ONCE = 4, 64
"""
How often it is looked what is ready, and how many sockets have their turn each time,
before timers and all else of the reactor have theirs.  While one socket is served others
get ready: to look again costs much less than the reactor's way to it.
"""

TOGETHER = 16
"""
Connections that hold back what they write until each of them has had its turn.  To wake a
peer on another core costs more than to send: it is paid for once, and not each time.
"""

Why = BaseException | None
"""What ends a descriptor: Twisted's descriptors return it, or nothing."""


class Descriptor(Protocol):
    """
    What a L{Poller} watches.

    @ivar watched_for: the events it waits for; the poller's
    """

    reactor: Poller
    watched_for: int

    def fileno(self) -> int: ...

    def doRead(self) -> Why: ...

    def doWrite(self) -> Why: ...

    def hung_up(self) -> Why:
        """It is over, or an error waits, and there is nothing to read."""

    def connectionLost(self, reason: Failure, /) -> None: ...


class Late(Descriptor, Protocol):
    """What holds back what it writes."""

    def flush(self) -> Why:
        """Send it."""


class Watched:
    """
    Mixed into descriptors that are watched by a L{Poller}, Twisted's own too.

    @ivar reactor: the poller, which is all of the reactor that they know
    """

    __slots__ = ("reactor", "watched_for")

    reactor: Poller
    watched_for: int

    def startReading(self: Descriptor) -> None:
        self.reactor.watch(self, self.watched_for | IN)

    def stopReading(self: Descriptor) -> None:
        self.reactor.watch(self, self.watched_for & ~IN)

    def startWriting(self: Descriptor) -> None:
        self.reactor.watch(self, self.watched_for | OUT)

    def stopWriting(self: Descriptor) -> None:
        self.reactor.watch(self, self.watched_for & ~OUT)

    def hung_up(self) -> Why:
        """All was read: who waits for more sees an end in good order."""
        return CONNECTION_DONE if self.watched_for & IN else CONNECTION_LOST


@implementer(IReadDescriptor)
class Poller:
    """
    Watches descriptors.  It is one reader of the reactor as long as there may be any:
    until L{rest} was called and the last one is gone.

    What a descriptor does about an event is what Twisted's reactors make it do; when it
    raises, that is logged, it is disconnected, and the others go on.

    @ivar late: connections that hold back what they write to the end of the turn; C{None}
        when they send at once: when one is ready, that has sent nothing yet, or none is
        (what a timer writes, say) and little was sent meanwhile
    @ivar alone: who sends at once says so with L{hold}
    """

    log = Logger()

    def __init__(self, reactor: Below, traffic: Traffic | None = None) -> None:
        """@param traffic: knows the connections, and what they carry"""
        self._reactor = reactor
        self.traffic = traffic or Traffic()
        # All else that descriptors ask of their reactor.
        self.callLater = reactor.callLater
        self._epoll: select.epoll | None = None
        self._resting = False
        self.late: list[Late] | None = None
        self.alone = True
        self._serving = False
        # Something was sent while none was ready, and what follows waits for the next turn.
        self._has_sent = False
        self._next_turn: IDelayedCall | None = None
        self._watched: dict[int, Descriptor] = {}
        # Events that were found for a descriptor before it got the number that it has.
        self._new: set[int] = set()

    def resolve(self, name: str) -> Deferred[str]:
        """C{IReactorCore.resolve}"""
        return self._reactor.resolve(name)

    def make_socket(self, family: int) -> socket.socket:
        """A socket for a connection."""
        return socket.socket(family, socket.SOCK_STREAM)

    # What is watched.

    def watch(self, descriptor: Descriptor, events: int) -> None:
        """Watch for these events, and no others; for 0 not at all."""
        before = descriptor.watched_for
        if events == before:
            return
        if not events:
            descriptor.watched_for = 0
            self._forget(descriptor)
            return
        number = descriptor.fileno()
        epoll = self._epoll or self._open()
        if before:
            epoll.modify(number, events)
        else:
            epoll.register(number, events)
            self._watched[number] = descriptor
            self._new.add(number)
        descriptor.watched_for = events

    def _forget(self, descriptor: Descriptor) -> None:
        number = descriptor.fileno()
        if self._watched.get(number) is not descriptor:
            # Somebody has closed it, and its number may be another's by now.
            found = [n for n, each in self._watched.items() if each is descriptor]
            if not found:
                return
            number = found[0]
        del self._watched[number]
        if self._epoll is not None:
            with suppress(OSError):
                self._epoll.unregister(number)
        if self._resting and not self._watched:
            self._close()

    def _open(self) -> select.epoll:
        self._epoll = select.epoll()
        self._reactor.addReader(self)
        return self._epoll

    def _close(self) -> None:
        if self._epoll is not None:
            self._reactor.removeReader(self)
            self._epoll.close()
            self._epoll = None

    def rest(self) -> None:
        """Let the epoll go, as soon as nothing is watched."""
        self._resting = True
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._turned()
        if not self._watched:
            self._close()

    def waiting(self, events: int) -> list[Descriptor]:
        """Those that wait for one of these events."""
        return [each for each in self._watched.values() if each.watched_for & events]

    # What the reactor calls.

    def fileno(self) -> int:
        return -1 if self._epoll is None else self._epoll.fileno()

    def logPrefix(self) -> str:
        return "transports"

    def doRead(self) -> None:
        """C{IReadDescriptor.doRead}: some descriptors are ready."""
        for _ in range(ROUNDS):
            # It may be closed in a round.
            events = self._epoll.poll(0, AT_ONCE) if self._epoll is not None else ()
            if not events:
                return
            self._serve(events)

    def _serve(self, events: Sequence[tuple[int, int]]) -> None:
        watched, new = self._watched, self._new
        new.clear()
        self._end_turn()
        self._serving = True
        self.alone = len(events) == 1
        late: list[Late] | None = None if self.alone else []
        self.late = late
        for number, event in events:
            if late is not None and len(late) >= TOGETHER:
                self._send(late)
            descriptor = watched.get(number)
            if descriptor is None or number in new:
                # It is gone, and its number may be another's already.
                continue
            try:
                if event == IN:
                    why = descriptor.doRead()
                else:
                    why = self._handle(descriptor, event)
            except BaseException as problem:  # noqa: BLE001 - as Twisted's reactors do
                self.log.failure("Unhandled error in a protocol")
                self._disconnect(descriptor, problem, reading=False)
            else:
                if why is not None:
                    self._disconnect(descriptor, why, reading=True)
        self._serving = False
        self._end_turn()

    def _end_turn(self) -> None:
        late, self.late, self.alone, self._has_sent = self.late, None, True, False
        if late:
            self._send(late)

    def _turned(self) -> None:
        self._next_turn = None
        self._end_turn()

    def hold(self) -> None:
        """
        What is written from now on, in this turn, waits for its end.  Where it is not known
        that there was a turn between two writes, only the next one makes the others wait.
        """
        if not self._serving:
            if self._resting or not self._has_sent:
                self._has_sent = True
                return
            if self._next_turn is None:
                self._next_turn = self.callLater(0, self._turned)
        self.late, self.alone = [], False

    def _send(self, late: list[Late]) -> None:
        """Have connections send what they hold back."""
        for each in late:
            why: Why
            try:
                why = each.flush()
            except BaseException as problem:  # noqa: BLE001 - as Twisted's reactors do
                self.log.failure("Unhandled error in a protocol")
                why = problem
            if why is not None:
                self._disconnect(each, why, reading=False)
        late.clear()

    def _handle(self, descriptor: Descriptor, event: int) -> Why:
        """
        An event that is not, or not only, something to read.

        @return: what was found by reading
        """
        if event & IN:
            why = descriptor.doRead()
        elif event & GONE:
            why = descriptor.hung_up()
        else:
            why = None
        if why is None and event & descriptor.watched_for & OUT:
            why = descriptor.doWrite()
            if why is not None:
                self._disconnect(descriptor, why, reading=False)
                return None
        return why

    def _disconnect(
        self, descriptor: Descriptor, why: BaseException, *, reading: bool
    ) -> None:
        """
        @param reading: it was found by reading; so it may be but the end of the peer's
            side
        """
        try:
            self.watch(descriptor, descriptor.watched_for & ~IN)
            if (
                reading
                and type(why) is ConnectionDone
                and IHalfCloseableDescriptor.providedBy(descriptor)
            ):
                descriptor.readConnectionLost(Failure(why))
            else:
                self.watch(descriptor, 0)
                descriptor.connectionLost(Failure(why))
        except BaseException:  # noqa: BLE001 - as Twisted's reactors do
            self.log.failure("Unhandled error in a protocol that is disconnected")

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends, and with it every connection."""
        for descriptor in list(self._watched.values()):
            if descriptor.watched_for:
                assert reason.value is not None
                self._disconnect(descriptor, reason.value, reading=False)
        if not self._watched:
            self._close()
