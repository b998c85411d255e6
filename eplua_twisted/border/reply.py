"""The two ways of telling Lua something: the answer to a ticket, and events."""

from __future__ import annotations

from twisted.python.failure import Failure

from eplua_twisted.border.bridge import AGAIN, Bridge


class Reply:
    """
    The answer to one ticket, with the firing side of a Deferred and a tenth of
    its cost: for reads, of which there is one for every message.
    """

    __slots__ = ("_bridge", "_good", "_owner", "_ticket")

    def __init__(
        self, bridge: Bridge, ticket: int, owner: int, again: bool = False
    ) -> None:
        """@param again: see L{AGAIN<eplua_twisted.border.bridge.AGAIN>}"""
        self._bridge = bridge
        self._ticket = ticket
        self._owner = owner
        self._good = AGAIN if again else True

    def __eq__(self, other: object) -> bool:
        """Whether it is the answer to the same ticket."""
        return isinstance(other, Reply) and other._ticket == self._ticket

    def callback(self, result: object) -> bool:
        """
        Answer with the result; a tuple is several.

        @return: it waits again, for the same
        """
        if type(result) is tuple:
            return self._bridge.answer(self._ticket, self._owner, self._good, *result)
        return self._bridge.answer(self._ticket, self._owner, self._good, result)

    def errback(self, fail: BaseException) -> None:
        """Answer with the code and the message of a failure."""
        self._bridge.fail(self._ticket, self._owner, Failure(fail))


class Events:
    """
    Tells a listener of the Lua library what happens to one resource, again and
    again: the name of each event comes first, then its values.

    Three hot paths use L{Bridge.answer} themselves, without a name, because their
    listener has one kind of event only and the name would be paid for with each
    datagram, timer or connection: datagrams (C{udp}), timers (C{timers}) and the
    clients that a TCP server has accepted (C{tcp.server}).
    """

    __slots__ = ("_bridge", "_owner", "_ticket")

    def __init__(self, bridge: Bridge, ticket: int, owner: int) -> None:
        """
        @param ticket: the listener's
        @param owner: the resource's number, whose L{Bridge.forget} drops the events
            that are queued
        """
        self._bridge = bridge
        self._ticket = ticket
        self._owner = owner

    def tell(self, name: bytes, *values: object) -> None:
        """
        @param name: the event's name
        @param values: C{None}, booleans, numbers and bytes
        """
        self._bridge.answer(self._ticket, self._owner, True, name, *values)
