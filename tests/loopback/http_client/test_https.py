"""https with certificates of a self-made authority, and proxies."""

from __future__ import annotations

import json
import os
import socket

import trustme

from tests.support import LoopbackTestCase, port_of, start, start_peer
from tests.support.programs import need_program


class CertificateTests(LoopbackTestCase):
    """https, with certificates of a self-made authority."""

    def setUp(self) -> None:
        super().setUp()
        self.authority = trustme.CA()
        self.directory = os.path.abspath(self.mktemp())
        os.makedirs(self.directory)
        self.ca = os.path.join(self.directory, "ca.pem")
        self.authority.cert_pem.write_to_path(self.ca)

    def certificate(self, *names: str) -> str:
        path = os.path.join(self.directory, names[0] + ".pem")
        identity = self.authority.issue_cert(*names)
        identity.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    async def serve(self, *names: str, clients: bool = False) -> str:
        extra = [self.ca] if clients else []
        self.peer = start_peer(self, "http_server.py", self.certificate(*names), *extra)
        port = await port_of(self.peer)
        return f"https://127.0.0.1:{port}/"

    async def ask(self, url: str, *options: str) -> list[bytes]:
        """Requests one after the other, each by a client of its own."""
        asked = "".join(
            f"r, m, c = net.HTTPClient():request(url, {{options = {{{each}}}}})"
            " print(r and r.data, m, c) "
            for each in options
        )
        return await self.run_lua(
            f"local url, ca = ... task.start(function() local r, m, c {asked} end)",
            url,
            self.ca,
        )

    async def test_verified(self) -> None:
        url = await self.serve("127.0.0.1")
        lines = await self.ask(url, "tls = {certificateAuthority = ca}")
        self.assertEqual(lines, [b"secret\tnil\tnil"])

    async def test_unknown_authority(self) -> None:
        url = await self.serve("127.0.0.1")
        (line,) = await self.ask(url, "")
        self.assertTrue(line.startswith(b"nil\tcertificate verify failed: "), line)
        self.assertIn(b"allowUnauthorized", line)
        self.assertTrue(line.endswith(b"\ttls"), line)

    async def test_wrong_name(self) -> None:
        url = await self.serve("other.example")
        (line,) = await self.ask(url, "tls = {certificateAuthority = ca}")
        self.assertTrue(
            line.startswith(b"nil\tcertificate verify failed: wrong host"), line
        )

    async def test_not_checked(self) -> None:
        """C{checkCertificate = false}, and the option that does the same."""
        url = await self.serve("other.example")
        lines = await self.ask(
            url, "checkCertificate = false", "tls = {allowUnauthorized = true}"
        )
        self.assertEqual(lines, [b"secret\tnil\tnil"] * 2)

    async def test_verified_never_rides_on_unverified(self) -> None:
        """A connection that was not verified serves nobody who wants that."""
        url = await self.serve("127.0.0.1")
        lines = await self.ask(
            url,
            "checkCertificate = false",
            "",
            "tls = {certificateAuthority = ca}",
            "checkCertificate = false",
        )
        self.assertEqual(lines[0], b"secret\tnil\tnil")
        self.assertTrue(lines[1].endswith(b"\ttls"), lines[1])
        self.assertEqual(lines[2:], [b"secret\tnil\tnil"] * 2)
        # The first is used again by the last.
        self.assertEqual(self.peer.output.count(b"connection"), 3)

    async def test_one_connection(self) -> None:
        url = await self.serve("127.0.0.1")
        lines = await self.ask(url, *["tls = {certificateAuthority = ca}"] * 5)
        self.assertEqual(lines, [b"secret\tnil\tnil"] * 5)
        self.assertEqual(self.peer.output.count(b"connection"), 1)

    async def test_client_certificate(self) -> None:
        url = await self.serve("127.0.0.1", clients=True)
        own = self.certificate("me.example")
        lines = await self.ask(
            url,
            f"tls = {{certificateAuthority = ca, clientCertificate = {own!r}, privateKey = {own!r}}}",
        )
        self.assertEqual(lines, [b"secret\tnil\tnil"])

    async def test_no_such_file(self) -> None:
        url = await self.serve("127.0.0.1")
        (line,) = await self.ask(url, "tls = {certificateAuthority = '/no/such/file'}")
        self.assertTrue(line.endswith(b"\ttls"), line)


class ProxyTests(LoopbackTestCase):
    """By way of tinyproxy."""

    async def proxy(self, *settings: str) -> str:
        program = need_program("tinyproxy")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        path = os.path.abspath(self.mktemp())
        with open(path, "w") as file:
            file.write(
                "\n".join(
                    [
                        f"Port {port}",
                        "Listen 127.0.0.1",
                        "Allow 127.0.0.1",
                        "LogLevel Info",
                        *settings,
                        "",
                    ]
                )
            )
        self.peer = start(self, program, "-d", "-c", path)
        await self.peer.says(b"Accepting connections")
        return f"127.0.0.1:{port}"

    async def ask(self, proxy: str, url: str, options: str = "") -> list[bytes]:
        return await self.run_lua(
            f"""
            local url, proxy = ...
            task.start(function()
              local http = net.HTTPClient({{proxy = proxy}})
              for _ = 1, 2 do
                local r, message, code = http:request(url, {{options = {{{options}}}}})
                print(r and r.status, message, code)
              end
            end)
            """,
            url,
            proxy,
        )

    async def test_http(self) -> None:
        peer = start_peer(self, "httpbin_server.py")
        port = await port_of(peer)
        proxy = await self.proxy()
        lines = await self.ask(f"http://{proxy}", f"http://127.0.0.1:{port}/get")
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)
        self.assertIn(b"Request", self.peer.output)

    async def test_https(self) -> None:
        """Through a tunnel; the certificate is the server's."""
        authority = trustme.CA()
        path = os.path.abspath(self.mktemp())
        identity = authority.issue_cert("127.0.0.1")
        identity.private_key_and_cert_chain_pem.write_to_path(path)
        peer = start_peer(self, "http_server.py", path)
        port = await port_of(peer)
        proxy = await self.proxy(f"ConnectPort {port}", "BasicAuth us er")
        url = f"https://127.0.0.1:{port}/"
        pem = json.dumps(authority.cert_pem.bytes().decode())
        tls = f"tls = {{certificateAuthority = {pem}}}"
        lines = await self.ask(f"http://us:er@{proxy}", url, tls)
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)
        self.assertEqual(peer.output.count(b"connection"), 1)
        self.assertIn(b"CONNECT 127.0.0.1:", self.peer.output)
        self.lines.clear()
        lines = await self.ask(f"http://us:er@{proxy}", url)
        self.assertTrue(lines[0].endswith(b"\ttls"), lines)

    async def test_refused(self) -> None:
        """The proxy will not."""
        proxy = await self.proxy("ConnectPort 443")
        lines = await self.ask(f"http://{proxy}", "https://127.0.0.1:1/")
        self.assertEqual(
            lines, [b"nil\tthe proxy refused: 403 Access violation\tdenied"] * 2
        )
