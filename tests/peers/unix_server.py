"""Listens on a UNIX socket, with Twisted's lock: C{PATH}."""

import sys
from typing import Any

from twisted.internet import protocol, reactor

untyped: Any = reactor
untyped.listenUNIX(sys.argv[1], protocol.Factory(), wantPID=True)
print("ready", flush=True)
untyped.run()
