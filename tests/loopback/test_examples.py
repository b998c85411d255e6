"""The examples that are servers, and who visits them: curl, websockets, Chromium."""

from __future__ import annotations

import os
import signal
import sys

from twisted.trial.unittest import TestCase

from tests.support import EPLUA, ROOT, Peer, start, start_peer
from tests.support.programs import need_program


class ExampleTests(TestCase):
    timeout = 60

    async def example(self, name: str, *arguments: str) -> str:
        """@return: the URL that the example says it serves"""
        self.peer = start(self, *EPLUA, str(ROOT / "examples" / name), *arguments)
        output = await self.peer.says(b"/\n")
        # On a busy machine a warning about a slow callback may come first.
        return output.decode().split()[-1]

    async def curl(self, *arguments: str) -> tuple[int | None, bytes]:
        peer = start(self, need_program("curl"), "-sS", "-m", "10", *arguments)
        return await peer.ended, peer.output

    async def test_https(self) -> None:
        """As its comment says: verified with the example's authority, refused without."""
        directory = os.path.abspath(self.mktemp())
        os.makedirs(directory)
        made = start(
            self, sys.executable, "-m", "trustme", "-i", "localhost", "-d", directory
        )
        self.assertEqual(await made.ended, 0, made.output)
        authority, certificate, key = (
            os.path.join(directory, name)
            for name in ("client.pem", "server.pem", "server.key")
        )
        url = await self.example("https_server.lua", certificate, key, "0")
        code, output = await self.curl("--cacert", authority, url)
        self.assertEqual((code, output[:7]), (0, b"Hello, "))
        code, output = await self.curl(url)
        self.assertEqual(code, 60, output)
        client = start_peer(
            self, "websocket_client.py", "hello", f"wss{url[5:]}live", authority
        )
        self.assertEqual(await client.ended, 0, client.output)
        self.assertEqual(client.output, b"Echo: hello\ndone\n")
        self.assertEqual(await self.peer.kill("INT"), -signal.SIGINT, self.peer.output)

    async def test_rest(self) -> None:
        url = await self.example("rest_service.lua", "0")
        kitchen = url + "api/rooms/kitchen"
        for wanted, output, arguments in (
            (200, b'{"target":21}', (kitchen,)),
            (200, b'{"target":22.5}', (kitchen, "-X", "PUT", "-d", '{"target":22.5}')),
            (400, b"", (kitchen, "-X", "PUT", "-d", "{")),
            (400, b"", (kitchen, "-X", "PUT", "-d", '{"target":"x"}')),
            (405, b"", (kitchen, "-X", "PATCH")),
            (413, b"", (kitchen, "-X", "PUT", "-d", "x" * 20000)),
            (204, b"", (kitchen, "-X", "DELETE")),
            (404, b"", (kitchen,)),
            (200, b'{"bedroom":{"target":18.5}}', (url + "api/rooms",)),
            (200, b"<!doctype html>", (url,)),
            (404, b"", (url + "../rest_service.lua", "--path-as-is")),
        ):
            code, answer = await self.curl("-w", "%{http_code}", *arguments)
            self.assertEqual((code, answer[-3:]), (0, b"%d" % wanted), arguments)
            self.assertTrue(answer.startswith(output), answer)
        self.assertEqual(await self.peer.kill("INT"), -signal.SIGINT, self.peer.output)

    async def browser(self, url: str) -> tuple[Peer, str]:
        """@return: a browser that shows a page, and where it can be asked about it"""
        chromium = need_program("chromium")
        browser = start(
            self,
            chromium,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync"),
            *("--remote-debugging-port=0", "--remote-allow-origins=*"),
            f"--user-data-dir={os.path.abspath(self.mktemp())}",
            url,
        )
        output = await browser.says(b"/devtools/browser/")
        start_of = output.index(b"ws://")
        return browser, output[start_of:].split()[0].decode()

    async def test_live_page(self) -> None:
        """A browser shows the page, and what somebody else changes meanwhile."""
        url = await self.example("rest_service.lua", "0")
        browser, devtools = await self.browser(url)
        see = start_peer(self, "devtools.py", devtools, "bedroom", "25.5")
        output = await see.says(b"]")
        self.assertIn(b"'bedroom: 18.5", output)
        self.assertIn(b"'kitchen: 21", output)
        await self.curl(
            url + "api/rooms/kitchen", "-X", "PUT", "-d", '{"target": 25.5}'
        )
        self.assertEqual(await see.ended, 0, see.output)
        self.assertIn(b"'kitchen: 25.5", see.output)
        await browser.kill()
        self.assertEqual(await self.peer.kill("INT"), -signal.SIGINT, self.peer.output)
