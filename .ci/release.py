"""
Whether this commit can be released: its version has a section in the changelog and no tag
yet, no news fragment is left over, and all is committed.  Prints the version.
"""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def faults(version: str) -> list[str]:
    found = []
    sections = re.findall(
        r"^## (\S+) \(", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    if sections[:1] != [version]:
        newest = sections[0] if sections else "nothing"
        found.append(f"CHANGELOG.md begins with {newest}: make changelog")
    left = sorted(path.name for path in (ROOT / "newsfragments").glob("*.*.md"))
    if left:
        found.append(f"{len(left)} news fragments are left over: make changelog")
    if git("tag", "--list", f"v{version}"):
        found.append(f"v{version} is tagged: change version in pyproject.toml")
    if git("status", "--porcelain"):
        found.append("not all is committed: git commit")
    return found


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = project["version"]
    found = faults(version)
    if found:
        raise SystemExit("\n".join(f"{version}: {each}" for each in found))
    print(version)


if __name__ == "__main__":
    main()
