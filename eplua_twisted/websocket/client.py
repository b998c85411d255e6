"""WebSocket connections that scripts make."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import query
from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import (
    CLOSED,
    EOF,
    INTERNAL,
    TIMEOUT,
    OperationError,
    describe,
)
from eplua_twisted.streams.connecting import OneProtocolFactory
from eplua_twisted.streams.local import endpoint_to
from eplua_twisted.streams.opening import Opening
from eplua_twisted.streams.urls import URL
from eplua_twisted.websocket.connection import (
    GOING_AWAY,
    NORMAL,
    Connection,
    check_utf8,
)
from eplua_twisted.websocket.options import ClientOptions
from eplua_twisted.websocket.protocol import ClientProtocol
from eplua_twisted.websocket.settings import client_settings

EARLY_END = "End of file (the server closed before it had answered)"


@implementer(IResource)
class WebSocketConnection:
    """
    One connection, from the attempt to its end.

    @param listener: the ticket that is told C{connected} with the subprotocol, or
        C{error} with code and message; then C{dataReceived} with data and whether it
        is binary, C{pong} with data, and C{disconnected} with code, reason and whether
        it was clean
    """

    public_name = "WebSocketClient"

    def __init__(
        self, environment: Environment, options: ClientOptions, listener: int
    ) -> None:
        reactor = environment.reactor
        self._environment = environment
        self._options = options
        self._protocol = ClientProtocol()
        self._protocol.factory = client_settings(options, reactor)
        self._connection = Connection(reactor, options, self, self._protocol)
        self._attempt: Deferred[IProtocol] | None = None
        self._deadline = Deadline(reactor, self._give_up, TIMEOUT)
        # Why we gave up ourselves.
        self._reason: OperationError | None = None
        self.id = environment.resources.add(self)
        self._events = Events(environment.bridge, listener, self.id)

    def begin(self, url: URL, creator: IOpenSSLClientConnectionCreator | None) -> None:
        """Connect; what comes of it is an event."""
        options, environment = self._options, self._environment
        self._protocol.opening = Opening(
            url.authority,
            url.path,
            options.subprotocols,
            _with_authorization(options.headers, url.authorization),
        )
        endpoint = endpoint_to(environment, url.host, url.port)
        if creator is not None:
            from eplua_twisted.tls.transport import TLSClientEndpoint

            endpoint = TLSClientEndpoint(endpoint, creator, environment.reactor)
        if options.timeout:
            self._deadline.start(options.timeout)
        attempt = endpoint.connect(OneProtocolFactory(self._protocol))
        self._attempt = attempt
        attempt.addCallbacks(self._connected, self._not_connected)

    def _connected(self, protocol: object) -> None:
        self._attempt = None

    def _not_connected(self, failure: Failure) -> None:
        self._attempt = None
        self.gone(failure, False)

    def _give_up(self, reason: tuple[str, str]) -> None:
        self._reason = self._reason or OperationError(*reason)
        self.abort()

    # What the connection tells.

    def opened(self, subprotocol: str | None) -> None:
        self._deadline.cancel()
        self._events.tell(b"connected", subprotocol and to_bytes(subprotocol))

    def received(self, data: bytes, is_binary: bool) -> None:
        self._events.tell(b"dataReceived", data, is_binary)

    def ponged(self, data: bytes) -> None:
        self._events.tell(b"pong", data)

    def ended(self, code: int, reason: str, clean: bool) -> None:
        # What is still on its way to the peer does not keep the program alive.
        self._environment.resources.count(self.id, False)
        self._events.tell(b"disconnected", code, to_bytes(reason), clean)

    def gone(self, failure: Failure, was_open: bool) -> None:
        self._deadline.cancel()
        self._environment.resources.remove(self.id)
        if was_open:
            return
        reason = self._reason or self._protocol.refused
        described = describe(Failure(reason) if reason else failure) or INTERNAL
        code, message = (EOF[0], EARLY_END) if described == EOF else described
        self._events.tell(b"error", to_bytes(code), to_bytes(message))

    # What scripts ask.

    @query("websocket_send")
    def send(self, data: bytes, is_binary: bool) -> bool:
        """@raise OperationError: as L{Connection.send} does"""
        self._connection.send(data, is_binary)
        return True

    @query("websocket_ping")
    def ping(self, data: bytes) -> bool:
        """@raise OperationError: as L{Connection.ping} does"""
        self._connection.ping(data)
        return True

    @query("websocket_close")
    def close_with(self, code: int | None, reason: bytes | None) -> bool:
        """
        Close; before there is a connection, give the attempt up.

        @raise OperationError: C{protocol} for a reason that is not UTF-8
        """
        reason = reason or b""
        check_utf8(reason, "the reason of a close must be UTF-8")
        self._reason = self._reason or OperationError(*CLOSED)
        if self._attempt is not None:
            self._attempt.cancel()
        else:
            self._connection.close(code or NORMAL, reason)
        return True

    @query("websocket_disown")
    def disown(self) -> None:
        """The script connects anew before this one, which it has closed, has ended."""
        self._connection.disown()
        self._environment.resources.count(self.id, True)

    @query("websocket_is_open")
    def is_open(self) -> bool:
        return self._connection.is_open

    @query("websocket_buffered_amount")
    def buffered_amount(self) -> int:
        return self._connection.buffered_amount

    # Resources.

    def close(self) -> None:
        """The runtime stops."""
        if self._attempt is not None:
            self._attempt.cancel()
        else:
            self._connection.close(GOING_AWAY)

    def abort(self) -> None:
        """Close now."""
        if self._attempt is not None:
            self._attempt.cancel()
        else:
            self._connection.abort()

    def pause(self) -> None:
        self._connection.pause()

    def resume(self) -> None:
        self._connection.resume()


def _with_authorization(
    headers: Sequence[bytes], authorization: bytes | None
) -> Sequence[bytes]:
    """The fields of the script, and what its URL says, unless they say it too."""
    names = {name.lower() for name in headers[::2]}
    if authorization is None or b"authorization" in names:
        return headers
    return *headers, b"Authorization", authorization
