"""The unit and the Dockerfile that operators begin with: what they name is there."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from twisted.scripts._twistd_unix import ServerOptions
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from eplua_twisted.tap import Options
from tests.support import ROOT

FILES = ROOT / "examples" / "operations"
UNIT = FILES / "eplua.service"


def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser


def parse(words: list[str]) -> Options:
    """The words after C{twistd} as that reads them, and those of C{eplua}."""
    options = ServerOptions()
    options.parseOptions(words)
    found: Options = options.subOptions
    return found


class UnitTests(SynchronousTestCase):
    def test_command(self) -> None:
        """It stays in the foreground, and its grace is shorter than systemd's."""
        service = unit()["Service"]
        program, *words = shlex.split(service["ExecStart"])
        self.assertEqual(Path(program).name, "twistd")
        self.assertIn("--nodaemon", words)
        self.assertLess(parse(words).grace, int(service["TimeoutStopSec"]))

    def test_what_the_service_says(self) -> None:
        service = unit()["Service"]
        self.assertEqual((service["Type"], service["NotifyAccess"]), ("notify", "main"))
        self.assertIn("-HUP", service["ExecReload"])

    def test_systemd_knows_it_all(self) -> None:
        program = shutil.which("systemd-analyze")
        if program is None:
            raise SkipTest("systemd-analyze is not installed")
        copy = Path(self.mktemp()).with_suffix(".service")
        copy.write_text(UNIT.read_text().replace("/opt/eplua/bin/twistd", "/bin/true"))
        checked = subprocess.run(
            [program, "verify", str(copy.resolve())],
            capture_output=True,
            text=True,
            check=False,
        )
        said = [each for each in checked.stderr.splitlines() if copy.name in each]
        self.assertEqual(said, [])


class DockerfileTests(SynchronousTestCase):
    def test_command(self) -> None:
        text = (FILES / "Dockerfile").read_text()
        words: list[str] = []
        for name in ("ENTRYPOINT", "CMD"):
            found = re.search(rf"^{name} (.*)$", text, re.MULTILINE)
            assert found is not None
            words += json.loads(found[1])
        self.assertEqual(words[0], "twistd")
        self.assertLess(parse(words[1:]).grace, 10)
