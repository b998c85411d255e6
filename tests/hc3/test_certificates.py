"""Whose certificates are accepted with C{--hc3}: those of devices in the house."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Factory, Protocol

from eplua_twisted.hc3.setup import Setup
from eplua_twisted.tls.context import server_context
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.transport import below
from tests.support.authority import Authority
from tests.support.hc3_facts import FactsTestCase
from tests.support.mqtt import connack
from tests.support.websocket import accept_value

WARNING = "the certificate of {} is not verified, as on the box"

CLIENTS = {
    "HTTP": (
        "net.HTTPClient():request('https://{}/', {{"
        " success = function(r) print(r.status) end, error = print}})",
        "204",
    ),
    "TCP": (
        "net.TCPSocket({{tls = true}}):connect('{}', 443, {{"
        " success = function() print('connected') end, error = print}})",
        "connected",
    ),
    "WebSocket": (
        "ws = net.WebSocketClientTls() ws:addEventListener('error', print)"
        " ws:addEventListener('connected', function() print('connected') end)"
        " ws:connect('wss://{}/')",
        "connected",
    ),
    "MQTT": (
        "c = mqtt.Client.connect('mqtts://{}:443')"
        " c:addEventListener('error', function(e) print(e.message) end)"
        " c:addEventListener('connected', function() print('connected') end)",
        "connected",
    ),
}
"""What each client runs, with the host left out; and what it prints when it goes well."""


class Device(Protocol):
    """A device that speaks what it is spoken to in."""

    transport: Any

    def dataReceived(self, data: bytes) -> None:
        key = data.partition(b"Sec-WebSocket-Key: ")[2].split(b"\r\n")[0]
        if data[:1] == b"\x10":
            self.transport.write(connack())
        elif key:
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
                % accept_value(key)
            )
        else:
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.transport.loseConnection()


class CertificateTestCase(FactsTestCase):
    """The device has a certificate that nobody has signed; each name leads to it."""

    def setUp(self) -> None:
        super().setUp()
        pem = Authority(self).own.encode()
        context = server_context(TLSOptions(certificate=pem, private_key=pem))
        secure = below(Factory.forProtocol(Device), context, self.reactor)
        self.reactor.listenTCP(443, secure, interface="0.0.0.0")

    def answer(self, client: str, host: str) -> str:
        """What a client prints of a host."""
        code, _ = CLIENTS[client]
        self.handle(code.format(host))
        self.reactor.settle()
        (text,) = self.texts
        return text


class LenientTests(CertificateTestCase):
    def test_local_devices_are_accepted_with_one_warning_per_host(self) -> None:
        for host in ("127.0.0.1", "sonos.local"):
            for client, (_, good) in CLIENTS.items():
                self.assertEqual(self.answer(client, host), good, (client, host))
                self.assertEqual(self.answer(client, host), good, (client, host))
            (warning,) = self.warnings
            self.assertIn(WARNING.format(host), warning)
            self.warnings.clear()

    def test_public_hosts_are_verified(self) -> None:
        """A name that is not local is none though its address is."""
        for client in CLIENTS:
            self.assertIn("verify failed", self.answer(client, "device.example"))
        self.assertEqual(self.warnings, [])

    def test_mqtt_options_accept_one_by_its_authority_or_any(self) -> None:
        """C{tls} has PEM texts, as the box's has."""
        authority = Authority(self)
        pem = authority.issue("device.example").encode()
        context = server_context(TLSOptions(certificate=pem, private_key=pem))
        secure = below(Factory.forProtocol(Device), context, self.reactor)
        self.reactor.listenTCP(8883, secure, interface="0.0.0.0")
        with open(authority.file) as file:
            trusted = file.read()
        for options in (
            f"certificateAuthority = [[{trusted}]]",
            "allowUnauthorized = true",
        ):
            self.handle(
                f"c = mqtt.Client.connect('device.example', {{tls = {{{options}}}}})"
                " c:addEventListener('error', function(e) print(e.message) end)"
                " c:addEventListener('connected', function() print('connected') end)"
            )
            self.reactor.settle()
            self.said("connected")

    def test_check_certificate_is_true_by_default_and_false_accepts_any(self) -> None:
        self.handle(
            "net.HTTPClient():request('https://device.example/',"
            " asked({checkCertificate = false}))"
        )
        self.reactor.settle()
        self.said("204 ")


class VerifyTests(CertificateTestCase):
    """With C{--verify}."""

    def make_runtime(self, **options: Any) -> Any:
        setup = Setup(verify=True, on_line=self.logged.append)
        return super().make_runtime(hc3=setup, **options)

    def test_local_devices_are_refused_and_the_error_says_what_accepts_them(
        self,
    ) -> None:
        for host in ("127.0.0.1", "sonos.local"):
            for client in CLIENTS:
                said = self.answer(client, host)
                self.assertIn("verify failed", said)
                self.assertIn(f"--allow-unauthorized {host}", said)
        self.assertEqual(self.warnings, [])
