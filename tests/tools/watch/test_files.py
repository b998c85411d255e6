"""Which files C{eplua watch} looks at, and what it takes for a change."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.lua_versions import LUA_VERSIONS, syntax_error
from eplua_twisted.tools.watch.files import Changes, files_of


class FilesTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path


class NamedTests(FilesTestCase):
    def names(self, script: Path, hc3: bool = False) -> list[str]:
        return [
            str(each.relative_to(self.folder)) for each in files_of(str(script), hc3)
        ]

    def test_what_is_required(self) -> None:
        """Also by what was required, in a circle too, and what is not there yet."""
        script = self.write(
            "s.lua", "local a = require('a.b') require \"c\" required('d')"
        )
        self.write("a/b.lua", "return require('s')")
        self.assertEqual(
            self.names(script),
            ["s.lua", "a/b.lua", "a/b/init.lua", "c.lua", "c/init.lua", "s/init.lua"],
        )

    def test_files_of_a_QuickApp(self) -> None:
        script = self.write("q.lua", "--%%name=Lamp\n--%%file=lib/m.lua,m\n")
        self.assertEqual(self.names(script, True), ["q.lua", "lib/m.lua"])
        self.assertEqual(self.names(script), ["q.lua"])

    def test_bad_headers_are_left_to_who_runs_it(self) -> None:
        script = self.write("q.lua", "--%%file=\n")
        self.assertEqual(self.names(script, True), ["q.lua"])


class ChangeTests(FilesTestCase):
    def test_a_change_counts_when_it_is_over(self) -> None:
        path = self.write("s.lua", "one")
        changes = Changes([path])
        self.assertEqual(changes.look(), [])
        path.write_text("")
        self.assertEqual(changes.look(), [])
        path.write_text("second")
        self.assertEqual(changes.look(), [])
        self.assertEqual(changes.look(), [path])
        self.assertEqual(changes.look(), [])

    def test_a_file_that_takes_its_place(self) -> None:
        """As many editors save; meanwhile it may be missing."""
        path, other = self.write("s.lua", "one"), self.write("new", "two")
        changes = Changes([path])
        path.unlink()
        self.assertEqual([changes.look(), changes.look()], [[], []])
        os.rename(other, path)
        changes.look()
        self.assertEqual(changes.look(), [path])

    def test_a_module_that_is_made(self) -> None:
        path = self.folder / "m.lua"
        changes = Changes([path])
        changes.look()
        path.write_text("return 1")
        changes.look()
        self.assertEqual(changes.look(), [path])

    def test_others_are_followed_from_now_on(self) -> None:
        old, new = self.write("old.lua", "1"), self.write("new.lua", "1")
        changes = Changes([old])
        changes.follow([new])
        old.write_text("22")
        new.write_text("22")
        changes.look()
        self.assertEqual(changes.look(), [new])


class SyntaxTests(SynchronousTestCase):
    def test_what_does_not_compile(self) -> None:
        for lua in LUA_VERSIONS:
            self.assertIsNone(syntax_error(lua, b"local x = ...\nreturn x", "s.lua"))
            said = syntax_error(lua, b"x = 1\ny = = 2", "s.lua")
            assert said is not None
            self.assertTrue(said.startswith("s.lua:2: unexpected symbol near"), said)
