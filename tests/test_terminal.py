"""Errors on a terminal: the line of the script, in colours, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.terminal import PLAIN, RED, Terminal, has_colours, terminal_of


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class TerminalTests(SynchronousTestCase):
    def script(self, *lines: str) -> str:
        path = Path(self.mktemp())
        path.mkdir()
        (path / "script.lua").write_text("\n".join(lines))
        return str((path / "script.lua").resolve())

    def plain(self, script: str | None = None, code: str | None = None) -> Terminal:
        return Terminal(script, code, colours=False)

    def test_the_line_is_below_the_message(self) -> None:
        path = self.script("local x", "  error('bad')")
        shown = self.plain(path).render(f"{path}:2: bad\nstack traceback:\n\t{path}:1:")
        self.assertEqual(shown.split("\n")[1], "     2 | error('bad')")

    def test_a_long_path_is_found(self) -> None:
        """Lua gives its end only."""
        path = self.script("one")
        module = Path(path).parent / "inner" / "module.lua"
        module.parent.mkdir()
        module.write_text("two")
        terminal = self.plain(path)
        self.assertIn("| one", terminal.render(f"...{path[-30:]}:1: bad"))
        self.assertIn("| two", terminal.render(f"...{str(module)[-35:]}:1: bad"))

    def test_code_of_the_command_line(self) -> None:
        self.assertIn("2 | b", self.plain(code="a\nb").render("(command line):2: bad"))

    def test_a_message_without_a_place(self) -> None:
        """The line is that of the traceback."""
        shown = self.plain(code="a\nb").render("{x = 1}\n\t(command line):2: in f")
        self.assertIn("2 | b", shown)

    def test_what_cannot_be_read_is_left_out(self) -> None:
        for report in ("bad", "no.lua:1: bad", "/etc/passwd:1: bad", "...:1: bad"):
            self.assertEqual(self.plain("/no/script.lua").render(report), report)

    def test_control_characters_are_shown(self) -> None:
        """What a peer sent must not steer the terminal of who runs a script."""
        shown = self.plain(code="x = '\x1b[2J'").render(
            "(command line):1: \x1b]0;a\x07"
        )
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\x07", shown)

    def test_colours(self) -> None:
        """On a terminal, unless NO_COLOR is set."""
        terminal = terminal_of(Screen(), {}, None, "x")
        assert terminal is not None
        self.assertTrue(terminal.render("bad").startswith(f"{RED}bad{PLAIN}"))
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            terminal = terminal_of(Screen(), environment, None, "x")
            assert terminal is not None
            self.assertEqual(terminal.render("bad"), "bad")
        self.assertIsNone(terminal_of(io.StringIO(), {}, None, "x"))
        self.assertFalse(has_colours(io.StringIO(), {}))
