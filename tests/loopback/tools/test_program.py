"""What C{eplua watch} runs again and again leaves nothing on the reactor: trial looks."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from twisted.internet import reactor
from twisted.internet.base import ReactorBase
from twisted.trial.unittest import TestCase

from eplua_twisted.console import StandardError
from eplua_twisted.tools.watch.command import Options
from eplua_twisted.tools.watch.program import Program


class ProgramTests(TestCase):
    timeout = 20

    async def run_script(self, code: str, *options: str) -> str:
        """@return: how it has ended"""
        path = Path(self.mktemp())
        path.write_text(code)
        asked = Options()
        asked.parseOptions([*options, str(path)])
        ended: list[str] = []
        running = cast(ReactorBase, reactor)
        await Program(running, asked, StandardError(None), print, ended.append).start()
        return ended[0]

    async def test_script(self) -> None:
        for options in ([], ["--instant"], ["--speed=100"]):
            said = await self.run_script("setTimeout(function() end, 50)", *options)
            self.assertEqual(said, "has ended")

    async def test_QuickApp(self) -> None:
        code = (
            "function QuickApp:onInit() setTimeout(function() os.exit(3) end, 20) end"
        )
        for options in ([], ["--instant"]):
            said = await self.run_script(code, "--hc3", *options)
            self.assertEqual(said, "has ended with os.exit(3)")
