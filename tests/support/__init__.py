"""What the tests share: runtimes in memory and on the real reactor, and real peers."""

from tests.memory import MemoryReactor, RemotePeer
from tests.support.peers import (
    Peer,
    free_port,
    port_of,
    serve_peer,
    start,
    start_peer,
    together,
)
from tests.support.programs import EPLUA, ROOT, TWISTD_N
from tests.support.runtimes import (
    LUA_VERSIONS,
    LoopbackTestCase,
    LuaTestCase,
    for_each_lua,
)

ALL_BYTES = bytes(range(256))

__all__ = [
    "ALL_BYTES",
    "EPLUA",
    "LUA_VERSIONS",
    "ROOT",
    "TWISTD_N",
    "LoopbackTestCase",
    "LuaTestCase",
    "MemoryReactor",
    "Peer",
    "RemotePeer",
    "for_each_lua",
    "free_port",
    "port_of",
    "serve_peer",
    "start",
    "start_peer",
    "together",
]
