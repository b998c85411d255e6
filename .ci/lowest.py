"""
Prints constraints for pip: what users can install, each at its lower bound of
pyproject.toml; with C{--extras} the names of the extras that are among it.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"

OURS = {"bench", "conformance", "dev", "docs", "fuzz", "release"}
"""Extras for those who work on the package: the newest versions will do."""


def main() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    optional = project["optional-dependencies"]
    extras = [name for name in optional if name not in OURS]
    if sys.argv[1:] == ["--extras"]:
        print(",".join(extras))
        return
    requirements = list(project["dependencies"])
    for name in extras:
        requirements += optional[name]
    for requirement in requirements:
        match = re.match(r"([\w-]+)(?:\[\w+\])? >= ([\w.]+)", requirement)
        assert match, f"no lower bound: {requirement}"
        print(f"{match[1]}=={match[2]}")


if __name__ == "__main__":
    main()
