"""Options as contexts: what two ends make of them in a handshake."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.context import is_allowed
from eplua_twisted.tls.options import TLSOptions
from tests.support import ALL_BYTES
from tests.support.authority import Authority
from tests.support.tls_pair import Pair


class HandshakeCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.authority = Authority(self)
        self.trusted = TLSOptions(certificate_authority=self.authority.file.encode())

    def server(self, *names: str, **options: Any) -> TLSOptions:
        """A server's options, with a certificate for these names."""
        file = self.authority.issue(*(names or ("localhost",))).encode()
        return TLSOptions(certificate=file, private_key=file, **options)

    def refused(self, pair: Pair) -> str:
        """What the client is told of a handshake that fails."""
        self.assertIsInstance(pair.client.lost, OperationError)
        self.assertFalse(pair.client.shaken or pair.server.shaken)
        message: str = pair.client.lost.message
        return message


class VerificationTests(HandshakeCase):
    def test_a_trusted_server_is_talked_to(self) -> None:
        pair = Pair(self.trusted, self.server())
        self.assertTrue(pair.client.shaken and pair.server.shaken)
        pair.client.transport.write(ALL_BYTES)
        pair.reactor.settle()
        self.assertEqual(pair.server.reads, [ALL_BYTES])

    def test_an_unknown_issuer_is_refused(self) -> None:
        message = self.refused(Pair(TLSOptions(), self.server()))
        self.assertIn("certificate verify failed: unknown issuer", message)
        self.assertIn("certificateAuthority", message)

    def test_another_name_is_refused(self) -> None:
        message = self.refused(Pair(self.trusted, self.server("other.example")))
        self.assertIn("wrong host, not for localhost", message)

    def test_an_expired_certificate_is_refused(self) -> None:
        file = self.authority.expired("localhost").encode()
        options = TLSOptions(certificate=file, private_key=file)
        self.assertIn("expired", self.refused(Pair(self.trusted, options)))

    def test_a_certificate_of_the_future_is_refused(self) -> None:
        file = self.authority.not_yet_valid("localhost").encode()
        options = TLSOptions(certificate=file, private_key=file)
        self.assertIn("not yet valid", self.refused(Pair(self.trusted, options)))

    def test_an_address_is_looked_for_as_an_address(self) -> None:
        pair = Pair(self.trusted, self.server("127.0.0.1"), host="127.0.0.1")
        self.assertTrue(pair.client.shaken)
        message = self.refused(Pair(self.trusted, self.server(), host="127.0.0.1"))
        self.assertIn("not for 127.0.0.1", message)

    def test_another_name_can_be_asked_for(self) -> None:
        options = TLSOptions(
            certificate_authority=self.authority.file.encode(),
            server_name="other.example",
        )
        self.assertTrue(Pair(options, self.server("other.example")).client.shaken)

    def test_the_server_learns_why(self) -> None:
        pair = Pair(TLSOptions(), self.server())
        self.assertIsInstance(pair.server.lost, SSL.Error)
        self.assertIn("alert unknown ca", str(pair.server.lost))


class AllowedTests(HandshakeCase):
    def test_the_script_accepts_any_certificate(self) -> None:
        options = TLSOptions(allow_unauthorized=True)
        self.assertTrue(Pair(options, self.server("other.example")).client.shaken)

    def test_whoever_runs_the_program_accepts_one_host(self) -> None:
        for allowed in ("localhost", "localhost:443"):
            pair = Pair(TLSOptions(), self.server(), allowed=frozenset({allowed}))
            self.assertTrue(pair.client.shaken, allowed)
        for allowed in ("localhost:444", "other", "local"):
            self.refused(
                Pair(TLSOptions(), self.server(), allowed=frozenset({allowed}))
            )

    def test_an_ipv6_host_may_be_in_brackets(self) -> None:
        for allowed in ("::1", "[::1]:443"):
            self.assertTrue(is_allowed(frozenset({allowed}), "::1", 443))
        self.assertFalse(is_allowed(frozenset({"[::1]:444"}), "::1", 443))


class ClientCertificateTests(HandshakeCase):
    def setUp(self) -> None:
        super().setUp()
        self.asking = self.server(client_authority=self.authority.file.encode())

    def showing(self, authority: Authority) -> TLSOptions:
        file = authority.issue("a.client").encode()
        return TLSOptions(
            certificate_authority=self.authority.file.encode(),
            client_certificate=file,
            private_key=file,
        )

    def served(self, pair: Pair) -> bool:
        """With TLS 1.3 the client is done before the server has looked."""
        return pair.server.shaken and pair.client.lost is None

    def test_one_of_the_authority_is_let_in(self) -> None:
        self.assertTrue(self.served(Pair(self.showing(self.authority), self.asking)))

    def test_one_of_another_authority_is_not(self) -> None:
        pair = Pair(self.showing(Authority(self)), self.asking)
        self.assertFalse(self.served(pair))

    def test_none_is_not(self) -> None:
        pair = Pair(self.trusted, self.asking)
        self.assertFalse(self.served(pair))
        self.assertIsInstance(pair.server.lost, SSL.Error)


class ProtocolTests(HandshakeCase):
    def agreed(self, client: tuple[bytes, ...], server: tuple[bytes, ...]) -> Any:
        options = TLSOptions(
            certificate_authority=self.authority.file.encode(), alpn=client
        )
        pair = Pair(options, self.server(alpn=server))
        self.assertTrue(pair.client.shaken)
        return pair.client.transport.negotiatedProtocol

    def test_the_first_of_the_server_s_that_the_client_has(self) -> None:
        self.assertEqual(self.agreed((b"b", b"a"), (b"a", b"b")), b"a")

    def test_a_server_that_names_none_serves_without(self) -> None:
        self.assertIsNone(self.agreed((b"a",), ()))


class EndTests(HandshakeCase):
    def test_closing_is_told_as_a_good_end(self) -> None:
        pair = Pair(self.trusted, self.server())
        pair.client.transport.loseConnection()
        pair.reactor.settle()
        self.assertIsInstance(pair.server.lost, ConnectionDone)
        self.assertIsInstance(pair.client.lost, ConnectionDone)
