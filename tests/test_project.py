"""The project's own files agree with each other, and ask for nothing from outside."""

from __future__ import annotations

import re
import subprocess
import tomllib

from twisted.trial.unittest import SynchronousTestCase

from tests.support import ROOT
from tests.support.programs import need_program

HOOKS = ROOT / ".pre-commit-config.yaml"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


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
