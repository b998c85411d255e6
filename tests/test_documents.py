"""README, examples and the summary's scripts do what they say."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support import ROOT, start

EPLUA = (sys.executable, "-m", "eplua_twisted.cli")


def snippets(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.DOTALL)


class DocumentTests(TestCase):
    timeout = 60

    async def ends_well(self, *command: str) -> bytes:
        peer = start(self, *command)
        code = await peer.ended
        self.assertEqual(code, 0, peer.output)
        self.assertNotIn(b"traceback", peer.output.lower())
        return peer.output

    async def test_lua_snippets(self) -> None:
        """Every Lua snippet of README and docs runs to its end."""
        found = 0
        for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
            for code in snippets(path, "lua"):
                found += 1
                await self.ends_well(*EPLUA, "-e", code)
        self.assertTrue(found)

    async def test_first_script(self) -> None:
        code = snippets(ROOT / "README.md", "lua")[0]
        self.assertEqual(await self.ends_well(*EPLUA, "-e", code), b"Echo: hello\n")

    async def test_python_snippets(self) -> None:
        for code in snippets(ROOT / "README.md", "python"):
            self.assertEqual(
                await self.ends_well(sys.executable, "-c", code), b"(41,)\n"
            )

    async def test_tour(self) -> None:
        output = await self.ends_well(*EPLUA, str(ROOT / "examples" / "tour.lua"))
        self.assertTrue(output.endswith(b" steps, 0 failed\n"), output)

    async def test_tour_with_a_broker(self) -> None:
        """make demo shows MQTT too, with nothing installed for it."""
        output = await self.ends_well(
            sys.executable, str(ROOT / "examples" / "tour.py")
        )
        self.assertIn(b"\nok      MQTT", output)

    async def test_tcp_client(self) -> None:
        output = await self.ends_well(*EPLUA, str(ROOT / "examples" / "tcp_client.lua"))
        self.assertTrue(output.startswith(b"Received:\tHTTP/1.1 200 OK"), output)

    async def test_tcp_server(self) -> None:
        output = await self.ends_well(*EPLUA, str(ROOT / "examples" / "tcp_server.lua"))
        self.assertEqual(
            output, b"Client connected from\t127.0.0.1\tnumber\nEcho: hello\n"
        )

    async def test_udp(self) -> None:
        output = await self.ends_well(*EPLUA, str(ROOT / "examples" / "udp.lua"))
        self.assertIn(b"Received:\tEcho: Hello UDP!\tfrom\t127.0.0.1\n", output)

    async def test_http_client(self) -> None:
        output = await self.ends_well(
            *EPLUA, str(ROOT / "examples" / "http_client.lua")
        )
        self.assertEqual(
            output, b"Status:\t200\nData:\thello\nPath:\t/again\tapplication/json\n"
        )

    async def test_websocket(self) -> None:
        output = await self.ends_well(
            *EPLUA, str(ROOT / "examples" / "websocket_client.lua")
        )
        self.assertEqual(
            output,
            b"WebSocket connected!\nReceived:\tHello WebSocket!\nClosed:\t1000\n",
        )
        output = await self.ends_well(
            *EPLUA, str(ROOT / "examples" / "websocket_server.lua")
        )
        self.assertIn(b"Answer:\tEcho: hello\n", output)

    async def test_scripts(self) -> None:
        """The scripts under tests/lua end well, after having said what they did."""
        for path in sorted((ROOT / "tests" / "lua").glob("*.lua")):
            output = await self.ends_well(*EPLUA, str(path))
            self.assertTrue(output.strip(), path)

    async def test_comprehensive(self) -> None:
        script = ROOT / "tests" / "lua" / "comprehensive_network_test.lua"
        output = await self.ends_well(*EPLUA, str(script))
        self.assertEqual(output.count(b" successful"), 6, output)
        self.assertTrue(output.endswith(b"All network tests passed successfully!\n"))

    async def test_embed(self) -> None:
        output = await self.ends_well(
            sys.executable, str(ROOT / "examples" / "embed.py")
        )
        self.assertEqual(output, b"Hello, Twisted\ngreet returned 7\nkitchen\t21.5\n")

    def test_documented_commands(self) -> None:
        """The two commands of the README are targets that make knows."""
        makefile = (ROOT / "Makefile").read_text()
        for command in snippets(ROOT / "README.md", "sh")[0].split("\n"):
            if command:
                self.assertIn(f"\n{command.split()[1]}:", makefile)

    def test_nothing_of_this_machine(self) -> None:
        """No committed text names a path of a machine."""
        for path in [
            *ROOT.glob("*.*"),
            *(ROOT / "docs").glob("*"),
            ROOT / ".ci" / "run",
        ]:
            if path.is_file():
                self.assertNotIn("/work/", path.read_text(errors="replace"), path)
