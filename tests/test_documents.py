"""README, examples and the summary's scripts do what they say."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

from twisted.python.reflect import namedAny
from twisted.trial.unittest import TestCase

from eplua_twisted import Limits
from eplua_twisted.http_client.request import MAX_SIZE
from eplua_twisted.http_server import options as http_server_options
from eplua_twisted.mqtt import options as mqtt_options
from eplua_twisted.streams.server import MAX_CONNECTIONS
from eplua_twisted.tcp import options as tcp_options
from eplua_twisted.websocket.options import ConnectionOptions
from tests.support import EPLUA, ROOT, start, together
from tests.support.authority import Authority
from tests.support.mqtt import amqtt
from tests.support.programs import need_program
from tests.support.runtimes import SLOW as TEXT_OF_SLOW

DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "newsfragments/README.md",
    ]
)

SLOW = TEXT_OF_SLOW.encode()

EXAMPLES = {
    "dist/",
    "first.lua",
    "authority.lua",
    "bridge.lua",
    "device.lua",
    "poll.lua",
    "eplua_twisted/finger.py",
    "lua/net/finger.lua",
}
"""Files that a reader makes as a document says."""


def snippets(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.DOTALL)


def prose(path: Path) -> str:
    """A document without its code."""
    return re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)


class DocumentTests(TestCase):
    timeout = 170

    async def ends_well(self, *command: str) -> bytes:
        peer = start(self, *command)
        code = await peer.ended
        self.assertEqual(code, 0, peer.output)
        self.assertNotIn(b"traceback", peer.output.lower())
        # A machine that has other things to do makes every script slow.
        lines = peer.output.splitlines(keepends=True)
        return b"".join(each for each in lines if SLOW not in each)

    async def run_snippets(self, kind: str, *arguments: str) -> None:
        """Every snippet of that kind runs to its end."""
        codes = [code for path in DOCUMENTS for code in snippets(path, kind)]
        self.assertTrue(codes)
        await together(
            *(self.ends_well(*EPLUA, "-e", code, *arguments) for code in codes)
        )

    async def test_lua_snippets(self) -> None:
        await self.run_snippets("lua")

    async def test_lua_snippets_with_a_broker(self) -> None:
        """The first argument of those marked `lua broker` is a broker's URI."""
        await self.run_snippets("lua broker", f"mqtt://127.0.0.1:{await amqtt(self)}")

    async def test_lua_snippets_with_certificates(self) -> None:
        """
        Those marked `lua certificates` are given an authority's file, and one with a key
        and a certificate of it for localhost.
        """
        authority = Authority(self)
        identity = authority.issue("localhost", "127.0.0.1")
        await self.run_snippets("lua certificates", authority.file, identity)

    async def test_certificates_made_by_hand(self) -> None:
        """The commands of a recipe make what its script needs, and run it."""
        need_program("openssl")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        runs = []
        for page in DOCUMENTS:
            for commands in snippets(page, "sh certificates"):
                folder = Path(self.mktemp())
                folder.mkdir()
                (name,) = re.findall(r"^eplua (\w+\.lua)", commands, re.MULTILINE)
                (code,) = snippets(page, "lua certificates")
                (folder / name).write_text(code)
                moved = f"PATH={path}\ncd {folder.absolute()}\n{commands}"
                runs.append(self.ends_well("sh", "-ec", moved))
        self.assertEqual(len(runs), 2)
        own, device = await together(*runs)
        self.assertIn(b"\nsecret\ncertificate verify failed: unknown issuer", own)
        self.assertTrue(device.endswith(b"\n21.5\n"))

    async def test_first_script(self) -> None:
        code = snippets(ROOT / "README.md", "lua")[0]
        self.assertEqual(await self.ends_well(*EPLUA, "-e", code), b"Echo: hello\n")

    def test_readme(self) -> None:
        """What works has a link in each row; each figure has a command that is there."""
        text = (ROOT / "README.md").read_text()
        works = text.split("## What works\n")[1].split("\n## ")[0]
        for row in works.split("| --- | --- |\n")[1].splitlines():
            self.assertIn("](docs/", row)
        figures = text.split("## Performance\n")[1].split("\n## ")[0]
        for row in figures.split("--- |\n")[1].splitlines()[:-1]:
            (name,) = re.findall(r"`python -m bench\.(\w+)` \|$", row)
            self.assertTrue((ROOT / "bench" / f"{name}.py").is_file(), row)

    def test_benchmarks(self) -> None:
        """The page on performance has a row for each that can be run."""
        page = (ROOT / "docs" / "performance.md").read_text()
        listed = set(re.findall(r"^\| `python -m bench\.(\w+)` \|", page, re.MULTILINE))
        others = {"__init__", "curves", "harness", "load", "others", "run", "soak"}
        others.add("standard_transport")
        files = {path.stem for path in (ROOT / "bench").glob("*.py")}
        self.assertEqual(listed, files - others)

    async def test_python_snippets(self) -> None:
        """Every one of a document runs to its end; README's prints what it says."""
        for path in DOCUMENTS:
            for code in snippets(path, "python"):
                output = await self.ends_well(sys.executable, "-c", code)
                if path.name == "README.md":
                    self.assertEqual(output, b"(41,)\n")

    async def test_tour(self) -> None:
        output = await self.ends_well(*EPLUA, str(ROOT / "examples" / "tour.lua"))
        self.assertTrue(output.endswith(b" steps, 0 failed\n"), output)

    async def test_tour_with_a_broker(self) -> None:
        """make demo shows MQTT too, with nothing installed for it."""
        output = await self.ends_well(
            sys.executable, str(ROOT / "examples" / "tour.py")
        )
        self.assertIn(b"\nok      MQTT", output)
        self.assertEqual(output.count(b"ok      QuickApp: "), 5)

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
        paths = sorted((ROOT / "tests" / "lua").glob("test_*.lua"))
        outputs = await together(*(self.ends_well(*EPLUA, str(path)) for path in paths))
        for path, output in zip(paths, outputs, strict=True):
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

    def test_commands(self) -> None:
        """Targets are the Makefile's, and what trial is to run is there."""
        makefile = (ROOT / "Makefile").read_text()
        for path in DOCUMENTS:
            for command in "".join(snippets(path, "sh")).splitlines():
                program, argument = command.split()
                if program == "make":
                    self.assertIn(f"\n{argument}:", makefile)
                else:
                    self.assertEqual(program, ".venv/bin/trial")
                    self.assertTrue(namedAny(argument))

    def test_kinds_of_snippets(self) -> None:
        """There is none that no test runs."""
        # Those of testing.md run in tests/loopback/tools.
        run = {"lua test", "text", "lua", "python", "sh", "python module", "python row"}
        run |= {
            "lua hc3",
            "lua library",
            "lua row",
            "lua broker",
            "lua certificates",
            "sh certificates",
            "json",
            "",
        }
        # Sphinx's.
        run |= {"{toctree}", "{include} ../SECURITY.md"}
        for path in DOCUMENTS:
            kinds = re.findall(r"^```(.*)\n", path.read_text(), re.MULTILINE)[::2]
            self.assertEqual(set(kinds) - run, set(), path.name)

    def test_named_files(self) -> None:
        """Files and folders that a document names are there."""
        for path in DOCUMENTS:
            text = prose(path)
            named = re.findall(r"`([\w./-]+(?:\.(?:py|lua|md|txt)|/))`", text)
            for name in set(named) - EXAMPLES:
                places = (ROOT, ROOT / "eplua_twisted", path.parent)
                there = any((place / name).exists() for place in places)
                self.assertTrue(there, f"{path.name}: {name}")

    def test_json_snippets(self) -> None:
        for path in DOCUMENTS:
            for text in snippets(path, "json"):
                self.assertIsInstance(json.loads(text), dict, path.name)

    def test_named_tests(self) -> None:
        """So are the test cases that a document names."""
        known = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
        for path in DOCUMENTS:
            for name in re.findall(r"`(\w+Tests|\w+TestCase|assert\w+)`", prose(path)):
                self.assertRegex(known, rf"(class|def) {name}\(", path.name)

    def test_bounds(self) -> None:
        """The defaults in SECURITY.md are those of the code."""
        rows = re.findall(
            r"^\| (.+) \| `(\S+)` \| (\d+) \|$",
            (ROOT / "SECURITY.md").read_text(),
            re.MULTILINE,
        )
        text = (ROOT / "lua" / "net" / "inbox.lua").read_text()
        (kept,) = re.findall(r"MAX_QUEUE = (\d+)", text)
        mqtt = mqtt_options.ConnectOptions()
        self.assertEqual(
            [(option, int(default)) for _, option, default in rows],
            [
                ("maxBuffer", tcp_options.SocketOptions().max_buffer),
                ("maxSize", MAX_SIZE),
                ("maxBodySize", http_server_options.HTTPServerOptions().max_body_size),
                ("maxMessageSize", ConnectionOptions().max_message_size),
                ("maxMessageSize", mqtt.max_message_size),
                ("maxQueue", int(kept)),
                ("maxQueue", mqtt.max_queue),
                ("maxWriteBuffer", mqtt.max_write_buffer),
                ("maxConnections", MAX_CONNECTIONS),
                ("--max-timers", Limits().max_timers),
                ("--max-connections", Limits().max_connections),
            ],
        )

    def test_nothing_of_this_machine(self) -> None:
        """No committed text names a path of a machine."""
        for path in [
            *DOCUMENTS,
            *ROOT.glob("*.*"),
            *(ROOT / ".ci").iterdir(),
        ]:
            if path.is_file():
                self.assertNotIn("/work/", path.read_text(errors="replace"), path)
