"""The reactors of a runtime: one for time and names, one for sockets."""

from __future__ import annotations

from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.limits import Connections
from eplua_twisted.border.permissions import Access
from eplua_twisted.streams.counted import counting
from eplua_twisted.streams.guarded import guarded


def reactors(
    reactor: IReactor, streams: IReactor, connections: Connections, access: Access
) -> tuple[IReactor, IReactor]:
    """
    @param streams: the same reactor, with the connections and ports that are wanted
    @param connections: counts those of streams
    @return: both reach what is permitted and no more
    """
    return guarded(reactor, access), guarded(counting(streams, connections), access)
