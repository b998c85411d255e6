"""The exchange of cookies at a DTLS server (RFC 6347, 4.2.1)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import suppress
from os import urandom

from OpenSSL import SSL
from twisted.internet.interfaces import IReactorTime

from eplua_twisted.errors import OperationError
from eplua_twisted.transports.sockets import IPAddress
from eplua_twisted.udp.dtls.records import datagrams, hello_random
from eplua_twisted.udp.dtls.session import make_connection, written

MAX_HELLO = 4096
"""Bytes of a datagram that can begin a session; a C{ClientHello} has some 200."""

COOKIE_LIFE = 60.0
"""Seconds after which cookies change; the one before is still taken."""


class CookieExchange:
    """
    Lets those begin a session who show that they get what is sent to their
    address.  Until then nothing is kept of them.

    A cookie is for one address and one C{ClientHello}: who sees it on the wire can
    only repeat that hello.
    """

    def __init__(
        self,
        context: SSL.Context,
        clock: IReactorTime,
        mtu: int,
        transmit: Callable[[bytes, IPAddress], None],
    ) -> None:
        """
        @param context: a server's, for this exchange only
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

    def admit(self, datagram: bytes, address: IPAddress) -> SSL.Connection | None:
        """
        @return: a connection for a L{Session} that has taken the datagram; C{None}
            for all but a C{ClientHello} with a cookie
        """
        random = hello_random(datagram)
        if random is None or len(datagram) > MAX_HELLO:
            return None
        connection = self._listening
        if connection is None:
            connection = make_connection(self._context, self._mtu)
            connection.set_accept_state()
        self._listening = None
        connection.set_app_data((address, random))
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
        address, random = connection.get_app_data()
        period = int(self._clock.seconds() // COOKIE_LIFE) - age
        return hmac.digest(
            self._secret, f"{period} {address}".encode() + random, "sha256"
        )

    def _generate(self, connection: SSL.Connection) -> bytes:
        return self._cookie(connection, 0)

    def _verify(self, connection: SSL.Connection, cookie: bytes) -> bool:
        return any(
            hmac.compare_digest(cookie, self._cookie(connection, age)) for age in (0, 1)
        )
