"""Datagrams on their way to a script."""

from __future__ import annotations

from typing import Literal

from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.values import Scalar, to_bytes
from eplua_twisted.errors import INTERNAL, describe
from eplua_twisted.transports.datagrams import Datagrams
from eplua_twisted.transports.sockets import IPAddress
from eplua_twisted.udp import addresses

Failing = Literal[b"one", b"all", b"end"]
"""Which receives fail: the next one, all that wait, or all from now on."""


class Inbox:
    """
    Hands what arrives to C{lua/net/inbox.lua}, where the queue of datagrams is, and
    the receives that wait.  The answers have no name (see
    L{Events<eplua_twisted.border.reply.Events>}): they are data, host and port of each
    datagram, or nil, code, message and L{Failing}.

    @ivar owner: the number of the resource that it belongs to
    @ivar expected: receives wait, for which the program is kept alive
    """

    log = Logger()

    def __init__(self, bridge: Bridge, listener: int) -> None:
        """@param listener: the ticket that is answered"""
        self._answer = bridge.answer
        self._listener = listener
        self._known, self._source = "", b""
        self.owner = 0
        self.expected = False

    def datagrams_received(self, datagrams: Datagrams) -> None:
        """Hand over datagrams."""
        flat: list[Scalar] = []
        for data, address in datagrams:
            if address[0] != self._known:
                self._look_at(address)
            flat += (data, self._source, address[1])
        self._answer(self._listener, self.owner, True, *flat)

    def _look_at(self, address: IPAddress) -> None:
        """Have the text of an address at hand, also for those that come next."""
        self._source, _ = addresses.describe(address)
        has_zone = len(address) == 4 and address[3]
        self._known = "" if has_zone else address[0]

    def put(self, data: bytes, host: bytes, port: int) -> None:
        """Hand over one datagram."""
        self._answer(self._listener, self.owner, True, data, host, port)

    def connection_refused(self) -> None:
        """The peer's host says that nobody listens there."""
        self.fail(Refused(), b"one")

    def fail(self, problem: BaseException | Failure, failing: Failing) -> None:
        """Say what went wrong."""
        failure = problem if isinstance(problem, Failure) else Failure(problem)
        description = describe(failure)
        if description is None:
            self.log.failure("a UDP socket failed", failure)
            description = INTERNAL
        code, message = map(to_bytes, description)
        self._answer(self._listener, self.owner, True, None, code, message, failing)
