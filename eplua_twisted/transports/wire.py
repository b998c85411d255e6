"""What is below the layers of a connection."""

from __future__ import annotations

from twisted.internet.protocol import Protocol


def wire(transport: object) -> object:
    """The transport that has the socket, below all TLS."""
    while isinstance(transport, Protocol):
        transport = transport.transport
    return transport
