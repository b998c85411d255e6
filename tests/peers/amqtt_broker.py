"""amqtt, an MQTT broker, on a free port, which it prints; from C{.venv/broker}."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

# It pins an older websockets than the tests use, so it has a place of its own.
sys.path.insert(0, str(Path(__file__).parents[2] / ".venv" / "broker"))

from amqtt.broker import Broker

PLUGINS = {
    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
}


async def main() -> None:
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}},
            "plugins": PLUGINS,
        }
    )
    await broker.start()
    server = broker._servers["default"].instance
    print("port", server.sockets[0].getsockname()[1], "end", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
