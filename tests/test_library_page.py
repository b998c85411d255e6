"""docs/library.md names all that the Python library offers, and nothing else."""

from __future__ import annotations

import inspect
import re

from twisted.trial.unittest import SynchronousTestCase

import eplua_twisted
from eplua_twisted import Restart, Runtime, RuntimeService
from tests.support import ROOT

WHERE = "a table of docs/library.md has another row, or lacks one"

PAGE = (ROOT / "docs" / "library.md").read_text()


def section(heading: str) -> str:
    """The text below a heading."""
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def defaults(heading: str) -> dict[str, str]:
    """The options in a section, and their defaults."""
    return dict(
        re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", section(heading), re.MULTILINE)
    )


def options(kind: type) -> dict[str, object]:
    """What a class is made with by name, and the defaults."""
    return {
        name: each.default
        for name, each in inspect.signature(kind).parameters.items()
        if each.kind is each.KEYWORD_ONLY
    }


class LibraryPageTests(SynchronousTestCase):
    def test_public_names(self) -> None:
        for name in eplua_twisted.__all__:
            self.assertTrue(
                f"`{name}`" in PAGE, f"docs/library.md does not name {name}"
            )

    def test_methods(self) -> None:
        named = set(re.findall(r"^\| `(\w+)\(", section("A runtime"), re.MULTILINE))
        public = {name for name, _ in inspect.getmembers(Runtime, inspect.isfunction)}
        self.assertEqual(
            named, {name for name in public if not name.startswith("_")}, WHERE
        )

    def test_options(self) -> None:
        named = defaults("A runtime")
        self.assertEqual(set(named), {"reactor", *options(Runtime)}, WHERE)
        self.assert_defaults(named, options(Runtime))

    def test_service_options(self) -> None:
        named = defaults("A service")
        self.assertEqual(set(named), set(options(RuntimeService)), WHERE)
        self.assert_defaults(named, options(RuntimeService))

    def test_restart(self) -> None:
        for name, parameter in inspect.signature(Restart).parameters.items():
            self.assertIn(f"`{name}` ({parameter.default:g})", section("A service"))

    def assert_defaults(self, named: dict[str, str], given: dict[str, object]) -> None:
        """Those that can be written down are."""
        for name, default in given.items():
            if isinstance(default, bool):
                self.assertEqual(named[name], str(default), name)
            elif isinstance(default, str):
                self.assertEqual(named[name], f'"{default}"', name)
            elif default is None and name != "clock":
                self.assertEqual(named[name], "none", name)
