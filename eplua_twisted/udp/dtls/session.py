"""
DTLS (RFC 6347) over datagrams that somebody else carries: no I/O here.

Records, keys and what is sent again are OpenSSL's business.  It reads and writes
memory; what is decided here is when it gets its turn, which of the bytes it wrote
are one datagram, and who may begin a session with a server.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import suppress
from os import urandom
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.errors import EOF, NOT_CONNECTED, OperationError

Address = tuple[str, int]

MTU = 1232
"""Bytes of UDP that every path carries: IPv6's 1280 without its headers (RFC 8200)."""

HEADER = 13
"""Bytes before each record; the last two are its length (RFC 6347, 4.1)."""

HANDSHAKE = 22
"""The first byte of a record with a part of the handshake."""

MAX_HELLO = 4096
"""Bytes of a datagram that can begin a session; a C{ClientHello} has some 200."""

COOKIE_LIFE = 60.0
"""Seconds after which cookies change; the one before is still taken."""


def datagrams(records: bytes, mtu: int) -> Iterator[bytes]:
    """
    What OpenSSL wrote, several records on end, as datagrams: each with as many
    whole records as fit.
    """
    start = end = 0
    while end < len(records):
        size = HEADER + int.from_bytes(records[end + HEADER - 2 : end + HEADER], "big")
        if end > start and end + size - start > mtu:
            yield records[start:end]
            start = end
        end += size
    if start < len(records):
        yield records[start:]


def is_hello(datagram: bytes) -> bool:
    """Whether a datagram may begin a session: a handshake in plain text (epoch 0)."""
    return datagram[:1] == bytes([HANDSHAKE]) and datagram[3:5] == b"\0\0"


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

    @ivar state: C{new}, C{shaking} during the handshake, C{open}, C{over}
    @ivar limit: how many bytes a datagram may have
    """

    state = "new"
    limit = 0

    def __init__(
        self,
        connection: SSL.Connection,
        clock: Any,
        mtu: int,
        transmit: Callable[[bytes], None],
        received: Callable[[bytes], None],
        ended: Callable[[BaseException], None],
    ) -> None:
        """
        @param connection: on memory, its side chosen
        @param clock: an C{IReactorTime}: when lost flights are sent again
        @param transmit: sends a datagram to the peer; may raise what kept it from it
        @param received: called with the data of each datagram of the peer
        @param ended: called once when an open session is over, unless L{close} did it
        """
        self._connection = connection
        self._clock = clock
        self._mtu = mtu
        self._transmit = transmit
        self._received = received
        self._ended = ended
        self._shaking: Deferred[None] | None = None
        self._resend = Deadline(clock, self._late)

    def begin(self) -> Deferred[None]:
        """
        Shake hands, for as long as nobody cancels it.

        @return: fires with C{None} when data can be sent; fails with C{SSL.Error}.
            Cancelling it ends the session.
        """
        self.state = "shaking"
        shaking: Deferred[None] = Deferred(lambda _: self._leave())
        self._shaking = shaking
        self._advance()
        return shaking

    def receive(self, datagram: bytes) -> None:
        """A datagram from the peer's address, whoever sent it."""
        if datagram and self.state != "over":
            self._connection.bio_write(datagram)
            self._advance()

    def send(self, data: bytes) -> None:
        """
        @raise OperationError: C{state}, C{limit}
        @raise OSError: what the system says
        """
        if self.state != "open":
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
        if self.state == "open":
            self._say_goodbye()
        shaking = self._shaking
        if shaking is not None:
            shaking.cancel()
        self._leave()

    def fail(self, problem: BaseException) -> None:
        """End because of what somebody else found out."""
        if self.state == "over":
            return
        shaking = self._shaking
        self._leave()
        if shaking is None:
            self._ended(problem)
        else:
            shaking.errback(problem)

    def _leave(self) -> None:
        self.state = "over"
        self._shaking = None
        self._arm()

    def _say_goodbye(self) -> None:
        """C{close_notify}; nobody answers for its arrival."""
        with suppress(SSL.Error):
            self._connection.shutdown()
        self._try_to_flush()

    def _advance(self) -> None:
        """Let OpenSSL see what has come, and do what it wants then."""
        try:
            if self.state == "shaking":
                self._connection.do_handshake()
                self._complete()
            while self.state == "open":
                self._received(self._connection.recv(65536))
        except SSL.WantReadError:
            self._try_to_flush()
        except SSL.ZeroReturnError:
            self._say_goodbye()
            self.fail(OperationError(*EOF))
        except SSL.Error as problem:
            # The peer gets the alert that says why.
            self._try_to_flush()
            self.fail(problem)
        if self.state == "shaking":
            self._arm()

    def _complete(self) -> None:
        self.state = "open"
        self.limit = self._connection.get_cleartext_mtu()
        self._try_to_flush()
        self._arm()
        shaking, self._shaking = self._shaking, None
        if shaking is not None:
            shaking.callback(None)

    def _flush(self) -> None:
        records = written(self._connection)
        if records:
            for each in datagrams(records, self._mtu):
                self._transmit(each)

    def _try_to_flush(self) -> None:
        """What cannot be sent now is as good as lost on the way."""
        with suppress(OSError, OperationError):
            self._flush()

    def _arm(self) -> None:
        """Come back when OpenSSL wants to send a flight again."""
        self._resend.cancel()
        if self.state == "shaking":
            delay = self._connection.DTLSv1_get_timeout()
            if delay is not None:
                self._resend.start(delay)

    def _late(self) -> None:
        try:
            # False if OpenSSL's clock, which is another, is not there yet.
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as problem:
            self.fail(problem)
            return
        self._try_to_flush()
        self._arm()


