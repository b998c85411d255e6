"""
The tables of docs/reference/ that say what is refused: a piece of Lua in each row, and
what comes of it.  The piece runs in a task, in memory; of hc3.md in C{onInit} of a QuickApp.

C{python -m tests.support.refusals} writes what comes of them into the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from eplua_twisted.hc3.log_lines import LogLine
from eplua_twisted.hc3.setup import Setup
from tests.support.programs import ROOT
from tests.support.runtimes import LuaTestCase

HEAD = "| script | what comes of it |\n| --- | --- |\n"

TASK = """
local code = ...
local f = assert((loadstring or load)(code, "=script"))
task.start(function()
  local function tell(good, ...)
    if not good then return print("raises", (...)) end
    local result, message, code = ...
    if result == nil and message then print(code, message) else print("no error", result) end
  end
  tell(pcall(f))
end)
"""


QUICKAPP = """
--%%%%var=known:5
function QuickApp:onInit()
  local good, problem = pcall(function() %s end)
  if not good then print("raises\\t" .. problem) end
end
"""


def rows(page: str) -> Iterator[tuple[str, str]]:
    """The scripts of a page, and what it says comes of them."""
    for table in page.split(HEAD)[1:]:
        for line in table.splitlines():
            found = re.match(r"\| (`+)(.+?)\1 \| (.*) \|$", line)
            if not line.startswith("|"):
                break
            assert found is not None, line
            script, said = found[2], found[3]
            yield script.replace("\\|", "|").strip(), said.replace("\\|", "|")


class RefusalTestCase(LuaTestCase):
    """Runs the rows, each in a runtime of its own."""

    def outcome(self, script: str) -> str:
        """What comes of a piece of Lua, as a table says it."""
        self.lines.clear()
        self.warnings.clear()
        self.errors.clear()
        self.runtime = self.make_runtime()
        whole = script if re.search(r"\breturn\b", script) else f"return {script}"
        self.run_lua(TASK, whole)
        for _ in range(4):
            self.turn(4)
            if not self.lines:
                self.reactor.advance(10)
        said = [line.decode("utf-8", "backslashreplace") for line in self.lines]
        said += [f"warns\t{each}" for each in self.warnings + self.errors]
        self.stop(self.runtime)
        return "; ".join(self.spell(line) for line in said if "no error" not in line)

    def spell(self, line: str) -> str:
        """
        One thing that was said, without the script's line.  Which names are known is said
        by other tables.
        """
        kind, _, text = line.partition("\t")
        text = re.sub(r"^(script|test\.lua):\d+: ", "", text.split("\n")[0])
        text = re.sub(r"known: [\w, ]+", "known: ...", text)
        return (
            f"{kind}: {text}"
            if kind in ("raises", "warns", "logs")
            else f"`{kind}`: {text}"
        )

    def rewrite(self, page: str) -> str:
        """A page, with what comes of its scripts."""
        for script, said in rows(page):
            written = script.replace("|", "\\|")
            now = self.outcome(script).replace("|", "\\|")
            old = said.replace("|", "\\|")
            page = page.replace(f"`{written}` | {old} |", f"`{written}` | {now} |")
        return page


class HostRefusalTestCase(RefusalTestCase):
    """Runs the rows of hc3.md, each as a QuickApp of its own."""

    lua = "5.3"

    def outcome(self, script: str) -> str:
        self.warnings.clear()
        self.errors.clear()
        said: list[str] = []

        def add(line: LogLine) -> None:
            raised = line.text.startswith("raises\t")
            said.append(line.text if raised else f"logs\t{line.level}: {line.text}")

        self.runtime = self.make_runtime(hc3=Setup(on_line=add))
        done = self.runtime.run_string(QUICKAPP % script, "@test.lua")
        done.addErrback(lambda failure: said.append(f"raises\t{failure.value}"))
        self.turn(4)
        said += [f"warns\t{each}" for each in self.warnings]
        self.stop(self.runtime)
        return "; ".join(self.spell(line) for line in said)


def case_of(path: Path) -> RefusalTestCase:
    """What runs the rows of a page."""
    kind = HostRefusalTestCase if path.name == "hc3.md" else RefusalTestCase
    return kind("outcome")


def main() -> None:
    """Write what comes of the scripts into the pages: look at the difference."""
    for path in (ROOT / "docs" / "reference").glob("*.md"):
        page = path.read_text()
        if HEAD in page:
            case = case_of(path)
            case.setUp()
            path.write_text(case.rewrite(page))
            case.doCleanups()


if __name__ == "__main__":
    main()
