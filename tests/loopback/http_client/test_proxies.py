"""Proxies that nobody here wrote, and one that speaks SOCKS."""

from __future__ import annotations

import json
import os

import trustme

from tests.support import LoopbackTestCase, Peer, free_port, port_of, start, start_peer
from tests.support.programs import need_program


class ProxyTestCase(LoopbackTestCase):
    async def https_server(self) -> tuple[Peer, str, str]:
        """@return: its process, its URL, and options that trust it"""
        authority = trustme.CA()
        path = os.path.abspath(self.mktemp())
        identity = authority.issue_cert("127.0.0.1")
        identity.private_key_and_cert_chain_pem.write_to_path(path)
        self.certificate = path
        peer = start_peer(self, "http_server.py", path)
        port = await port_of(peer)
        pem = json.dumps(authority.cert_pem.bytes().decode())
        return (
            peer,
            f"https://127.0.0.1:{port}/",
            f"tls = {{certificateAuthority = {pem}}}",
        )

    async def tinyproxy(self, *settings: str) -> str:
        program = need_program("tinyproxy")
        port = free_port()
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


class HTTPProxyTests(ProxyTestCase):
    """By way of tinyproxy."""

    async def test_http(self) -> None:
        peer = start_peer(self, "httpbin_server.py")
        port = await port_of(peer)
        proxy = await self.tinyproxy()
        lines = await self.ask(f"http://{proxy}", f"http://127.0.0.1:{port}/get")
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)
        self.assertIn(b"Request", self.peer.output)

    async def test_https(self) -> None:
        """Through a tunnel; the certificate is the server's."""
        server, url, tls = await self.https_server()
        port = url.split(":")[2].strip("/")
        proxy = await self.tinyproxy(f"ConnectPort {port}", "BasicAuth us er")
        lines = await self.ask(f"http://us:er@{proxy}", url, tls)
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)
        self.assertEqual(server.output.count(b"connection"), 1)
        self.assertIn(b"CONNECT 127.0.0.1:", self.peer.output)
        self.lines.clear()
        lines = await self.ask(f"http://us:er@{proxy}", url)
        self.assertTrue(lines[0].endswith(b"\ttls"), lines)

    async def test_refused(self) -> None:
        """The proxy will not."""
        proxy = await self.tinyproxy("ConnectPort 443")
        lines = await self.ask(f"http://{proxy}", "https://127.0.0.1:1/")
        self.assertEqual(
            lines, [b"nil\tthe proxy refused: 403 Access violation\tdenied"] * 2
        )

    async def secure_proxy(self) -> tuple[Peer, str, str, str]:
        """tinyproxy behind TLS; the same certificate as the server's."""
        server, url, tls = await self.https_server()
        proxy = await self.tinyproxy(f"ConnectPort {url.split(':')[2].strip('/')}")
        host, port = proxy.split(":")
        front = start_peer(self, "tls_front.py", self.certificate, host, port)
        return server, url, tls, f"https://127.0.0.1:{await port_of(front)}"

    async def test_tls_to_the_proxy(self) -> None:
        """To an http server it is spoken with the proxy only, to https within it."""
        server, url, tls, proxy = await self.secure_proxy()
        self.assertEqual(await self.ask(proxy, url, tls), [b"200\tnil\tnil"] * 2)
        self.assertEqual(server.output.count(b"connection"), 1)
        self.lines.clear()
        plain = start_peer(self, "http_server.py")
        lines = await self.ask(proxy, f"http://127.0.0.1:{await port_of(plain)}/", tls)
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)

    async def test_the_proxy_is_verified(self) -> None:
        _, url, _, proxy = await self.secure_proxy()
        (line, _) = await self.ask(proxy, url)
        self.assertTrue(line.startswith(b"nil\tcertificate verify failed: "), line)


class SocksTests(ProxyTestCase):
    """By way of a proxy of our own."""

    async def socks(self, *credentials: str) -> str:
        self.peer = start_peer(self, "socks_proxy.py", *credentials)
        return f"127.0.0.1:{await port_of(self.peer)}"

    async def test_http(self) -> None:
        server = start_peer(self, "http_server.py")
        port = await port_of(server)
        proxy = await self.socks()
        lines = await self.ask(f"socks5://{proxy}", f"http://localhost:{port}/")
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)
        self.assertEqual(self.peer.output.count(b"asked localhost"), 1)

    async def test_https(self) -> None:
        server, url, tls = await self.https_server()
        proxy = await self.socks("us", "er")
        lines = await self.ask(f"socks5://us:er@{proxy}", url, tls)
        self.assertEqual(lines, [b"200\tnil\tnil"] * 2)
        self.assertEqual(server.output.count(b"connection"), 1)

    async def test_wrong_password(self) -> None:
        proxy = await self.socks("us", "er")
        lines = await self.ask(f"socks5://us:xx@{proxy}", "http://127.0.0.1:1/")
        self.assertEqual(
            lines, [b"nil\tthe proxy refused: user or password\tdenied"] * 2
        )

    async def test_refused(self) -> None:
        proxy = await self.socks()
        lines = await self.ask(f"socks5://{proxy}", "http://127.0.0.1:1/")
        self.assertEqual(lines, [b"nil\tConnection refused\trefused"] * 2)
