"""The seams between the layers."""

from __future__ import annotations

from twisted.internet.interfaces import IProtocol
from zope.interface import Attribute, Interface


class IResource(Interface):
    """
    Something open: a connection, a server, a socket.

    It removes itself from its L{Resources} when it is gone.
    """

    id = Attribute("The number under which L{Resources} and Lua know it, an int.")

    def close() -> None:
        """Close in good order: what was accepted for sending is sent first."""

    def abort() -> None:
        """Close now, whatever is lost by it."""

    def pause() -> None:
        """Stop reading: the script is behind with its answers."""

    def resume() -> None:
        """Read again."""


class IUpgrade(Interface):
    """A server that goes on where an HTTP server has read an C{Upgrade} request."""

    def take_over(transport: object, head: bytes) -> IProtocol | None:
        """
        Speak on a connection from now on.

        @param head: the request, as it was read
        @return: the C{IProtocol} that now receives what the transport does, or C{None}
            when there is no room for another client
        """


class IModule(Interface):
    """
    The primitives of one protocol, for one runtime.

    Its methods marked with C{@operation} and C{@query}, and those of its
    C{resource_types}, are what Lua can call.
    """

    resource_types = Attribute("The L{IResource} classes it makes, a tuple.")

    active = Attribute("How many of its things keep the program alive, an int.")

    def counts() -> dict[str, int]:
        """How many it has of each kind that is not in L{Resources}."""

    def stop() -> object:
        """
        Let go of what is not in L{Resources}.

        @return: C{None}, or a Deferred that fires when it is gone
        """
