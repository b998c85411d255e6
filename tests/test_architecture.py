"""docs/architecture.md: adding a protocol as it says gives one that works."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support import ROOT
from tests.support.layers import wrong_arrows
from tests.support.peers import start
from tests.test_layers import BELOW, MAY_IMPORT, sources

GUIDE = ROOT / "docs" / "architecture.md"

COMMAND = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from eplua_twisted.cli import main
main()
"""
"""C{eplua} of the tree that is its first argument."""

SCRIPT = """
task.start(function()
  local server = net.TCPServer()
  local port = assert(server:start("127.0.0.1", 0, function(client)
    task.start(function()
      local user = client:readUntil("\\r\\n")
      if user == "nobody" then client:write(("x"):rep(65537)) end
      client:write(user .. " is here")
      client:close()
    end)
  end))
  print(net.finger("ann", "localhost", port))
  print(net.finger("nobody", "localhost", port))
  print(pcall(net.finger, "ann", "localhost", "x"))
  server:stop()
  print(net.finger("ann", "localhost", port))
  net.finger("ann", "localhost", port, { error = function(_, code) print(code) end })
end)
"""


class GuideTests(TestCase):
    timeout = 60

    def block(self, kind: str) -> str:
        """The one piece of code of a kind."""
        (code,) = re.findall(rf"```{kind}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        return str(code)

    def test_each_package_is_in_the_table(self) -> None:
        table = GUIDE.read_text().split("| package | |\n")[1].split("\n\n")[0]
        firsts = [row.split(" | ")[0] for row in table.splitlines()]
        named = set(re.findall(r"`(\w+)`", " ".join(firsts)))
        self.assertEqual(named, MAY_IMPORT.keys() - {"__init__"})

    def insert(self, path: Path, line: str, row: str) -> None:
        text = path.read_text()
        self.assertEqual(text.count(line), 1)
        path.write_text(text.replace(line, line + row))

    async def test_protocol(self) -> None:
        """The pieces of the guide, where it says that they belong."""
        tree = Path(self.mktemp()).resolve()
        for name in ("eplua_twisted", "lua"):
            shutil.copytree(ROOT / name, tree / name)
        package = tree / "eplua_twisted"
        (package / "finger.py").write_text(self.block("python module"))
        (tree / "lua" / "net" / "finger.lua").write_text(self.block("lua library"))
        self.insert(package / "runtime.py", "MODULES = {\n", self.block("python row"))
        self.insert(
            tree / "lua" / "net" / "init.lua", "homes = {\n", self.block("lua row")
        )
        peer = start(self, sys.executable, "-c", COMMAND, str(tree), "-e", SCRIPT)
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertEqual(
            peer.output.decode().splitlines(),
            [
                "ann is here",
                "nil\tthe answer is longer than 65536 bytes\tlimit",
                "false\t(command line):14: bad argument #3 to 'finger' (port: integer"
                ' 1..65535 expected, got "x")',
                "nil\tConnection refused\trefused",
                "refused",
            ],
        )

    def test_names(self) -> None:
        """The classes and methods that the page names are there."""
        code = "\n".join(sources().values())
        text = re.sub(r"```.*?```", "", GUIDE.read_text(), flags=re.DOTALL)
        found = re.findall(r"`([A-Z]\w+)\.(\w+)`", text)
        self.assertIn(("Bridge", "enter"), found)
        for kind, name in found:
            self.assertRegex(code, rf"class {kind}\b")
            self.assertRegex(code, rf"def {name}\(")

    def test_layers(self) -> None:
        """It stands where a protocol may."""
        tree = {**sources(), "finger": self.block("python module")}
        self.assertEqual(list(wrong_arrows(tree, {**MAY_IMPORT, "finger": BELOW})), [])
