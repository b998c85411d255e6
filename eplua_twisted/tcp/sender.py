"""The sending side of a connection that a script can use."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import limit
from eplua_twisted.errors import NOT_CONNECTED, TIMEOUT, OperationError
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.tcp.closing import Closing
from eplua_twisted.tcp.options import SocketOptions
from eplua_twisted.transports.interfaces import StreamTransport

TIMES = 16
"""How many times C{max_write_buffer} may wait to be sent."""

HALF = ("state", "Over TLS there is no half of a connection to shut down: close it")


class Sender:
    """
    What waits to be sent, and the two ways in which sending ends: L{shutdown}, after
    which the peer may go on, and L{close}.
    """

    __slots__ = (
        "_abort",
        "_clock",
        "_closing",
        "_options",
        "_out",
        "_secure",
        "_shut",
        "_transport",
    )

    def __init__(
        self,
        clock: IReactorTime,
        transport: StreamTransport,
        options: SocketOptions,
        secure: bool,
        abort: Callable[[Exception], None],
    ) -> None:
        """
        @param secure: the transport speaks TLS
        @param abort: called with the reason when the peer is given up
        """
        self._clock = clock
        self._transport = transport
        self._options = options
        self._abort = abort
        self._out = WriteBuffer(transport)
        self._secure = secure
        # These are made when first needed: a connection costs little memory.
        self._shut: Deferred[None] | None = None
        self._closing: Closing | None = None

    @property
    def amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return self._out.amount

    @property
    def is_shut(self) -> bool:
        """Nothing more may be written."""
        return self._shut is not None

    def write(self, data: bytes) -> Deferred[None] | None:
        """As L{TCPSocket.write<eplua_twisted.tcp.socket.TCPSocket.write>}."""
        if self._shut is not None:
            raise OperationError(*NOT_CONNECTED)
        out, bound = self._out, self._options.max_write_buffer
        if out.amount and out.amount + len(data) > TIMES * bound:
            raise OperationError(
                "limit",
                f"{out.amount} bytes wait to be sent already, and at most"
                f" {TIMES * bound} may ({TIMES} times the option maxWriteBuffer)",
            )
        out.write(data)
        if out.amount < bound:
            return None
        return self._in_time(out.when_below(bound))

    def _in_time(self, sent: Deferred[None]) -> Deferred[None]:
        """A peer that takes nothing for too long is given up."""
        if self._options.timeout:
            limit(sent, self._clock, self._options.timeout)
            sent.addErrback(self._not_sent)
        return sent

    def _not_sent(self, failure: Failure) -> Failure:
        if failure.check(OperationError):
            self._abort(OperationError(*TIMEOUT))
        return failure

    def when_empty(self, then: Callable[[], None]) -> None:
        """Let go of the transport, and call C{then}, when the transport has all."""
        self._out.when_empty(then)

    def shutdown(self) -> Deferred[None]:
        """As L{TCPSocket.shutdown<eplua_twisted.tcp.socket.TCPSocket.shutdown>}."""
        if self._shut is not None:
            raise OperationError(*NOT_CONNECTED)
        if self._secure:
            raise OperationError(*HALF)
        self._shut = Deferred()
        self._out.when_empty(self._transport.loseWriteConnection)
        return self._in_time(self._shut)

    def end_sent(self) -> None:
        """All was sent, and the end of writing too."""
        if self._shut is not None and not self._shut.called:
            self._shut.callback(None)

    def close(self, *, peer_ended: bool) -> None:
        """Close the connection in good order: see L{Closing.begin}."""
        self._closing = Closing(self._clock, self._transport, self._out, self._late)
        self._closing.begin(secure=self._secure, peer_ended=peer_ended)

    def _late(self) -> None:
        self._abort(OperationError(*TIMEOUT))

    def peer_ended(self) -> None:
        """The peer has ended its side."""
        if self._closing is not None:
            self._closing.peer_ended()

    def fail(self, reason: BaseException) -> None:
        """Tell all who wait; what was written is still sent, if it can be."""
        self._out.fail(reason)
        if self._shut is not None and not self._shut.called:
            self._shut.errback(reason)

    def lost(self, cause: BaseException) -> None:
        """The connection is gone."""
        if self._closing is not None:
            self._closing.over()
            self._closing = None
        if isinstance(cause, ConnectionDone):
            self.end_sent()
        self.fail(cause)
