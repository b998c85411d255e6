"""What a wheel holds, and where the pieces are found."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.files import examples_directory, lua_directory, types_directory
from eplua_twisted.lua_versions import LUA_VERSIONS
from eplua_twisted.site.files import files_of
from tests.support import ROOT


class PackagingTests(SynchronousTestCase):
    def test_plugin(self) -> None:
        """twistd finds one eplua, which imports nothing of ours to be listed."""
        plugins: Iterable[Any] = getPlugins(IServiceMaker)
        makers = [each for each in plugins if each.tapname == "eplua"]
        self.assertEqual(len(makers), 1)
        self.assertEqual(makers[0].module, "eplua_twisted.tap")

    def test_command(self) -> None:
        (command,) = entry_points(group="console_scripts", name="eplua")
        self.assertEqual(command.value, "eplua_twisted.cli:main")

    def test_types(self) -> None:
        """mypy knows the types of an application's calls: py.typed is there."""
        program = ROOT / "tests" / "peers" / "typed_program.py"
        directory = Path(self.mktemp())
        directory.mkdir()
        checked = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--cache-dir=cache", program],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertIn("-> eplua_twisted.runtime.Runtime", checked.stdout)
        self.assertIn("Deferred[None]", checked.stdout)

    def test_lua_library(self) -> None:
        self.assertTrue((lua_directory() / "eplua.lua").is_file())

    def test_definitions(self) -> None:
        """The API's definitions are a part of the Lua library, so the wheel has them."""
        self.assertTrue((types_directory() / "net.lua").is_file())
        self.assertIn(lua_directory(), types_directory().parents)

    def test_examples(self) -> None:
        """All are there, where the documented function says."""
        for name in (
            "tour.lua",
            "embed.py",
            "rooms/index.html",
            "hc3/devices/modbus_meter.lua",
        ):
            self.assertTrue((examples_directory() / name).is_file(), name)

    def test_where_they_are(self) -> None:
        """The command says it, and nothing else."""
        for name, folder in (
            ("examples", examples_directory()),
            ("types", types_directory()),
        ):
            said = subprocess.run(
                [sys.executable, "-m", "eplua_twisted.files", name],
                capture_output=True,
                text=True,
                check=True,
            )
            self.assertEqual((said.stdout, said.stderr), (f"{folder}\n", ""))

    def test_pages(self) -> None:
        """Their files are in the package, and the wheel has all of the package."""
        package = ROOT / "eplua_twisted"
        for page in ("hc3/screen_page", "inspector/page"):
            for each in files_of(package / page).values():
                self.assertIn(package, each.parents)
                self.assertTrue(each.is_file(), each)

    def test_folders_of_the_wheel(self) -> None:
        """The wheel has each folder, where the functions in files/ look for it."""
        text = (ROOT / "pyproject.toml").read_text()
        wheel = tomllib.loads(text)["tool"]["hatch"]["build"]["targets"]["wheel"]
        for path in (lua_directory(), examples_directory()):
            name = path.relative_to(ROOT).as_posix()
            self.assertIn(name, wheel["only-include"])
            self.assertEqual(wheel["sources"][name], f"eplua_twisted/{name}")

    def test_no_package_above_the_plugin(self) -> None:
        """An __init__.py there would hide Twisted's own plugins."""
        self.assertEqual(list((ROOT / "twisted_plugins").rglob("__init__.py")), [])

    def test_lua_versions_are_there(self) -> None:
        from importlib import import_module

        for module in LUA_VERSIONS.values():
            self.assertTrue(hasattr(import_module(module), "LuaRuntime"))

    def test_version(self) -> None:
        """It stands in pyproject.toml, and nowhere else: what is installed tells it."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        self.assertEqual(version("eplua-twisted"), project["version"])

    def test_bounds(self) -> None:
        """What users install has a lower bound, and CI runs the tests with it."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        lowest = subprocess.run(
            [sys.executable, ROOT / ".ci" / "lowest.py"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        extras = project["optional-dependencies"]
        wanted = project["dependencies"] + extras["metrics"]
        for requirement in wanted:
            name = re.split(r"[\[ ]", requirement)[0]
            (pinned,) = (each for each in lowest if each.startswith(f"{name}=="))
            self.assertIn(f" >= {pinned.split('==')[1]}", requirement)

    def test_steps_of_a_release(self) -> None:
        """Each that CONTRIBUTING.md names is a target of the Makefile."""
        text = (ROOT / "CONTRIBUTING.md").read_text()
        steps = re.findall(r"`make ([\w-]+)`", text.split("## Releasing\n")[1])
        targets = re.findall(
            r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE
        )
        self.assertGreater(len(steps), 5)
        self.assertEqual(set(steps) - set(targets), set())
