"""
One network in memory, for all tests that need no real socket.

L{MemoryReactor} runs Twisted's own transports and ours, over sockets in memory.  A
connection to a port on which something listens reaches it; for all others the test plays
the peer: C{reactor.accept()} gives the L{RemotePeer} of a client's attempt,
C{reactor.connect()} the one of a new client of a listening port.

What the test's end does (C{peer.send}) reaches the protocol at once, as if the reactor
had just seen it.  What the protocol asks for itself (C{loseConnection},
C{abortConnection}), and all between two protocols, comes with the turns of the reactor.
"""

from tests.memory.network import Flow, Network, Wire
from tests.memory.peer import RemotePeer, RemotePort
from tests.memory.reactor import MemoryReactor
from tests.memory.resolver import Names

__all__ = [
    "Flow",
    "MemoryReactor",
    "Names",
    "Network",
    "RemotePeer",
    "RemotePort",
    "Wire",
]
