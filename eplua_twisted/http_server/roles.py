"""What requests, connections and their server have of each other."""

from __future__ import annotations

from typing import Protocol, TypeVar

from twisted.internet.interfaces import IProtocol, IReactorTime

from eplua_twisted.border.resources import Resources
from eplua_twisted.http_engine.answers import Heads
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.http_server.readers import Readers
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.transports.interfaces import StreamTransport

R = TypeVar("R", contravariant=True)
C = TypeVar("C", contravariant=True)


class Client(Protocol[R]):
    """
    What a request has of its connection.

    @ivar leaving: the connection ends with the request that is being answered
    @ivar peer: the client's address and port, as Lua gets them
    """

    out: WriteBuffer
    leaving: bool
    peer: tuple[bytes | None, int | None]
    transport: StreamTransport

    def answered(self, request: R) -> None:
        """The answer is complete, and all of it, or nearly, is sent."""

    def abort(self) -> None:
        """Close now."""


class RequestOwner(Protocol[R]):
    """What a request has of its server."""

    heads: Heads
    options: HTTPServerOptions
    resources: Resources

    @property
    def clock(self) -> IReactorTime: ...

    def lost(self, request: R) -> None:
        """The client has not waited for its answer."""


class Server(RequestOwner[R], Protocol[R, C]):
    """What a connection has of its server."""

    readers: Readers
    secure: bool

    def serve(self, request: R) -> None:
        """See that a request is answered."""

    def takes_upgrade(self, request: R) -> bool:
        """Whether a request that asks for another protocol gets it."""

    def upgrade(self, request: R) -> IProtocol | None:
        """The protocol that speaks from now on; C{None} when there is no room."""

    def left(self, client: C) -> None:
        """A client is gone."""
