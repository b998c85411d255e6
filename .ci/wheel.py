"""
The wheel in dist/, in a clean environment of each Python from 3.11 on that is here: those
on PATH, and those of pyenv.  A script runs on every Lua, an example does, all commands
tell their options, and twistd lists ours.  On the oldest mypy finds the types.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
OLDEST = (3, 11)
SCRIPT = 'print("ran from the wheel", net.TCPSocket())\n'
SAYS = "import sys; print(*sys.version_info[:2])"


def pythons() -> dict[tuple[int, int], str]:
    """One Python for each version."""
    candidates = [sys.executable]
    for folder in os.get_exec_path():
        candidates += map(str, sorted(Path(folder).glob("python3.[0-9]*")))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += map(str, sorted(pyenv.glob("versions/*/bin/python3")))
    found: dict[tuple[int, int], str] = {}
    for each in candidates:
        if each.endswith("-config"):
            continue
        said = subprocess.run(
            [each, "-c", SAYS], capture_output=True, text=True, check=False
        ).stdout.split()
        if len(said) == 2:
            version = (int(said[0]), int(said[1]))
            if version >= OLDEST:
                found.setdefault(version, each)
    return dict(sorted(found.items()))


class Environment:
    """A new environment with the wheel in it."""

    def __init__(self, python: str, place: Path, wheel: Path) -> None:
        self._place = place
        self._bin = place / "venv" / "bin"
        subprocess.run([python, "-m", "venv", place / "venv"], check=True)
        self.run("pip", "install", "--quiet", str(wheel))

    def run(self, program: str, *arguments: str) -> str:
        """
        @return: what it wrote
        @raise SystemExit: it failed
        """
        ended = subprocess.run(
            [self._bin / program, *arguments],
            cwd=self._place,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        if ended.returncode:
            raise SystemExit(f"{program} {' '.join(arguments)}:\n{ended.stdout}")
        return ended.stdout

    def says(self, wanted: str, program: str, *arguments: str) -> str:
        """@raise SystemExit: it does not write what this expression finds"""
        output = self.run(program, *arguments)
        if not re.search(wanted, output):
            raise SystemExit(
                f"{program} {' '.join(arguments)}: no {wanted!r} in\n{output}"
            )
        return output


def judge(environment: Environment, place: Path) -> None:
    (place / "script.lua").write_text(SCRIPT)
    environment.says(r"eplua .*Run a Lua script", "twistd", "--help")
    for lua in ("5.3", "5.4", "5.5", "luajit"):
        environment.says("ran from the wheel", "eplua", "--lua", lua, "script.lua")
    commands = environment.run(
        "python", "-c", "from eplua_twisted.cli import COMMANDS; print(*COMMANDS)"
    )
    for command in commands.split():
        environment.says(f"eplua {command}", "eplua", command, "--help")
    environment.says("eplua", "eplua", "--help")
    environment.says(r"eplua \d", "eplua", "--version")
    examples = environment.run("python", "-m", "eplua_twisted.files", "examples")
    environment.says("Received:", "eplua", f"{examples.strip()}/udp.lua")
    types = environment.run("python", "-m", "eplua_twisted.files", "types")
    if not (Path(types.strip()) / "net.lua").is_file():
        raise SystemExit(f"no net.lua in {types}")


def judge_types(environment: Environment, place: Path) -> None:
    shutil.copy(ROOT / "tests" / "peers" / "typed_program.py", place)
    environment.run("pip", "install", "--quiet", "mypy")
    environment.says(
        "-> eplua_twisted.runtime.Runtime", "mypy", "--strict", "typed_program.py"
    )


def main() -> None:
    wheels = list((ROOT / "dist").glob("*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"dist/ has {len(wheels)} wheels: make dist")
    for number, (version, python) in enumerate(pythons().items()):
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            environment = Environment(python, place, wheels[0].absolute())
            judge(environment, place)
            if number == 0:
                judge_types(environment, place)
        print("the wheel works on Python {}.{}".format(*version), flush=True)


if __name__ == "__main__":
    main()
