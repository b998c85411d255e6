"""The clients of a script's WebSocket server."""

from __future__ import annotations

import typing
from typing import Literal

from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.types import ConnectionRequest
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.values import Scalar, to_bytes
from eplua_twisted.http_engine.request_reader import (
    Refused,
    RequestHead,
    RequestReader,
)
from eplua_twisted.streams.endpoints import host_and_port
from eplua_twisted.websocket.connection import GOING_AWAY, NORMAL, Connection
from eplua_twisted.websocket.handshake import OpeningRequest, Refusal
from eplua_twisted.websocket.options import ServerOptions
from eplua_twisted.websocket.protocol import ServerProtocol

HANDSHAKE_TIMEOUT = 10.0
"""Seconds from a client's first byte to the end of the opening handshake."""

LINGER = 2.0
"""Seconds that a client has to take a refusal."""

State = Literal["reading", "judged", "admitted", "refused"]


class Owner(typing.Protocol):
    """A server, as its clients know it."""

    environment: Environment
    options: ServerOptions

    @property
    def settings(self) -> WebSocketServerFactory:
        """Autobahn's factory."""

    def judge(self, client: AcceptedWebSocket, request: OpeningRequest) -> None:
        """
        A client wants to come in: L{AcceptedWebSocket.admit} or
        L{AcceptedWebSocket.refuse} it, now or later.
        """

    def opened(self, client: AcceptedWebSocket) -> None: ...

    def received(
        self, client: AcceptedWebSocket, data: bytes, is_binary: bool
    ) -> None: ...

    def ended(
        self, client: AcceptedWebSocket, code: int, reason: str, clean: bool
    ) -> None: ...

    def left(self, client: AcceptedWebSocket) -> None:
        """The transport is gone."""


class AcceptingProtocol(ServerProtocol):
    """
    Autobahn's protocol, which is given the opening handshake when all is good with it.

    @ivar client: until then, who looks at it
    """

    def __init__(self, client: AcceptedWebSocket) -> None:
        super().__init__()
        self.client: AcceptedWebSocket | None = client
        self._refuse = client.refuse

    def pass_on(self, data: bytes) -> None:
        if self.client is None:
            super().pass_on(data)
        else:
            self.client.handshake_received(data)

    def begin(self, request: bytes) -> None:
        """Autobahn answers the request and goes on from here."""
        self.client = None
        self.dataReceived(request)

    def onConnect(self, request: ConnectionRequest) -> str | None:
        # One at most was left in the request.
        return next(iter(request.protocols), None)

    def failHandshake(
        self, reason: str, code: int = 400, responseHeaders: object = None
    ) -> None:
        self._refuse(code)


