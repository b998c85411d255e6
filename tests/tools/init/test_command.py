"""C{eplua init}."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.files import types_directory
from eplua_twisted.tools.init import command
from eplua_twisted.tools.init.command import Options, main, write
from eplua_twisted.tools.init.kinds import KINDS, files_of
from tests.support import ROOT
from tests.support.programs import need_program


class InitTests(SynchronousTestCase):
    def test_each_kind_has_a_script_and_a_test(self) -> None:
        for name, kind in KINDS.items():
            files = files_of(name)
            self.assertTrue(any(each.endswith("_test.lua") for each in files), name)
            script = re.search(r"\w+\.lua", kind.run[0])
            assert script is not None
            self.assertIn(script[0], files)

    def test_editors_find_the_definitions(self) -> None:
        for name, kind in KINDS.items():
            settings = json.loads(files_of(name)[".luarc.json"])
            self.assertEqual(settings["runtime.version"], f"Lua {kind.lua}")
            (library,) = settings["workspace.library"]
            self.assertEqual(Path(library), types_directory().resolve())

    def test_writes_all_or_nothing(self) -> None:
        folder = Path(self.mktemp()) / "in" / "it"
        files = {"a.lua": "1", "b.lua": "2"}
        self.assertEqual(write(folder, files), [])
        self.assertEqual((folder / "a.lua").read_text(), "1")
        (folder / "b.lua").unlink()
        self.assertEqual(write(folder, {"a.lua": "3", "b.lua": "4"}), ["a.lua"])
        self.assertEqual((folder / "a.lua").read_text(), "1")
        self.assertFalse((folder / "b.lua").exists())

    def test_a_link_to_nothing_is_there_too(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "a.lua").symlink_to("nowhere")
        self.assertEqual(write(folder, {"a.lua": "1"}), ["a.lua"])

    def test_wrong_arguments(self) -> None:
        for given, said in (
            (["lamp"], "unknown kind 'lamp'; known: script, server, mqtt, quickapp"),
            (["script", ""], "a folder expected, got ''"),
            (["script", "a", "b"], "Wrong number of arguments."),
        ):
            problem = self.assertRaises(UsageError, Options().parseOptions, given)
            self.assertEqual(str(problem), said)

    def test_the_page_names_the_kinds(self) -> None:
        page = (ROOT / "docs" / "commands" / "init.md").read_text()
        self.assertEqual(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE), list(KINDS))


class MainTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.said: list[str] = []
        self.patch(command, "put", self.said.append)
        self.patch(command, "complain", self.said.append)

    def test_says_what_to_try(self) -> None:
        folder = Path(self.mktemp())
        self.assertEqual(main(["mqtt", str(folder)]), 0)
        self.assertIn(f"  {folder / 'lamp_test.lua'}", self.said)
        after = self.said[self.said.index("Try:") :]
        self.assertEqual(
            after[1:3], [f"  cd {folder}", "  eplua main.lua mqtt://BROKER"]
        )

    def test_what_is_there_is_named(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "page.lua").write_text("mine")
        self.assertEqual(main(["script", str(folder)]), 1)
        self.assertEqual(
            self.said,
            [f"eplua init: nothing was written; there already: {folder / 'page.lua'}"],
        )

    def test_a_folder_that_cannot_be(self) -> None:
        path = Path(self.mktemp())
        path.write_text("")
        self.assertEqual(main(["script", str(path / "in")]), 1)
        self.assertEqual(
            self.said, [f"eplua init: cannot write {path / 'in'}: Not a directory"]
        )

    def test_luacheck_finds_nothing(self) -> None:
        need_program("luacheck")
        folder = Path(self.mktemp())
        for name in KINDS:
            write(folder / name, files_of(name))
            checked = subprocess.run(
                ["luacheck", "--codes", "--no-color", "."],
                cwd=folder / name,
                capture_output=True,
                text=True,
            )
            self.assertEqual(checked.returncode, 0, checked.stdout)
