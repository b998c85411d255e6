"""All that the summary names exists, under that name."""

from __future__ import annotations

from importlib import import_module

from eplua_twisted.border.primitives import marked
from eplua_twisted.runtime import MODULES
from tests.support import LuaTestCase, for_each_lua

PRIMITIVES = {
    "tcp": {
        "tcp_connect",
        "tcp_read",
        "tcp_read_until",
        "tcp_write",
        "tcp_close",
        "tcp_server_create",
        "tcp_server_start",
        "tcp_server_stop",
    },
    "udp": {
        "udp_create_socket",
        "udp_send_to",
        "udp_receive",
        "udp_close",
        "udp_bind",
    },
    "websocket": {
        "websocket_connect",
        "websocket_send",
        "websocket_close",
        "websocket_is_open",
        "websocket_server_create",
        "websocket_server_start",
        "websocket_server_send",
        "websocket_server_stop",
        "websocket_server_is_running",
    },
}

METHODS = {
    "TCPSocket": "connect send read close",
    "TCPServer": "start stop",
    "HTTPClient": "request",
    "UDPSocket": "sendTo receive close",
    "WebSocketClient": "connect send close addEventListener removeEventListener",
    "WebSocketServer": "start send stop isRunning getClients",
}


class SummaryTests(LuaTestCase):
    def test_primitives(self) -> None:
        """Those of each module are what Lua is given."""
        for name, wanted in PRIMITIVES.items():
            module, kind = MODULES[name]
            holders = [getattr(import_module(module), kind)]
            holders += holders[0].resource_types
            found = {each[1] for holder in holders for each in marked(holder)}
            self.assertEqual(wanted - found, set())

    def test_methods(self) -> None:
        for name, methods in METHODS.items():
            self.run_lua(
                f"""
                local object = net.{name}()
                for method in ("{methods}"):gmatch("%a+") do
                  assert(type(object[method]) == "function", "{name}:" .. method)
                end
                """
            )


globals().update(for_each_lua(SummaryTests))
