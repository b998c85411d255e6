"""
Each private name of a library that the package uses, and that it is still there.

Every one is a reason why a new version of its library may break the package; where
it is used, a comment says why nothing public would do.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from importlib import import_module, invalidate_caches, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import eplua_twisted
from tests.support.private_names import names_of, private_uses


@dataclass(frozen=True)
class Private:
    """
    @ivar library: the name of its distribution
    @ivar owner: the module, and the class in it, that has the name
    @ivar parameters: of a function, what it takes besides C{self}
    """

    library: str
    owner: str
    name: str
    parameters: tuple[str, ...] | None = None

    def problem(self) -> str | None:
        """What is different in the installed version, or C{None}."""
        place = f"{self.library} {metadata.version(self.library)}: {self.owner}"
        path, _, kind = self.owner.partition(":")
        try:
            module: Any = import_module(path)
            owner = getattr(module, kind) if kind else module
        except (ImportError, AttributeError) as problem:
            return f"{place}: {problem}"
        names = set(vars(owner)) if isinstance(owner, ModuleType) else names_of(owner)
        if self.name not in names:
            return f"{place} has no {self.name}"
        if self.parameters is not None:
            taken = tuple(inspect.signature(getattr(owner, self.name)).parameters)
            if taken[1:] != self.parameters:
                return f"{place}.{self.name} takes {taken[1:]}, not {self.parameters}"
        return None


WEBSOCKET = "autobahn.websocket.protocol:WebSocketProtocol"
WEBSOCKET_CLIENT = "autobahn.websocket.protocol:WebSocketClientProtocol"
WEBSOCKET_SERVER = "autobahn.websocket.protocol:WebSocketServerProtocol"
ADAPTER = "autobahn.twisted.websocket:WebSocketAdapterProtocol"
TLS = "twisted.protocols.tls:TLSMemoryBIOProtocol"
PAHO = "paho.mqtt.client:Client"

PRIVATE = (
    Private("twisted", "twisted.internet._resolver", "GAIResolver"),
    Private("twisted", "twisted.internet.base:BaseConnector", "_makeTransport", ()),
    Private("twisted", "twisted.internet.tcp:Connector", "_makeTransport", ()),
    Private("twisted", "twisted.internet.unix:Connector", "_makeTransport", ()),
    Private("twisted", TLS, "_appSendBuffer"),
    Private("twisted", TLS, "_bufferedWrite", ("octets",)),
    Private("twisted", TLS, "_write", ("bytes",)),
    Private("twisted", "twisted.internet.udp:Port", "_connectedAddr"),
    Private("twisted", TLS, "_aborted"),
    Private("twisted", TLS, "_flushReceiveBIO", ()),
    Private("twisted", TLS, "_flushSendBIO", ()),
    Private("twisted", TLS, "_handshakeDone"),
    Private("twisted", TLS, "_producer"),
    Private("twisted", TLS, "_lostTLSConnection"),
    Private("twisted", TLS, "_reason"),
    Private("twisted", TLS, "_shutdownTLS", ()),
    Private("twisted", TLS, "_tlsConnection"),
    Private("twisted", TLS, "_tlsShutdownFinished", ("reason",)),
    Private("autobahn", WEBSOCKET, "_dataReceived", ("data",)),
    Private("autobahn", WEBSOCKET, "_perMessageCompress"),
    Private("autobahn", ADAPTER, "_closeConnection", ("abort",)),
    Private("paho-mqtt", PAHO, "_last_bytes_received"),
    Private("paho-mqtt", PAHO, "_last_msg_out"),
    Private("paho-mqtt", PAHO, "_out_packet"),
    Private(
        "paho-mqtt", PAHO, "_packet_queue", ("command", "packet", "mid", "qos", "info")
    ),
    Private("paho-mqtt", PAHO, "_packet_read", ()),
    Private("paho-mqtt", PAHO, "_packet_write", ()),
    Private("paho-mqtt", PAHO, "_protocol"),
    Private(
        "paho-mqtt",
        PAHO,
        "_send_publish",
        ("mid", "topic", "payload", "qos", "retain", "dup", "info", "properties"),
    ),
    Private("paho-mqtt", PAHO, "_sock"),
    Private("paho-mqtt", PAHO, "_create_socket", ()),
    Private("paho-mqtt", PAHO, "_handle_connack", ()),
    Private("paho-mqtt", PAHO, "_handle_pubackcomp", ("cmd",)),
    Private("paho-mqtt", PAHO, "_handle_publish", ()),
    Private("paho-mqtt", PAHO, "_handle_pubrec", ()),
    Private("paho-mqtt", PAHO, "_handle_pubrel", ()),
    Private("paho-mqtt", PAHO, "_handle_suback", ()),
    Private("paho-mqtt", PAHO, "_handle_unsuback", ()),
    Private("paho-mqtt", PAHO, "_in_packet"),
    Private("paho-mqtt", PAHO, "_inflight_messages"),
    Private("paho-mqtt", PAHO, "_max_inflight_messages"),
    Private("paho-mqtt", PAHO, "_messages_reconnect_reset_out", ()),
    Private("paho-mqtt", PAHO, "_mid_generate", ()),
    Private("paho-mqtt", PAHO, "_out_messages"),
    Private("paho-mqtt", PAHO, "_packet_handle", ()),
    Private("paho-mqtt", PAHO, "_send_pubcomp", ("mid",)),
    Private("paho-mqtt", PAHO, "_send_pubrec", ("mid",)),
    Private("paho-mqtt", PAHO, "_send_pubrel", ("mid",)),
    Private("paho-mqtt", PAHO, "_send_simple_command", ("command",)),
    Private("paho-mqtt", PAHO, "_update_inflight", ()),
)
"""Private names, as L{private_uses} finds them."""

UNDOCUMENTED = (
    Private("autobahn", WEBSOCKET, "failedByMe"),
    Private("autobahn", WEBSOCKET, "current_frame"),
    Private("autobahn", WEBSOCKET, "inside_message"),
    Private("autobahn", WEBSOCKET, "data"),
    Private("autobahn", WEBSOCKET, "message_data"),
    Private("autobahn", WEBSOCKET, "message_is_binary"),
    Private("autobahn", WEBSOCKET, "localCloseCode"),
    Private("autobahn", WEBSOCKET, "localCloseReason"),
    Private("autobahn", WEBSOCKET, "wasClean"),
    Private("autobahn", WEBSOCKET, "wasNotCleanReason"),
    Private("autobahn", WEBSOCKET_CLIENT, "startHandshake", ()),
    Private("autobahn", WEBSOCKET_CLIENT, "websocket_key"),
    Private("autobahn", WEBSOCKET_CLIENT, "websocket_protocol_in_use"),
    Private("autobahn", WEBSOCKET_CLIENT, "failHandshake", ("reason",)),
    Private(
        "autobahn",
        WEBSOCKET_SERVER,
        "failHandshake",
        ("reason", "code", "responseHeaders"),
    ),
)
"""Names without an underscore that no documentation has, nothing more than private."""

TYPES_ONLY = {"_Decompress"}
"""Names that stand in annotations only, where mypy checks them."""


class PrivateNameTests(SynchronousTestCase):
    def test_are_there(self) -> None:
        """With the parameters that the package passes, or takes in its place."""
        problems = [each.problem() for each in (*PRIVATE, *UNDOCUMENTED)]
        self.assertEqual([each for each in problems if each], [])

    def test_are_listed(self) -> None:
        """Whoever uses another one lists it here."""
        uses = private_uses(eplua_twisted)
        for name in {each.name for each in PRIVATE} | TYPES_ONLY:
            self.assertTrue(uses.pop(name, None), f"{name} is listed, but not used")
        self.assertEqual(uses, {})


class ProblemTests(SynchronousTestCase):
    """What a change of a library would look like."""

    def assertProblem(self, private: Private, expected: str) -> None:
        version = metadata.version(private.library)
        self.assertEqual(
            private.problem(), f"{private.library} {version}: {private.owner}{expected}"
        )

    def test_name_is_gone(self) -> None:
        self.assertProblem(Private("twisted", TLS, "_gone"), " has no _gone")

    def test_class_is_gone(self) -> None:
        self.assertProblem(
            Private("paho-mqtt", "paho.mqtt.client:Gone", "_x"),
            ": module 'paho.mqtt.client' has no attribute 'Gone'",
        )

    def test_module_is_gone(self) -> None:
        self.assertProblem(
            Private("twisted", "twisted.web._gone", "x"),
            ": No module named 'twisted.web._gone'",
        )

    def test_other_parameters(self) -> None:
        self.assertProblem(
            Private("autobahn", ADAPTER, "_closeConnection", ("now",)),
            "._closeConnection takes ('abort',), not ('now',)",
        )


class ScanTests(SynchronousTestCase):
    """What is found in a package of one module."""

    def uses(self, text: str) -> set[str]:
        directory = Path(self.mktemp()).resolve()
        name = "uses_private_names"
        (directory / name).mkdir(parents=True)
        (directory / name / "__init__.py").write_text(text)
        self.patch(sys, "path", [str(directory), *sys.path])
        invalidate_caches()
        self.addCleanup(sys.modules.pop, name, None)
        return set(private_uses(import_module(name)))

    def test_of_an_object(self) -> None:
        self.assertEqual(self.uses("def f(x): return x.y._parser"), {"_parser"})

    def test_by_string(self) -> None:
        for text in ("getattr(x, '_parser', None)", "setattr(x, '_parser', 1)"):
            self.assertEqual(self.uses(f"def f(x): {text}"), {"_parser"})

    def test_of_a_private_module(self) -> None:
        self.assertEqual(
            self.uses("from twisted.web._newclient import Request"), {"Request"}
        )

    def test_imported(self) -> None:
        self.assertEqual(
            self.uses("def f():\n    from twisted.internet.tcp import _AbortingMixin"),
            {"_AbortingMixin"},
        )

    def test_inherited(self) -> None:
        """Also when the class gives it a value, as it does to names of its own."""
        self.assertEqual(
            self.uses(
                "from twisted.web.http import HTTPChannel\n"
                "class C(HTTPChannel):\n"
                "    def f(self):\n"
                "        self._handlingRequest = self._mine = True\n"
            ),
            {"_handlingRequest"},
        )

    def test_overridden(self) -> None:
        self.assertEqual(
            self.uses(
                "from twisted.internet.tcp import Connector\n"
                "class C(Connector):\n"
                "    def _makeTransport(self): return super()._makeTransport()\n"
            ),
            {"_makeTransport"},
        )

    def test_own(self) -> None:
        """Names of the package's own are nobody else's."""
        self.assertEqual(
            self.uses(
                "_A = 1\n"
                "class C:\n"
                "    def __init__(self): self._b = _A\n"
                "    def _c(self, other): return other._b + self._c(other)\n"
            ),
            set(),
        )
