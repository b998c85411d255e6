"""How a connection gets to where a script can use it, within one time limit."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocol,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.streams.connecting import OneProtocolFactory
from eplua_twisted.streams.local import endpoint_to
from eplua_twisted.tcp.options import SocketOptions
from eplua_twisted.tls.handshake import interrupted
from eplua_twisted.tls.options import TLSOptions

Address = tuple[str, int]
"""Host and port, as the script has them."""

TWICE = ("state", "TLS is spoken already")
UNREAD = ("state", "Bytes that came before TLS wait to be read")
"""Why TLS cannot be started."""


def tls_creator(
    environment: Environment, options: TLSOptions, address: Address, *, is_client: bool
) -> IOpenSSLClientConnectionCreator | IOpenSSLServerConnectionCreator:
    """
    What makes the TLS connection, for the role that an end has.

    @param address: what a client connects to
    @raise OperationError: C{tls}: a certificate or key cannot be used
    """
    # OpenSSL is loaded by those who need it.
    if is_client:
        from eplua_twisted.tls.creators import creator_of

        return creator_of(environment, options, *address)
    from eplua_twisted.tls.context import server_context

    return server_context(options)


def endpoint_of(
    environment: Environment, options: SocketOptions, address: Address
) -> IStreamClientEndpoint:
    """
    What a client connects to, with TLS if its options say so.

    @raise OperationError: as L{tls_creator}
    """
    plain = endpoint_to(environment, *address, options.local_address)
    if options.tls is None:
        return plain
    from eplua_twisted.tls.transport import TLSClientEndpoint

    creator = tls_creator(environment, options.tls, address, is_client=True)
    return TLSClientEndpoint(plain, creator, environment.reactor)


class Connector:
    """
    One attempt: to connect (with a TLS handshake, if the protocol expects one), to
    shake hands with a client that was accepted, or to speak TLS on a connection that
    is there.  A socket owns one as long as the attempt lasts.

    Each of L{connect}, L{shake_hands} and L{start_tls} begins the attempt, and returns
    a Deferred that fires with C{None} when it has succeeded; it fails with what it
    failed by, C{timeout}, and C{closed} after L{cancel}, whatever the libraries say.
    """

    def __init__(
        self,
        environment: Environment,
        options: SocketOptions,
        abort: Callable[[], None],
    ) -> None:
        """@param abort: called to abort the connection, when there is one already"""
        self._environment = environment
        self._options = options
        self._abort = abort
        self._attempt: Deferred[None] | None = None
        self._handshake: Deferred[None] | None = None
        self._cancelled = False

    def connect(self, protocol: Protocol, address: Address) -> Deferred[None]:
        """
        @param protocol: calls L{expect_handshake} in its C{connectionMade}, if TLS is
            spoken
        """

        def begin() -> Deferred[IProtocol]:
            endpoint = endpoint_of(self._environment, self._options, address)
            return endpoint.connect(OneProtocolFactory(protocol))

        connected = maybeDeferred(begin)
        return self._begin(connected.addCallback(self._shaken))

    def shake_hands(self) -> Deferred[None]:
        """The connection is there, and TLS is below the protocol."""
        return self._begin(self.expect_handshake())

    def start_tls(
        self,
        protocol: Protocol,
        when_sent: Callable[[Callable[[], None]], None],
        creator: IOpenSSLClientConnectionCreator | IOpenSSLServerConnectionCreator,
        *,
        is_client: bool,
    ) -> Deferred[None]:
        """
        @param protocol: its C{connectionMade} is called again
        @param when_sent: takes what is to be called when all was sent that goes before
            TLS, and the transport has no producer
        @param creator: makes the TLS connection
        """
        from eplua_twisted.tls.transport import put_below

        def upgrade(_: None) -> Deferred[None] | None:
            transport = protocol.transport
            reactor = self._environment.reactor
            put_below(protocol, transport, creator, reactor, is_client=is_client)
            return self._handshake

        sent = self.expect_handshake()
        when_sent(lambda: None if sent.called else sent.callback(None))
        return self._begin(sent.addCallback(upgrade))

    def _shaken(self, _: object) -> Deferred[None] | None:
        """What is still to be waited for when a connection is there."""
        return self._handshake

    def _begin(self, attempt: Deferred[None]) -> Deferred[None]:
        self._attempt = attempt
        if self._options.connect_timeout:
            clock = self._environment.reactor
            limit(attempt, clock, self._options.connect_timeout)
        return attempt.addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        return Failure(CancelledError()) if self._cancelled else failure

    def expect_handshake(self) -> Deferred[None]:
        """Nothing is used before L{handshake_completed}."""
        self._handshake = Deferred(lambda _: self._abort())
        return self._handshake

    def handshake_completed(self) -> None:
        """The attempt has succeeded."""
        assert self._handshake is not None
        self._handshake.callback(None)

    def lost(self, reason: Failure) -> None:
        """The connection was lost, or the peer has ended its side."""
        if self._handshake is not None and not self._handshake.called:
            self._handshake.errback(interrupted(reason))

    def cancel(self) -> None:
        """The script has closed the socket: end the attempt."""
        self._cancelled = True
        if self._attempt is not None:
            self._attempt.cancel()