class Gate:
    """
    Lets those begin a session who show that they get what is sent to their
    address (RFC 6347, 4.2.1).  Until then nothing is kept of them.
    """

    def __init__(
        self,
        context: SSL.Context,
        clock: Any,
        mtu: int,
        transmit: Callable[[bytes, Address], None],
    ) -> None:
        """
        @param context: a server's, for this gate only
        @param transmit: sends a datagram; may raise what kept it from it
        """
        self._context = context
        self._clock = clock
        self._mtu = mtu
        self._transmit = transmit
        self._secret = urandom(32)
        context.set_cookie_generate_callback(self._generate)
        context.set_cookie_verify_callback(self._verify)
        self._listening: SSL.Connection | None = None

    def admit(self, datagram: bytes, address: Address) -> SSL.Connection | None:
        """
        @return: a connection for a L{Session} that has taken the datagram; C{None}
            for all but the second C{ClientHello}
        """
        if len(datagram) > MAX_HELLO or not is_hello(datagram):
            return None
        connection = self._listening
        if connection is None:
            connection = make_connection(self._context, self._mtu)
            connection.set_accept_state()
        self._listening = None
        connection.set_app_data(address)
        connection.bio_write(datagram)
        try:
            connection.DTLSv1_listen()
        except SSL.WantReadError:
            # It can listen again, for others: OpenSSL clears what it knows.
            self._listening = connection
            with suppress(OSError, OperationError):
                for each in datagrams(written(connection), self._mtu):
                    self._transmit(each, address)
            return None
        except SSL.Error:
            return None
        return connection

    def _cookie(self, connection: SSL.Connection, age: int) -> bytes:
        host, port = connection.get_app_data()
        period = int(self._clock.seconds() // COOKIE_LIFE) - age
        return hmac.digest(self._secret, f"{period} {port} {host}".encode(), "sha256")

    def _generate(self, connection: SSL.Connection) -> bytes:
        return self._cookie(connection, 0)

    def _verify(self, connection: SSL.Connection, cookie: bytes) -> bool:
        return any(
            hmac.compare_digest(cookie, self._cookie(connection, age)) for age in (0, 1)
        )
