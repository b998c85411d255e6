"""The network of what is no script's."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.environment import Environment, IReactor
from eplua_twisted.border.limits import Connections
from eplua_twisted.border.permissions import Access
from eplua_twisted.border.resources import Resources
from eplua_twisted.streams.reactors import reactors
from eplua_twisted.transports.reactor import lean, rest


def network_of(
    reactor: IReactorTime,
    allow: frozenset[str] = frozenset(),
    access: Access | None = None,
) -> Environment:
    """
    A network that no runtime has for itself.

    @param reactor: whose time is the network's
    @param allow: hosts whose certificates are accepted whatever they are
    @param access: what scripts are permitted, which reach others by it
    """
    running = cast(IReactor, reactor)
    streams = lean(running)
    # Nobody ends this network: no descriptor is kept while there is no connection.
    rest(streams)
    resources, connections = Resources(), Connections()
    access = access or Access()
    return Environment(
        *reactors(running, streams, connections, access),
        Bridge(running, resources),
        resources,
        allow_unauthorized=allow,
        connections=connections,
        access=access,
    )
