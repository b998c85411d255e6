"""The pages of docs/reference/ have what the definitions and the code say."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.api import read
from eplua_twisted.api.tables import Tables, main
from tests.support import ROOT
from tests.support.refusals import case_of, rows
from tests.test_documents import snippets

PAGES = sorted((ROOT / "docs").rglob("*.md"))
REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))

OF_SCRIPTS = [
    path
    for path in REFERENCE
    if {kind for kind, _ in Tables.described(path.read_text())}
]
"""Pages about a class, or about functions: not those about bounds, or about errors."""


class TableTests(SynchronousTestCase):
    def test_tables_are_up_to_date(self) -> None:
        tables = Tables(read(hc3=True))
        for path in PAGES:
            page = path.read_text()
            self.assertEqual(page, tables.rewrite(page), f"{path.name}: make reference")

    def test_everything_is_described(self) -> None:
        """Each class, table of options, function and constant has a table in some page."""
        api = read(hc3=True)
        found: set[tuple[str, str]] = set()
        for path in REFERENCE:
            found.update(Tables.described(path.read_text()))
        for each in api.classes.values():
            if each.parent == "eplua.Object":
                self.assertIn(("methods", each.name), found)
            elif each.methods and each.name != "eplua.Object":
                self.assertIn(("own", each.name), found)
            for kind, has in (("events", each.events), ("errors", each.codes)):
                if has:
                    self.assertIn((kind, each.name), found)
            if each.name.endswith("Options"):
                self.assertIn(("options", each.name), found)
        page = (ROOT / "docs" / "reference" / "hc3.md").read_text()
        for name in api.variables.keys() - read().variables.keys():
            # A class or a table of functions has its heading.
            if name not in api.classes and name != "api":
                self.assertIn(f"`{name}`", page)
        for name in api.constants:
            self.assertIn(("constants", name), found)
        listed = {name for kind, name in found if kind == "functions"}
        for name, function in api.functions.items():
            # A constructor is a heading.
            if not function.name[0].isupper():
                owner = name.rpartition(".")[0]
                self.assertTrue(
                    listed & {name, owner}, f"no page has a table with {name}"
                )

    def test_rewriting(self) -> None:
        """What stands between the comments is replaced, and nothing else is."""
        folder = Path(self.mktemp())
        folder.mkdir()
        page = folder / "page.md"
        page.write_text("before\n<!-- codes -->\nold\n<!-- end -->\nafter\n")
        main(str(folder))
        written = page.read_text()
        self.assertTrue(written.startswith("before\n<!-- codes -->\n| code |"))
        self.assertTrue(written.endswith("|\n<!-- end -->\nafter\n"))
        self.assertNotIn("old", written)

    def test_examples(self) -> None:
        """Each page has one with callbacks, and one that waits."""
        for path in OF_SCRIPTS:
            kinds = ("lua", "lua broker", "lua hc3")
            first, *others = [code for kind in kinds for code in snippets(path, kind)]
            self.assertNotIn("task.start", first.split("\n")[0], path.name)
            self.assertTrue(
                [code for code in others if "task.start" in code], path.name
            )


class RefusalTests(SynchronousTestCase):
    def test_what_is_refused(self) -> None:
        """Each row of the tables that say so: what the script gets, word for word."""
        for path in REFERENCE:
            case = case_of(path)
            case.setUp()
            self.addCleanup(case.doCleanups)
            for script, said in rows(path.read_text()):
                self.assertEqual(case.outcome(script), said, f"{path.name}: {script}")

    def test_pages_say_what_they_refuse(self) -> None:
        for path in OF_SCRIPTS:
            self.assertTrue(list(rows(path.read_text())), path.name)
