"""The page of a controller in Chromium, and its views as text, from a process of its own."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

from twisted.trial.unittest import TestCase

from tests.support import EPLUA, ROOT, Peer, start, start_peer
from tests.support.browser import start_browser

SCRIPT = str(ROOT / "tests" / "loopback" / "hc3" / "screen.lua")

STILL = "and the focus is still there:"

USED = [
    ["focus", "warmer", "button", "solid"],
    ["told", "1: warmer onReleased []", STILL, "warmer"],
    ["told", "2: warmer onReleased []", STILL, "warmer"],
    ["focus", "target", "range", "solid"],
    ["told", "3: target onChanged [22.5]", STILL, "target"],
    ["focus", "heating", "switch", "solid"],
    ["told", "4: heating onReleased [false]", STILL, "heating"],
    ["focus", "mode", "select-one", "solid"],
    ["told", '5: mode onToggled ["eco"]', STILL, "mode"],
    ["focus", "days", "checkbox", "solid"],
    ["told", '6: days onToggled [["mon","tue"]]', STILL, "days"],
    ["hidden", True],
    ["slider", "22.5"],
    ["focus", "colder", "button", "solid"],
    ["held"],
]
"""By the keyboard alone: each element has a ring when it has the focus, and its handler
is called with what HC3 calls it with.  Using the switch hides a label."""

NAMED = [
    ["button", "Clear"],
    ["button", "Colder"],
    ["button", "Warmer"],
    ["checkbox", "Monday"],
    ["checkbox", "Tuesday"],
    ["combobox", "Mode"],
    ["combobox", "Show"],
    ["group", "Days"],
    ["slider", "Target"],
    ["switch", "Heating"],
]
"""What a screen reader calls the controls."""


class ScreenTests(TestCase):
    timeout = 60

    async def serve(self, port: int = 0, *arguments: str) -> tuple[Peer, int]:
        """@return: a process whose QuickApps are at a port"""
        where = f"127.0.0.1:{port}"
        peer = start(
            self, *EPLUA, "--hc3", "--hc3-listen", where, *(arguments or (SCRIPT,))
        )
        output = await peer.says(b"/\n")
        found = re.search(rb"http://127\.0\.0\.1:(\d+)/\n", output)
        assert found is not None
        return peer, int(found[1])

    async def command(self, *arguments: str) -> tuple[int | None, str]:
        peer = start(self, *EPLUA, "hc3", "ui", *arguments)
        return await peer.ended, peer.output.decode()

    async def test_chromium(self) -> None:
        """
        By the keyboard alone: handlers are called, C{updateView} shows; no text becomes
        a tag; light, dark and narrow; a lost connection is said, and comes back.
        """
        peer, port = await self.serve()
        devtools = await start_browser(self, f"http://127.0.0.1:{port}/")
        user = start_peer(self, "hc3_screen.py", devtools)
        await user.says(b'["dark", 390')
        self.assertEqual(await peer.kill("INT"), -signal.SIGINT, peer.output)
        await user.says(b"Connection lost")
        await self.serve(port)
        self.assertEqual(await user.ended, 0, user.output)
        said: list[Any] = [json.loads(each) for each in user.output.splitlines()]
        self.assertEqual(
            said[:3],
            [
                ["connection", "Connected"],
                ["label", "21.5 °C\nfine <script>ran=1</script>"],
                ["ran", "undefined"],
            ],
        )
        self.assertEqual(said[3 : 3 + len(USED)], USED)
        named = [each[1:] for each in said if each[0] == "named"]
        self.assertEqual(sorted(named), NAMED)
        light, narrow, dark, narrow_dark = (
            each for each in said if each[0] in ("light", "dark")
        )
        self.assertEqual(light[:2], ["light", 1200])
        self.assertNotEqual(light[2], dark[2])
        self.assertEqual(
            [each[3] for each in (light, narrow, dark, narrow_dark)], [False] * 4
        )
        self.assertEqual(said[-1], ["again"])

    async def test_views_as_text(self) -> None:
        """Of a process that runs, without a timer of its own; and of a script's file."""
        peer, port = await self.serve()
        code, shown = await self.command(f"http://127.0.0.1:{port}")
        self.assertEqual(code, 0, shown)
        self.assertIn("Thermostat (com.fibaro.multilevelSensor): 21.5\n", shown)
        self.assertIn("  Days: [x] Monday  [ ] Tuesday\n", shown)
        self.assertEqual(await self.command(SCRIPT), (0, shown))
        code, shown = await self.command(f"http://127.0.0.1:{port}/", "Valve")
        self.assertRegex(shown, r"^    \d+ Valve \(com.fibaro.binarySwitch\): false\n$")
        code, shown = await self.command(f"http://127.0.0.1:{port}", "Other")
        self.assertEqual((code, shown), (1, "eplua: there is no QuickApp Other\n"))
        self.assertFalse(peer.over)
        self.assertEqual(await peer.kill("INT"), -signal.SIGINT, peer.output)
        code, shown = await self.command(f"http://127.0.0.1:{port}")
        self.assertEqual(code, 1)
        self.assertIn("cannot be reached", shown)

    async def test_code_of_the_command_line_goes_on_too(self) -> None:
        code = "function QuickApp:onInit() print('begun') end"
        peer, port = await self.serve(0, "-e", code)
        code_of, shown = await self.command(f"http://127.0.0.1:{port}")
        self.assertEqual(code_of, 0, shown)
        self.assertEqual(await peer.kill("INT"), -signal.SIGINT, peer.output)
