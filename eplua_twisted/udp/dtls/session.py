"""
DTLS (RFC 6347) over datagrams that somebody else carries: no I/O here.

Records, keys and what is sent again are OpenSSL's business.  It reads and writes
memory; what is decided here is when it gets its turn, and which of the bytes it wrote
are one datagram.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.errors import EOF, NOT_CONNECTED, OperationError
from eplua_twisted.udp.dtls.records import datagrams

MAX_PLAIN = 16384
"""Bytes that a record has at most, without what encrypts them (RFC 6347, 4.1)."""

MAX_HANDSHAKE = 128 * 1024
"""
Bytes of the datagrams of a handshake, those that came twice included.  OpenSSL keeps
messages that come too early, ten of 100 KB.
"""

TOO_LONG = (
    "limit",
    f"the handshake is longer than {MAX_HANDSHAKE} bytes (no option moves this bound)",
)

State = Literal["new", "handshake", "open", "over"]


def make_connection(context: SSL.Context, mtu: int) -> SSL.Connection:
    """@param mtu: the bytes of the longest datagram it may send"""
    connection = SSL.Connection(context)
    connection.set_ciphertext_mtu(mtu)
    return connection


def written(connection: SSL.Connection) -> bytes:
    """What OpenSSL wants to be sent."""
    records = b""
    with suppress(SSL.WantReadError):
        while True:
            records += connection.bio_read(65536)
    return records


class Session:
    """
    One end of an association of two.

    C{new} until L{begin}; C{handshake} until it has succeeded; C{open} until the peer
    says goodbye or an error; C{over} from then on, and after L{close} and L{fail} in
    any state.

    @ivar limit: how many bytes a datagram may have
    """

    state: State = "new"
    limit = 0
    _taken = 0

    def __init__(
        self,
        connection: SSL.Connection,
        clock: IReactorTime,
        mtu: int,
        transmit: Callable[[bytes], None],
        received: Callable[[bytes], None],
        ended: Callable[[BaseException], None],
    ) -> None:
        """
        @param connection: on memory, its side chosen
        @param clock: when lost flights are sent again
        @param transmit: sends a datagram to the peer; may raise what kept it from it
        @param received: called with the data of each datagram of the peer
        @param ended: called once when an open session is over, unless L{close} did it
        """
        # None when it is over: it has much memory, and whoever holds a session that is
        # over may be in a circle that waits for the collector.
        self._connection: SSL.Connection | None = connection
        self._clock = clock
        self._mtu = mtu
        self._transmit = transmit
        self._received = received
        self._ended = ended
        self._handshake: Deferred[None] | None = None
        self._resend = Deadline(clock, self._late)

    def begin(self) -> Deferred[None]:
        """
        Start the handshake; it has no time limit of its own.

        @return: fires with C{None} when data can be sent; fails with C{SSL.Error}.
            Cancelling it ends the session.
        """
        self.state = "handshake"
        handshake: Deferred[None] = Deferred(lambda _: self._leave())
        self._handshake = handshake
        self._advance()
        return handshake

    def receive(self, datagram: bytes) -> None:
        """A datagram from the peer's address, whoever sent it."""
        if not datagram or self._connection is None:
            return
        if self.state == "handshake":
            self._taken += len(datagram)
            if self._taken > MAX_HANDSHAKE:
                self.fail(OperationError(*TOO_LONG))
                return
        self._connection.bio_write(datagram)
        self._advance()

    def send(self, data: bytes) -> None:
        """
        @raise OperationError: C{state}, C{limit}
        @raise OSError: what the system says
        """
        if self.state != "open" or self._connection is None:
            raise OperationError(*NOT_CONNECTED)
        if not data:
            raise OperationError("limit", "A datagram of DTLS cannot be empty")
        if len(data) > self.limit:
            raise OperationError(
                "limit", f"Message too long (DTLS takes {self.limit} bytes)"
            )
        self._connection.send(data)
        self._flush()

    def close(self) -> None:
        """Tell the peer, as far as that is possible, and end."""
        if self.state == "open" and self._connection is not None:
            self._say_goodbye(self._connection)
        handshake = self._handshake
        if handshake is not None:
            handshake.cancel()
        self._leave()

    def fail(self, problem: BaseException) -> None:
        """End with an error found outside OpenSSL; the peer is told nothing."""
        if self.state == "over":
            return
        handshake = self._handshake
        self._leave()
        if handshake is None:
            self._ended(problem)
        else:
            handshake.errback(problem)

    def _leave(self) -> None:
        self.state = "over"
        self._handshake = None
        self._connection = None
        self._arm()

    def _say_goodbye(self, connection: SSL.Connection) -> None:
        """Send C{close_notify}; delivery is not guaranteed."""
        with suppress(SSL.Error):
            connection.shutdown()
        self._try_to_flush()

    def _advance(self) -> None:
        """Let OpenSSL see what has come, and do what it wants then."""
        connection = self._connection
        if connection is None:
            return
        try:
            if self.state == "handshake":
                connection.do_handshake()
                self._complete(connection)
            while self.state == "open":
                self._received(connection.recv(MAX_PLAIN))
        except SSL.WantReadError:
            self._try_to_flush()
        except SSL.ZeroReturnError:
            self._say_goodbye(connection)
            self.fail(OperationError(*EOF))
        except SSL.Error as problem:
            # The peer gets the alert that says why.
            self._try_to_flush()
            self.fail(problem)
        if self.state == "handshake":
            self._arm()

    def _complete(self, connection: SSL.Connection) -> None:
        self.state = "open"
        self.limit = connection.get_cleartext_mtu()
        self._try_to_flush()
        self._arm()
        handshake, self._handshake = self._handshake, None
        if handshake is not None:
            handshake.callback(None)

    def _flush(self) -> None:
        if self._connection is None:
            return
        records = written(self._connection)
        if records:
            for each in datagrams(records, self._mtu):
                self._transmit(each)

    def _try_to_flush(self) -> None:
        """Send; what cannot be sent now is as good as lost on the way."""
        with suppress(OSError, OperationError):
            self._flush()

    def _arm(self) -> None:
        """Come back when OpenSSL wants to send a flight again."""
        self._resend.cancel()
        if self.state == "handshake" and self._connection is not None:
            delay = self._connection.DTLSv1_get_timeout()
            if delay is not None:
                self._resend.start(delay)

    def _late(self) -> None:
        if self._connection is None:
            return
        try:
            # False if OpenSSL's clock, which is another, is not there yet.
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as problem:
            self.fail(problem)
            return
        self._try_to_flush()
        self._arm()
