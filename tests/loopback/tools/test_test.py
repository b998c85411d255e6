"""C{eplua test}, as a user runs it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from twisted.trial.unittest import TestCase

from tests.support import start

EPLUA = (sys.executable, "-m", "eplua_twisted.cli", "test")

HERE = "tests/loopback/tools/"


class TestCommandTests(TestCase):
    timeout = 60

    async def run_tests(self, *arguments: str) -> tuple[int | None, str]:
        peer = start(self, *EPLUA, *arguments)
        code = await peer.ended
        return code, peer.output.decode()

    def verdicts(self, output: str) -> dict[str, str]:
        """What the table says of each test, by its name."""
        rows = r"^  (ok|failed|skipped|fragile|not run) +(.+?)(?:  .*)?$"
        return {
            name: verdict for verdict, name in re.findall(rows, output, re.MULTILINE)
        }

    def folder(self) -> Path:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        return folder

    async def test_every_end(self) -> None:
        """
        A crash and a loop without end are failures of one test, a broken file is one of
        its own; each failure says where and what, in the report and in the file.
        """
        path = Path(self.mktemp()).resolve()
        broken = self.folder() / "broken_test.lua"
        broken.write_text("x = = 1")
        code, output = await self.run_tests(
            str(broken), HERE + "ends_test.lua", "--timeout=300ms", f"--junit={path}"
        )
        self.assertEqual(code, 1)
        self.assertEqual(
            self.verdicts(output),
            {
                "the file cannot be run": "failed",
                "is good": "ok",
                "is wrong": "failed",
                "is skipped": "skipped",
                "kills its process": "failed",
                "hangs": "failed",
                "leaves": "failed",
                "fails in a callback": "failed",
                "waits for nothing": "failed",
                "comes last": "ok",
            },
        )
        for text in (
            "ends_test.lua:14: expected {celsius = 21.5} to equal {celsius = 22}\n",
            "      at .celsius: 21.5, expected 22\n",
            "      said before\n",
            "ends_test.lua:19: its process ended by signal 11\n",
            "ends_test.lua:21: the callback has taken more than 300 ms (option --timeout)\n",
            "os.exit(3) was called in the test\n",
            "ends_test.lua:28: oh\n",
            "ends_test.lua:32: the test waits, and nothing is open or pending that could",
            "          left open: a timer\n",
            "broken_test.lua:1: unexpected symbol near '='\n",
            "\n10 tests: 2 ok, 7 failed, 1 skipped in ",
        ):
            self.assertIn(text, output)
        suite = ElementTree.parse(path).getroot()[1]
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("9", "6"))

    async def test_peers_under_faults(self) -> None:
        """What is sent in pieces and late arrives; what breaks is fragile, and no failure."""
        code, output = await self.run_tests(
            HERE + "peers_test.lua", "--fault=split,delay,reset", "--seed=3"
        )
        self.assertEqual(code, 0, output)
        verdicts = self.verdicts(output)
        self.assertEqual(len(verdicts), 24)
        broken = {name for name, verdict in verdicts.items() if verdict == "fragile"}
        self.assertTrue(broken)
        self.assertTrue(all(name.endswith("[reset]") for name in broken), broken)
        others = {verdict for name, verdict in verdicts.items() if name not in broken}
        self.assertEqual(others, {"ok"}, output)
        self.assertIn("faults: split, delay, reset; --seed 3\n", output)

    async def test_a_signal_ends_all(self) -> None:
        """Also a process that is in a loop without end."""
        folder = self.folder()
        os.mkfifo(folder / "begun")
        (folder / "a_test.lua").write_text(
            "require('eplua.test')('a', function()"
            " local pipe = io.open('begun', 'w') pipe:write('begun') pipe:close()"
            " while true do end end)"
        )
        reader = start(self, "cat", str(folder / "begun"))
        peer = start(self, "sh", "-c", f"cd {folder} && exec {' '.join(EPLUA)}")
        await reader.says(b"begun")
        self.assertEqual(await peer.kill("INT"), -2)
