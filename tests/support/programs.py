"""The foreign programs that tests need, and what to install to have them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from twisted.trial.unittest import SkipTest

ROOT = Path(__file__).parent.parent.parent

EPLUA = (sys.executable, "-m", "eplua_twisted.cli")
"""The command C{eplua}."""

TWISTD_N = (
    sys.executable,
    "-c",
    "from twisted.scripts.twistd import run; run()",
    "-n",
    "--pidfile=",
)
"""C{twistd} in the foreground, without a file for its number."""

REASON = re.compile(r"^needs .+: install (.+)$")

SYSTEM = "/usr/sbin"
"""Where Debian keeps servers; it is not on every user's PATH."""


def packages() -> dict[str, str]:
    """C{tests/programs.txt}: programs, and the packages that have them."""
    found = {}
    for line in (ROOT / "tests" / "programs.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            program, package = line.split()
            found[program] = package
    return found


def missing(*programs: str) -> Exception:
    """What a test raises without programs: a skip, but an error where CI is set."""
    wanted = " ".join(packages()[each] for each in programs)
    reason = f"needs {' and '.join(programs)}: install {wanted}"
    return LookupError(reason) if os.environ.get("CI") else SkipTest(reason)


def find_program(program: str) -> str | None:
    """@return: the path of a program, or C{None} when it is not installed"""
    path = os.environ.get("PATH", "") + os.pathsep + SYSTEM
    return shutil.which(program, path=path)


def need_program(program: str) -> str:
    """
    @return: the path of a program
    @raise SkipTest: it is not installed
    @raise LookupError: it is not installed, and CI is set
    """
    path = find_program(program)
    if path is None:
        raise missing(program)
    return path


def need_node_package(name: str) -> str:
    """
    @return: the path of node, which finds this package of npm
    @raise SkipTest, LookupError: as L{need_program}
    """
    node = find_program("node")
    there = (ROOT / "node_modules" / name).is_dir()
    if node is None:
        raise missing("node") if there else missing("node", name)
    if not there:
        raise missing(name)
    return node


def summary(reasons: Iterable[str]) -> str:
    """
    One line about skipped tests: how many there are, and what to install.

    @param reasons: why each of them was skipped
    @return: empty when none was
    """
    matches = [REASON.match(reason) for reason in reasons]
    wanted = sorted({each for match in matches if match for each in match[1].split()})
    others = matches.count(None)
    parts = []
    if wanted:
        number = len(matches) - others
        parts.append(f"{number} skipped: install {' '.join(wanted)} to run them")
    if others:
        parts.append(f"{others} skipped for the reasons above")
    return "; ".join(parts)
