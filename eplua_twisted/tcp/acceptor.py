"""A server, as the sockets that it has accepted know it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.python.failure import Failure

Client = TypeVar("Client", contravariant=True)


class Acceptor(Protocol[Client]):
    """What a socket tells its server."""

    @property
    def on_traffic(self) -> Callable[[Client], None] | None:
        """What is called when bytes went either way, if anything."""

    def connected(self, client: Client) -> None:
        """The client can be used."""

    def refused(self, failure: Failure) -> None:
        """The client did not get through the TLS handshake."""

    def left(self, client: Client) -> None:
        """The client is gone."""
