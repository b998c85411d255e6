"""The page of the inspector in Chromium, of a command in a process of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from tests.support import EPLUA, ROOT, start, start_peer
from tests.support.browser import start_browser

SCRIPT = ROOT / "tests" / "loopback" / "inspector" / "watched.lua"

NAMED = [
    ["button", "Clear"],
    ["button", "Reload"],
    ["button", "Stop"],
    ["combobox", "Show"],
    ["list", "Log lines"],
    ["list", "Warnings and errors, the newest first"],
    ["region", "Connections"],
    ["region", "Log"],
    ["region", "Open"],
    ["region", "Tasks"],
    ["region", "Timers"],
    ["region", "Warnings and errors"],
    ["region", "watched.lua"],
    ["table", "Connections"],
    ["table", "Open"],
    ["table", "Tasks"],
    ["table", "Timers"],
]
"""What a screen reader calls the parts and the controls; tables with how many they have."""


class PageTests(TestCase):
    timeout = 60

    async def test_chromium(self) -> None:
        """
        What is open with its bytes, tasks with the line where they wait, timers, errors
        and log lines, none of them as a tag; light, dark and narrow; by the keyboard the
        script is reloaded and stopped.
        """
        directory = Path(self.mktemp()).resolve()
        directory.mkdir()
        script = directory / "watched.lua"
        code = SCRIPT.read_text()
        script.write_text(code)
        command = (*EPLUA, "--inspect", "0", "--inspect-control", str(script))
        watched = start(self, *command)
        output = await watched.says(b"<b>bold")
        found = re.search(rb"http://127\.0\.0\.1:\d+/\?token=\S+", output)
        assert found is not None
        # What it is reloaded with spoils itself, for the next time.
        spoil = "local f = io.open(arg[0], 'w') f:write('x = = 1') f:close()"
        script.write_text(f"print('second') {spoil} {code}")
        devtools = await start_browser(self, found[0].decode())
        user = start_peer(self, "inspector_page.py", devtools)
        self.assertEqual(await user.ended, 0, user.output)
        # It had an error that nobody caught.
        self.assertEqual(await watched.ended, 1, watched.output)
        said: list[Any] = [json.loads(each) for each in user.output.splitlines()]
        self.assertEqual(said[:2], [["at", "/"], ["connection", "Connected"]])
        self.assert_parts({each[1]: each[2:] for each in said if each[0] == "part"})
        told = {each[0]: each[1:] for each in said}
        self.assertIn("Longest callback", told["facts"])
        self.assertIn("the sensor did not answer\nstack traceback:", told["errors"][0])
        self.assertEqual((told["ran"], told["bold"]), (["undefined"], [0]))
        named = [
            [role, re.sub(r" \d+$|^.*/", "", name)]
            for _, role, name in (each for each in said if each[0] == "named")
        ]
        self.assertEqual(sorted(named), NAMED)
        light, narrow, dark, narrow_dark = (
            each for each in said if each[0] in ("light", "dark")
        )
        self.assertNotEqual(light[2], dark[2])
        self.assertEqual(
            [each[3] for each in (light, narrow, dark, narrow_dark)], [False] * 4
        )
        self.assertEqual(
            [each for each in said if each[0] in ("focus", "asks")],
            [
                ["focus", "Reload", "solid"],
                ["asks", "Reload: sure?"],
                ["focus", "Reload", "solid"],
                ["asks", "Reload: sure?"],
                ["focus", "Stop", "solid"],
                ["asks", "Stop: sure?"],
            ],
        )
        self.assertIn("watched.lua:1: unexpected symbol", told["notice"][0])
        self.assertEqual(said[-1], ["Connection lost. Trying again…"])

    def assert_parts(self, parts: dict[str, list[str]]) -> None:
        kinds = [each.split(" | ")[0] for each in parts["Open"]]
        self.assertEqual(kinds, ["TCPServer", "TCPSocket", "TCPSocket"])
        self.assertEqual(len(parts["Connections"]), 2)
        amount, address = r"\d+ B|[\d.]+ KiB", r"127\.0\.0\.1:\d+"
        row = rf"tcp \| {address} \| {address}" + rf" \| ({amount})" * 2
        for each in parts["Connections"]:
            self.assertRegex(each, row + r" \| \d+ B/s \| \d+ B/s$")
        (task,) = parts["Tasks"]
        self.assertRegex(task, r"watched\.lua:1[45] \| .*watched\.lua:9 \| 1$")
        (interval,) = (each for each in parts["Timers"] if "setInterval" in each)
        self.assertRegex(interval, r"watched\.lua:19 \| 60 000 ms \| 1$")
