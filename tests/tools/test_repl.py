"""The prompt: entries of one line and of several, and what each comes to."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.entering import Unfinished
from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.tools.repl.command import Options
from eplua_twisted.tools.repl.loop import run_entries
from eplua_twisted.tools.repl.prompt import Prompt, history_file


class Typed:
    """Lines that are known before; C{None} is Ctrl-C, and the end comes after the last."""

    def __init__(self, *lines: str | None) -> None:
        self._lines = list(lines)
        self.went_on: list[bool] = []

    def line(self, goes_on: bool) -> Deferred[str | None]:
        self.went_on.append(goes_on)
        if not self._lines:
            return fail(EOFError())
        return succeed(self._lines.pop(0))


class Runner:
    """Says of an entry what it is; one that ends with C{do}, and a line, is unfinished."""

    def __init__(self) -> None:
        self.entered: list[str] = []

    def enter(self, code: str) -> Deferred[str | None]:
        self.entered.append(code)
        if code.rstrip().endswith("do"):
            return fail(Unfinished())
        if code == "wrong":
            return fail(ScriptError("wrong", "wrong\n\ttrace"))
        if code == "exit":
            return fail(RuntimeStopped())
        return succeed(None if code == "nothing" else f"<{code}>")


class EntriesTests(SynchronousTestCase):
    def run_typed(self, *lines: str | None) -> tuple[Typed, Runner, list[str]]:
        typed, runner = Typed(*lines), Runner()
        said: list[str] = []
        self.done = Deferred.fromCoroutine(run_entries(typed, runner, said.append))
        return typed, runner, said

    def test_values_and_errors(self) -> None:
        _, runner, said = self.run_typed("1", "nothing", "wrong", "2")
        self.assertEqual(said, ["<1>", "wrong\n\ttrace", "<2>"])
        self.assertEqual(runner.entered, ["1", "nothing", "wrong", "2"])
        self.successResultOf(self.done)

    def test_several_lines(self) -> None:
        typed, _, said = self.run_typed("do", "", "end", "1")
        self.assertEqual(said, ["<do\n\nend>", "<1>"])
        self.assertEqual(typed.went_on, [False, True, True, False, False])

    def test_empty_lines(self) -> None:
        _, runner, _ = self.run_typed("", "   ", "1")
        self.assertEqual(runner.entered, ["1"])

    def test_ctrl_c_gives_up_what_was_typed(self) -> None:
        _, runner, said = self.run_typed("do", None, "1", None, "2")
        self.assertEqual((runner.entered, said), (["do", "1", "2"], ["<1>", "<2>"]))

    def test_the_end_of_the_runtime(self) -> None:
        self.run_typed("exit", "1")
        self.failureResultOf(self.done, RuntimeStopped)


class EndTests(SynchronousTestCase):
    """A signal, C{os.exit}, or the end of a service may come at any time."""

    def setUp(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        asyncio.set_event_loop(self.loop)
        self.addCleanup(asyncio.set_event_loop, None)
        pipe = create_pipe_input()
        self.input = pipe.__enter__()
        self.addCleanup(pipe.__exit__, None, None, None)
        with create_app_session(self.input, DummyOutput()):
            self.prompt = Prompt(lambda _: succeed([]), {"HOME": self.mktemp()})

    def result(self, line: Deferred[str | None]) -> str | None:
        return self.loop.run_until_complete(line.asFuture(self.loop))

    def test_between_two_lines(self) -> None:
        self.prompt.end()
        self.input.send_text("typed\r")
        self.assertRaises(EOFError, self.result, self.prompt.line(False))

    def test_before_the_line_is_shown(self) -> None:
        line = self.prompt.line(False)
        self.prompt.end()
        self.input.send_text("typed\r")
        self.assertRaises(EOFError, self.result, line)

    def test_twice_while_a_line_is_typed(self) -> None:
        line = self.prompt.line(False)
        self.loop.run_until_complete(asyncio.sleep(0))
        self.prompt.end()
        self.prompt.end()
        self.assertRaises(EOFError, self.result, line)


class HistoryTests(SynchronousTestCase):
    def test_nobody_else_can_read_it(self) -> None:
        home = self.mktemp()
        for environment in (
            {"HOME": home},
            {"XDG_STATE_HOME": os.path.join(home, "s")},
        ):
            file = history_file(environment)
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
            file.chmod(0o644)
            self.assertEqual(file, history_file(environment))
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)

    def test_no_place_for_it(self) -> None:
        path = Path(self.mktemp())
        path.write_text("")
        self.assertRaises(OSError, history_file, {"XDG_STATE_HOME": str(path)})


class OptionTests(SynchronousTestCase):
    def test_no_script_is_needed(self) -> None:
        options = Options()
        options.parseOptions(["--lua=luajit"])
        self.assertEqual(options["execute"], "")
        # Else Ctrl-C would not reach a loop.
        self.assertEqual(options.limits.callback_time("luajit"), 10_000)
