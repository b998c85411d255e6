"""How a L{TCPSocket<eplua_twisted.tcp.socket.TCPSocket>} gets connected, and secure."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IHandshakeListener
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.primitives import operation
from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.endpoints import client_endpoint, set_stream_options
from eplua_twisted.streams.read_buffer import ReadBuffer
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.tcp.options import SocketOptions
from eplua_twisted.tls.handshake import interrupted

if TYPE_CHECKING:
    from eplua_twisted.tls.options import TLSOptions

CONNECT_TIMEOUT = 10.0
"""Seconds to connect, and for a TLS handshake, when the script names no timeout."""

TWICE = ("state", "TLS is spoken already")
UNREAD = ("state", "Bytes that came before TLS wait to be read")


class Acceptor(typing.Protocol):
    """A server, as a connection that it has accepted knows it."""

    def refused(self, failure: Failure) -> None:
        """The client did not get through the TLS handshake."""


class Once(Factory):
    """Gives an endpoint, or a layer below, the protocol that is there already."""

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return self._protocol


class Connecting(Protocol):
    """
    The way of a connection to where it can be used: L{ready} is called.

    @ivar secure: TLS is spoken
    @ivar shaking: the handshake, while it is under way: fires with C{None} when
        L{ready} was called; fails with what the connection was lost by; cancelling
        it aborts the connection
    @ivar state: C{new}, C{connecting} (a TLS handshake too), C{connected};
        C{closing} while the last bytes are sent; C{closed}, while bytes that
        arrived can still be read
    """

    _environment: Environment
    _options: SocketOptions
    _server: Acceptor | None
    _in: ReadBuffer
    _out: WriteBuffer | None = None
    _attempt: Deferred[Any] | None = None
    _address = ("", 0)
    secure = False
    shaking: Deferred[None] | None = None
    state = "new"

    def ready(self) -> None:
        """Connected, and the TLS handshake is done where there is one."""
        raise NotImplementedError

    def _writable(self) -> WriteBuffer:
        raise NotImplementedError

    def _gone(self) -> None:
        raise NotImplementedError

    @operation("tcp_connect")
    def connect(self, host: bytes, port: int) -> Deferred[None]:
        """
        @return: fires with C{None}; fails with whatever kept it from connecting
        """
        if self.state != "new":
            raise OperationError("state", f"Already {self.state}")
        self._address = to_text(host), port
        endpoint = client_endpoint(
            self._environment.streams, *self._address, self._options.local_address
        )
        if self._options.tls is not None:
            from eplua_twisted.tls.transport import TLSClientEndpoint

            creator = self._tls_context(self._options.tls)
            reactor = self._environment.reactor
            endpoint = TLSClientEndpoint(endpoint, creator, reactor)
        self.state = "connecting"
        attempt: Deferred[Any] = endpoint.connect(Once(self))
        return self._begin(attempt.addCallback(lambda _: self.shaking))

    def _begin(self, attempt: Deferred[Any]) -> Deferred[None]:
        """Bound an attempt to get connected, and see to what becomes of it."""
        self._attempt = attempt
        timeout = self._options.timeout
        if timeout is None:
            timeout = CONNECT_TIMEOUT
        if timeout:
            limit(attempt, self._environment.reactor, timeout)
        return attempt.addCallbacks(self._connected, self._not_connected)

    def _connected(self, protocol: object) -> None:
        self._attempt = None

    def _not_connected(self, failure: Failure) -> Failure:
        self._attempt = None
        if self.transport is None or self.state == "closed":
            self._gone()
        else:
            # The transport is still on its way out.
            self.state = "closing"
        return failure

    def connectionMade(self) -> None:
        """Below TLS, if there is any."""
        self.state = "connecting"
        transport: Any = self.transport
        set_stream_options(transport, self._options.no_delay, self._options.keep_alive)
        if not self.secure:
            self.ready()
            return
        self.shaking = Deferred(self._give_up)
        if self._server is not None and self._out is None:
            self._begin(self.shaking).addErrback(self._server.refused)

    def _give_up(self, deferred: Deferred[None]) -> None:
        self.shaking = None
        transport: Any = self.transport
        transport.abortConnection()

    def expect_handshake(self) -> None:
        """
        TLS is spoken.  Only then is this an C{IHandshakeListener}: the protocol with
        which Twisted's endpoints wrap this one provides one interface at a time, and
        without TLS it must be C{IHalfCloseableProtocol}.
        """
        self.secure = True
        alsoProvides(self, IHandshakeListener)

    def handshakeCompleted(self) -> None:
        """C{IHandshakeListener}"""
        shaking, self.shaking = self.shaking, None
        if shaking is not None:
            # There is nothing left to cancel, even if a server's script closes it.
            self._attempt = None
            self.ready()
            shaking.callback(None)

    def lost_in_handshake(self, cause: BaseException) -> None:
        """
        The connection is lost; if that was during the handshake, say so.  Before the
        first record of TLS there is no layer yet that would.
        """
        shaking, self.shaking = self.shaking, None
        if shaking is not None:
            shaking.errback(interrupted(Failure(cause)))

    def _upgrade(self, context: Any) -> None:
        """
        Put TLS between this protocol and its transport, which has no producer.
        C{connectionMade} is called again.

        @param context: what makes the TLS connection
        """
        from eplua_twisted.tls.transport import below

        self.expect_handshake()
        transport: Any = self.transport
        client, reactor = self._server is None, self._environment.reactor
        # Not the transport's own startTLS: that goes around its way of writing,
        # and takes the time from the global reactor.
        factory = below(Once(self), context, reactor, is_client=client)
        layer = factory.buildProtocol(transport.getPeer())
        transport.protocol = layer
        layer.makeConnection(transport)

    def _tls_context(self, options: TLSOptions) -> Any:
        from eplua_twisted.tls.context import client_creator, server_context

        try:
            if self._server is not None:
                return server_context(options)
            allowed = self._environment.allow_unauthorized
            return client_creator(options, *self._address, allowed)
        except OperationError:
            if self.state == "new":
                self._gone()
            raise

    @operation("tcp_start_tls")
    def start_tls(self, *pairs: Any) -> Deferred[None]:
        """
        Speak TLS from now on; what was written before goes out as it is.

        @return: fires with C{None} after the handshake; fails with C{tls},
            C{timeout}, and C{state} when bytes that are not TLS are still to be read
        """
        from eplua_twisted.tls.options import TLSOptions

        out = self._writable()
        if self.secure:
            raise OperationError(*TWICE)
        if len(self._in):
            # Else what somebody slipped in before would look as if TLS protected it.
            raise OperationError(*UNREAD)
        context = self._tls_context(TLSOptions.from_lua(*pairs))
        self.state = "connecting"
        sent: Deferred[None] = Deferred(self._give_up)
        self.shaking = sent
        out.when_empty(lambda: sent.callback(None))
        sent.addCallback(lambda _: self._upgrade(context))
        return self._begin(sent.addCallback(lambda _: self.shaking))
