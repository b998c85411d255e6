"""One test at a time, in a runtime of its own: those that a reader is given succeed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from twisted.internet import reactor
from twisted.internet.base import ReactorBase
from twisted.trial.unittest import TestCase

from eplua_twisted.testing import Outcome
from eplua_twisted.tools.init.command import write
from eplua_twisted.tools.init.kinds import KINDS, files_of
from eplua_twisted.tools.test.attempt import Attempt, Finding
from eplua_twisted.tools.test.messages import Order
from tests.support import ROOT

RUNNING = cast(ReactorBase, reactor)


def order_of(path: Path, hc3: bool = False) -> Order:
    return Order(
        path=str(path),
        lua=None,
        hc3=hc3,
        faults=[],
        seed=1,
        timeout=20,
        instant=True,
        start=None,
    )


class AttemptTests(TestCase):
    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def file(self, code: str) -> Path:
        path = self.folder / "x_test.lua"
        path.write_text(code)
        return path

    async def run_file(self, path: Path, hc3: bool = False) -> list[Finding]:
        order = order_of(path, hc3)
        looked = await Attempt(RUNNING, order, None).run()
        self.assertIsNone(looked.problem)
        return [
            await Attempt(RUNNING, order, number).run()
            for number in range(len(looked.declared))
        ]

    async def test_snippets_of_the_page(self) -> None:
        page = (ROOT / "docs" / "testing.md").read_text()
        codes = re.findall(r"```lua test\n(.*?)```", page, re.DOTALL)
        self.assertTrue(codes)
        for number, code in enumerate(codes):
            path = self.folder / f"{number}_test.lua"
            path.write_text(code)
            findings = await self.run_file(path)
            self.assertEqual(len(findings), code.count("\ntest("))
            for finding in findings:
                assert finding.outcome is not None
                self.assertEqual(finding.outcome.state, "ok", finding)

    async def test_a_file_that_cannot_be_read(self) -> None:
        path = self.folder / "gone_test.lua"
        finding = await Attempt(RUNNING, order_of(path), None).run()
        assert finding.problem is not None
        self.assertEqual(
            finding.problem.message, f"cannot read {path}: No such file or directory"
        )

    async def test_os_exit_before_a_test_begins(self) -> None:
        path = self.file("os.exit(0)")
        finding = await Attempt(RUNNING, order_of(path), None).run()
        assert finding.problem is not None
        self.assertEqual(
            finding.problem.message, "os.exit was called before a test began"
        )

    async def test_an_error_of_a_test_that_waits_is_said_too(self) -> None:
        path = self.file(
            "eplua.test('it', function()\n"
            "  local queue = task.queue()\n"
            "  setTimeout(function() error('oh') queue:put(1) end, 1)\n"
            "  queue:get()\n"
            "end)"
        )
        (finding,) = await self.run_file(path)
        assert finding.outcome is not None
        self.assertIn(":4: the test waits", finding.outcome.message)
        (said,) = finding.output
        self.assertIn(":3: oh", said)

    async def test_what_a_peer_has_open_is_not_left_open(self) -> None:
        path = self.file(
            "local test = eplua.test\n"
            "test('it', function()\n"
            "  local server, client = test.websocket(), net.WebSocketClient()\n"
            "  client:connect(server.url)\n"
            "  client:wait('connected')\n"
            "  client:send('hello')\n"
            "  server:next()\n"
            "end)"
        )
        (finding,) = await self.run_file(path)
        assert finding.outcome is not None
        self.assertEqual(finding.outcome.state, "ok", finding)
        (left,) = finding.outcome.left
        self.assertTrue(left.startswith("WebSocketClient ws://127.0.0.1:"), left)

    async def test_other_tests_each_time(self) -> None:
        path = self.file("eplua.test('it', function() end)")
        finding = await Attempt(RUNNING, order_of(path), 1).run()
        assert finding.outcome is not None
        self.assertEqual(
            finding.outcome.message,
            "the file declares other tests each time that it runs",
        )

    async def test_what_init_writes(self) -> None:
        """And nothing is left open."""
        for name, kind in KINDS.items():
            write(self.folder / name, files_of(name))
            for path in (self.folder / name).glob("*_test.lua"):
                findings = await self.run_file(path, kind.hc3)
                self.assertTrue(findings)
                for finding in findings:
                    self.assertEqual(finding.outcome, Outcome("ok"), finding)
