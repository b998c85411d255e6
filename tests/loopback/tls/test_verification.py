"""Which certificates are accepted, of servers and of clients."""

from __future__ import annotations

from ipaddress import ip_address

from cryptography import x509

from tests.support import start
from tests.support.authority import Authority
from tests.support.programs import need_program
from tests.support.tls import ECHO, TLSTestCase


class VerificationTests(TLSTestCase):
    async def connect(self, certificate: str, options: str, host: str) -> bytes:
        """Connect to a server with a certificate; what the client was told."""
        lines = await self.run_lua(
            ECHO
            + f"""
            serve(function(port)
              local tcp = net.TCPSocket({{tls = {options}}})
              print(tcp:connect("{host}", port))
              tcp:close()
            end)
            """,
            certificate,
            self.authority.file,
        )
        return lines[-1]

    async def refused(self, certificate: str, host: str, reason: str) -> None:
        line = await self.connect(
            certificate, "{certificateAuthority = authority}", host
        )
        self.assertTrue(
            line.startswith(f"nil\tcertificate verify failed: {reason}".encode()), line
        )
        self.assertIn(
            f"{{ allowUnauthorized = true }} or --allow-unauthorized {host}".encode(),
            line,
        )
        self.assertTrue(line.endswith(b"\ttls"), line)

    async def test_expired(self) -> None:
        await self.refused(self.authority.expired("localhost"), "localhost", "expired")

    async def test_not_yet_valid(self) -> None:
        await self.refused(
            self.authority.not_yet_valid("localhost"), "localhost", "not yet valid"
        )

    async def test_wrong_host(self) -> None:
        await self.refused(
            self.authority.issue("other.example"), "localhost", "wrong host"
        )

    async def test_wrong_address(self) -> None:
        """A certificate for a name is not one for the address it stands for."""
        await self.refused(self.authority.issue("localhost"), "127.0.0.1", "wrong host")

    async def test_unreadable_names_are_skipped(self) -> None:
        """Some devices have their address among the DNS names."""
        certificate = self.authority.certify(
            "localhost",
            x509.DNSName("127.0.0.1"),
            x509.DNSName("*.*.example"),
            x509.DNSName(""),
            x509.DNSName("localhost"),
            x509.IPAddress(ip_address("127.0.0.1")),
        )
        for host in ("localhost", "127.0.0.1"):
            self.lines.clear()
            options = "{certificateAuthority = authority}"
            self.assertEqual(await self.connect(certificate, options, host), b"true")
        self.lines.clear()
        certificate = self.authority.certify("localhost", x509.DNSName("127.0.0.1"))
        await self.refused(certificate, "127.0.0.1", "wrong host, not for 127.0.0.1")

    async def test_common_name_only(self) -> None:
        """The reason says what the certificate lacks."""
        await self.refused(
            self.authority.certify("localhost"),
            "localhost",
            "it has no subjectAltName, and its common name does not count (",
        )

    async def test_self_signed(self) -> None:
        await self.refused(Authority(self).own, "localhost", "self-signed")

    async def test_unknown_issuer(self) -> None:
        certificate = Authority(self).issue("localhost")
        await self.refused(certificate, "localhost", "unknown issuer")

    async def test_not_for_servers(self) -> None:
        """The system's authorities alone do not know ours."""
        line = await self.connect(self.localhost, "true", "localhost")
        self.assertIn(b"unknown issuer (tls = { certificateAuthority = FILE }", line)

    async def test_server_name(self) -> None:
        """serverName is what the certificate must be for, whatever is connected to."""
        line = await self.connect(
            self.authority.issue("other.example"),
            "{certificateAuthority = authority, serverName = 'other.example'}",
            "127.0.0.1",
        )
        self.assertEqual(line, b"true")

    async def test_allow_unauthorized(self) -> None:
        line = await self.connect(
            Authority(self).expired("other.example"),
            "{allowUnauthorized = true}",
            "localhost",
        )
        self.assertEqual(line, b"true")

    async def test_allowed_by_who_runs_it(self) -> None:
        """--allow-unauthorized: that host only, or that port of it."""
        certificate = Authority(self).issue("other.example")
        for allowed, host, accepted in (
            ("localhost", "localhost", True),
            ("127.0.0.1", "localhost", False),
            ("localhost:1", "localhost", False),
        ):
            await self.runtime.stop()
            self.runtime = self.make_runtime(allow_unauthorized=[allowed])
            line = await self.connect(certificate, "true", host)
            self.assertEqual(line == b"true", accepted, (allowed, line))

    async def test_allowed_port(self) -> None:
        await self.runtime.run_string(
            ECHO + "serve(function(port) print(port) task.sleep(1e7) end)",
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        port = self.lines[0].decode()
        client = self.make_runtime(allow_unauthorized=[f"localhost:{port}"])
        await client.run_string(
            """
            local port = ...
            local tcp = net.TCPSocket({tls = true})
            tcp:connect("localhost", port, {
              success = function() print("in") tcp:close() end, error = print,
            })
            """,
            "@test.lua",
            port,
        )
        await client.idle()
        self.assertEqual(self.lines[1:], [b"in"])
        await self.runtime.stop()

    async def test_object_after_a_failure(self) -> None:
        """A client that was refused can be used again."""
        lines = await self.run_lua(
            ECHO
            + """
            serve(function(port)
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              print(select(3, tcp:connect("127.0.0.1", port)))
              print(tcp, select(3, tcp:write("x")), select(3, tcp:read()))
              print(tcp:connect("localhost", port))
              tcp:close()
            end)
            """,
            self.authority.issue("localhost"),
            self.authority.file,
        )
        self.assertEqual(lines[0], b"tls")
        self.assertEqual(lines[1], b"TCPSocket: closed\tstate\tstate")
        self.assertEqual(lines[2], b"true")


class ClientCertificateTests(TLSTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clients = Authority(self)

    async def connect(self, options: str) -> list[bytes]:
        return await self.run_lua(
            ECHO
            + f"""
            local own = select(4, ...)
            serve(function(port)
              local tcp = net.TCPSocket({{tls = {{
                certificateAuthority = authority, {options}
              }}}})
              print(tcp:connect("localhost", port))
              tcp:write("hi")
              print(tcp:read())
              tcp:close()
            end)
            """,
            self.localhost,
            self.authority.file,
            self.clients.file,
            self.clients.issue("a.client"),
        )

    async def test_shown(self) -> None:
        lines = await self.connect("clientCertificate = own, privateKey = own")
        self.assertEqual(lines, [b"true", b"hi"])

    async def test_missing(self) -> None:
        """In TLS 1.3 a client learns it when it reads (RFC 8446, appendix E.1.2)."""
        lines = await self.connect("")
        self.assertIn(b"certificate required", lines[-1])
        self.assertTrue(lines[-1].endswith(b"\ttls"), lines)

    async def test_of_another_authority(self) -> None:
        lines = await self.connect(
            f"clientCertificate = '{self.localhost}', privateKey = '{self.localhost}'"
        )
        self.assertTrue(lines[-1].endswith(b"\ttls"), lines)

    async def test_openssl_shows_one(self) -> None:
        openssl = need_program("openssl")
        await self.runtime.run_string(
            ECHO + "serve(function(port) print(port) task.sleep(1e7) end)",
            "@test.lua",
            self.localhost,
            self.authority.file,
            self.clients.file,
        )
        await self.line(1)
        own = self.clients.issue("a.client")
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-cert", own, "-key", own, "-quiet"),
        )
        peer.transport.write(b"it is me\n")
        await peer.says(b"it is me\n")
        await self.runtime.stop()
