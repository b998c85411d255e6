"""https with certificates of a self-made authority."""

from __future__ import annotations

import os

import trustme

from tests.support import LoopbackTestCase, port_of, start_peer


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

    async def test_end_of_the_connection_without_an_end_of_tls(self) -> None:
        """It ends a body that has no length, and no other; as curl and requests have it."""
        url = await self.serve("127.0.0.1")
        for path, line in (
            ("until-the-end", b"secret\tnil\tnil"),
            ("too-short", b"nil\tEnd of file\teof"),
        ):
            self.lines.clear()
            lines = await self.ask(url + path, "tls = {certificateAuthority = ca}")
            self.assertEqual(lines, [line])

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
