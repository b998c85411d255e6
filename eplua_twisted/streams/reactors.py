"""The reactors of a runtime: one for time, names and datagrams, one for streams."""

from __future__ import annotations

from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.limits import Connections
from eplua_twisted.border.permissions import Access
from eplua_twisted.streams.counted import counting
from eplua_twisted.streams.guarded import guarded
from eplua_twisted.streams.transports import eager


def reactors(
    reactor: IReactor, eager_writes: bool, connections: Connections, access: Access
) -> tuple[IReactor, IReactor]:
    """
    @param connections: counts those of streams
    @return: both reach what is permitted and no more
    """
    streams = eager(reactor) if eager_writes else reactor
    return guarded(reactor, access), guarded(counting(streams, connections), access)
