"""A simulated Home Center: C{USER PASSWORD}; prints its port."""

import sys
import time
from typing import Any

from twisted.internet import reactor

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.resources import Resources
from eplua_twisted.hc3.opening import Opened
from eplua_twisted.hc3.plan import Plan

untyped: Any = reactor
resources = Resources()
environment = Environment(untyped, untyped, Bridge(untyped, resources), resources)
plan = Plan(listen=("127.0.0.1", 0), user=sys.argv[1], password=sys.argv[2])
opened = Opened(plan, environment, untyped, time.time)
opened.start().addCallback(lambda port: print(f"port {port} end", flush=True))
untyped.run()