@implementer(IResource)
class AcceptedWebSocket:
    """
    A client, from its first byte on.

    The opening handshake: C{reading} the request; C{judged}, by the server and its
    script; then C{admitted}, or C{refused}.

    @ivar connection: what it does once it is admitted
    @ivar description: what the script is told of it: ip, port, path, origin,
        subprotocol, and the headers flattened
    """

    public_name = "WebSocketClient"

    def __init__(self, server: Owner) -> None:
        environment = server.environment
        self._server = server
        self._resources = environment.resources
        self._state: State = "reading"
        self._reader: RequestReader | None = RequestReader(self)
        self._head: RequestHead | None = None
        self._request: OpeningRequest | None = None
        self._early = b""
        self._held = self._pressed = False
        self._deadline = Deadline(environment.reactor, self._too_late)
        self.description: tuple[Scalar, ...] = ()
        self.protocol = AcceptingProtocol(self)
        self.protocol.factory = server.settings
        self.connection = Connection(
            environment.reactor, server.options, self, self.protocol
        )
        self.id = self._resources.add(self)
        self._deadline.start(HANDSHAKE_TIMEOUT)

    # The opening handshake.

    def handshake_received(self, data: bytes) -> None:
        """What comes before autobahn goes on."""
        if self._reader is not None:
            self._read(self._reader, data)
        elif self._state == "judged":
            self._early += data

    def _read(self, reader: RequestReader, data: bytes) -> None:
        try:
            early = reader.feed(data)
            if self._head is None:
                return
            self._request = OpeningRequest.of(self._head)
        except Refused as problem:
            self._answer(Refusal(problem.status))
        except Refusal as problem:
            self._answer(problem)
        else:
            self._early = early or b""
            self._state, self._reader = "judged", None
            self._server.judge(self, self._request)
            if self._state == "judged":
                # It is the script's turn; meanwhile nothing more is read.
                self._held = True
                self.connection.pause()

    # RequestEvents: there is one request, and its head is all that counts.

    def head_received(self, head: RequestHead) -> None:
        self._head = head

    def body_received(self, data: bytes) -> None:
        """Nobody asks for it."""

    def request_received(self) -> None:
        """Nobody asks for it."""

    def describe(self, request: OpeningRequest, subprotocol: str | None) -> None:
        """Note what the script is to be told: see L{description}."""
        host, port = host_and_port(self.protocol.transport.getPeer())
        values = (host, port, request.path, request.origin, subprotocol)
        flat = [
            part for name, value in request.headers for part in (name.lower(), value)
        ]
        self.description = (
            *(to_bytes(each) if isinstance(each, str) else each for each in values),
            *flat,
        )

    def admit(self, subprotocol: str | None) -> None:
        """It becomes a WebSocket, if it is there still."""
        if self._state == "judged" and self._request is not None:
            self._state = "admitted"
            self._deadline.cancel()
            self.protocol.begin(self._request.for_autobahn(subprotocol))
            self._request = self._head = None
            self._release()
            if self._early:
                early, self._early = self._early, b""
                self.protocol.dataReceived(early)

    def refuse(self, status: int) -> None:
        """It does not."""
        self._answer(Refusal(status))
        self._release()

    def _answer(self, refusal: Refusal) -> None:
        if self._state != "refused":
            self._state, self._reader = "refused", None
            self._early = b""
            self._deadline.cancel()
            self.connection.refuse(refusal.answer(), LINGER)

    def _release(self) -> None:
        self._held = False
        if not self._pressed:
            self.connection.resume()

    def _too_late(self) -> None:
        self.refuse(408 if self._state == "reading" else 503)

    # What the connection tells.

    def opened(self, subprotocol: str | None) -> None:
        self._server.opened(self)

    def received(self, data: bytes, is_binary: bool) -> None:
        self._server.received(self, data, is_binary)

    def ponged(self, data: bytes) -> None:
        """Scripts are not told."""

    def ended(self, code: int, reason: str, clean: bool) -> None:
        # What is still on its way to the peer does not keep the program alive.
        self._resources.count(self.id, False)
        self._server.ended(self, code, reason, clean)

    def gone(self, failure: Failure, was_open: bool) -> None:
        self._state = "refused"
        self._deadline.cancel()
        self._resources.remove(self.id)
        self._server.left(self)

    # What the server asks.

    @property
    def is_open(self) -> bool:
        return self.connection.is_open

    @property
    def buffered_amount(self) -> int:
        return self.connection.buffered_amount

    def send(self, data: bytes, is_binary: bool) -> None:
        """@raise OperationError: as L{Connection.send} does"""
        self.connection.send(data, is_binary)

    def close_with(self, code: int | None, reason: bytes | None) -> None:
        """@raise OperationError: as L{Connection.close} does"""
        self.connection.close(code or NORMAL, reason or b"")

    # Resources.

    def close(self) -> None:
        """The server, or the runtime, stops."""
        self.connection.close(GOING_AWAY)

    def abort(self) -> None:
        """Close now."""
        self.connection.abort()

    def pause(self) -> None:
        self._pressed = True
        self.connection.pause()

    def resume(self) -> None:
        self._pressed = False
        if not self._held:
            self.connection.resume()
