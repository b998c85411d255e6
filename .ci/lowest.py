"""Prints constraints for pip: each dependency of pyproject.toml at its lower bound."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"

for requirement in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]:
    match = re.match(r"([\w-]+)(?:\[\w+\])? >= ([\w.]+)", requirement)
    assert match, f"no lower bound: {requirement}"
    print(f"{match[1]}=={match[2]}")
