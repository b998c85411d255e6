"""The project's own files agree with each other, and ask for nothing from outside."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from unittest.mock import Mock

from twisted.trial.unittest import SynchronousTestCase

from tests.peers import lines
from tests.support import ROOT
from tests.support.programs import need_program

HOOKS = ROOT / ".pre-commit-config.yaml"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"

MOST = 38
"""How often the package writes C{Any}, or a C{Callable} of any arguments; it may fall."""


def explicit(source: str) -> int:
    """How often mypy's C{disallow_any_explicit} would find something."""
    nodes = list(ast.walk(ast.parse(source)))
    names = sum(isinstance(each, ast.Name) and each.id == "Any" for each in nodes)
    return names + sum(
        isinstance(each, ast.List | ast.Tuple)
        and bool(each.elts)
        and isinstance(each.elts[0], ast.Constant)
        and each.elts[0].value is Ellipsis
        for each in nodes
    )


class AnyTests(SynchronousTestCase):
    def test_finds_both(self) -> None:
        source = "def f(a: Any, b: Callable[..., Any], c: tuple[int, ...]) -> None: ..."
        self.assertEqual(explicit(source), 3)

    def test_only_where_mypy_is_told(self) -> None:
        """Each module that pyproject.toml lists needs it, and there is a bound for all."""
        mypy = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
        self.assertIs(mypy["disallow_any_explicit"], True)
        listed = {
            name
            for each in mypy["overrides"]
            if each.get("disallow_any_explicit") is False
            for name in each["module"]
        }
        found = {
            ".".join(path.relative_to(ROOT).with_suffix("").parts): count
            for path in (ROOT / "eplua_twisted").rglob("*.py")
            if (count := explicit(path.read_text()))
        }
        self.assertEqual(listed, {*found, "bench.*", "tests.*"})
        self.assertTrue(sum(found.values()) <= MOST, found)


class ProjectTests(SynchronousTestCase):
    def test_hooks_are_local(self) -> None:
        """Each calls a target of make; none is fetched from somewhere."""
        text = HOOKS.read_text()
        makefile = (ROOT / "Makefile").read_text()
        self.assertEqual(set(re.findall(r"repo: (.*)", text)), {"local"})
        self.assertEqual(set(re.findall(r"language: (.*)", text)), {"system"})
        entries = re.findall(r"entry: make (\S+)\n", text)
        self.assertEqual(len(entries), text.count("- id:"))
        for target in entries:
            self.assertIn(f"\n{target}:", makefile)

    def test_workflow(self) -> None:
        """It is C{.ci/run}, with each Python from the oldest that the wheel takes on."""
        text = WORKFLOW.read_text()
        self.assertEqual(re.findall(r"run: (.*)", text), ["bash .ci/run"])
        versions = re.findall(r'"3\.(\d+)"', text)
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        self.assertEqual(project["requires-python"], f">=3.{versions[0]}")
        first = int(versions[0])
        self.assertEqual(
            versions, [str(first + number) for number in range(len(versions))]
        )

    def test_no_test_runs_twice(self) -> None:
        """The variable of a loop over classes is one more name of the last: it is deleted."""
        loop = re.compile(
            r"^for (\w+) in .*:\n    globals\(\)\.update\(for_each_lua", re.MULTILINE
        )
        for path in (ROOT / "tests").rglob("test_*.py"):
            text = path.read_text()
            for name in loop.findall(text):
                self.assertIn(f"\ndel {name}\n", text, path.name)

    def test_judge_is_strict(self) -> None:
        """In CI a missing program is a failure."""
        text = (ROOT / ".ci" / "run").read_text()
        self.assertIn("\nexport CI=1", text)
        bash = need_program("bash")
        subprocess.run([bash, "-n", ROOT / ".ci" / "run"], check=True)

    def test_no_addresses(self) -> None:
        """No place on the network is named: pip and npm know where they look."""
        names = ("pyproject.toml", "Makefile", ".editorconfig")
        files = [HOOKS, WORKFLOW, *(ROOT / ".ci").iterdir()]
        for path in [*files, *(ROOT / name for name in names)]:
            self.assertNotRegex(path.read_text(), "(https?|git|ssh)://", path.name)


class PeersTests(SynchronousTestCase):
    """A program of C{tests/peers} that goes wrong rarely makes a test wait for nothing."""

    def test_lines_come_whole(self) -> None:
        """Each is one write, so that no other thread's comes between."""
        writes: list[str] = []
        self.patch(sys, "stdout", Mock(write=writes.append))
        lines.say("middle tcp")
        self.assertEqual(writes, ["middle tcp\n"])

    def test_programs_with_threads_print_whole_lines(self) -> None:
        for path in (ROOT / "tests" / "peers").glob("*.py"):
            source = path.read_text()
            if re.search(
                r"^import threading|\bThreading\w+Server\b", source, re.MULTILINE
            ):
                self.assertNotRegex(source, r"\bprint\(", path.name)

    def test_no_tls_in_two_threads(self) -> None:
        """As the synchronous client of websockets has it: it stands still rarely."""
        for path in (ROOT / "tests" / "peers").glob("*.py"):
            source = path.read_text()
            if "websockets.sync" in source:
                self.assertNotRegex(source, r"\bssl\b|wss:", path.name)
