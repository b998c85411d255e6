"""Arrows between the layers point down only."""

from __future__ import annotations

import ast
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import eplua_twisted

PACKAGE = Path(eplua_twisted.__file__).parent

BELOW = {"errors", "border", "streams", "tls"}
PROTOCOLS = ("tcp", "udp", "http_client", "http_server", "websocket", "mqtt")

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "border": {"errors"},
    "streams": {"errors", "border", "tls"},
    "tls": {"errors", "border", "streams"},
    **dict.fromkeys(PROTOCOLS, BELOW),
    "resolve": {"errors", "border", "streams"},
    "timers": {"errors", "border"},
    "runtime": {"errors", "border", "streams", "timers"},
    "service": {"errors", "runtime"},
    "tap": {"errors", "runtime", "service", "border"},
    "cli": {"errors", "runtime", "service", "tap", "border"},
    "__init__": {"errors", "runtime", "service"},
}
"""Which package, or module beside the packages, may import which; itself it may."""

LUPA = {"border.values", "border.bridge", "runtime"}


def imports(path: Path, *, at_run_time: bool = True) -> set[str]:
    """The names of modules that a file imports, wherever it does."""
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{each.name}" for each in node.names}
    return found


def modules() -> dict[str, Path]:
    """The files of the package by their dotted names without C{eplua_twisted}."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
    }


class LayerTests(SynchronousTestCase):
    def test_arrows_point_down(self) -> None:
        for module, path in modules().items():
            room = module.split(".")[0]
            for name in imports(path):
                if not name.startswith("eplua_twisted."):
                    continue
                target = name.split(".")[1]
                if target in MAY_IMPORT:
                    self.assertIn(
                        target, MAY_IMPORT[room] | {room}, f"{module} imports {name}"
                    )

    def test_protocols_do_not_know_lupa(self) -> None:
        for module, path in modules().items():
            if module not in LUPA:
                self.assertFalse(
                    any(name.split(".")[0] == "lupa" for name in imports(path)), path
                )

    def test_no_reactor(self) -> None:
        """The reactor is an argument; the one late import is the runtime's default."""
        allowed = {"runtime", "tap", "cli"}
        for module, path in modules().items():
            if module not in allowed:
                self.assertNotIn("twisted.internet.reactor", imports(path), path)

    def test_sizes(self) -> None:
        """No module is longer than 400 lines."""
        for path in [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "lua").rglob("*.lua")]:
            lines = path.read_text().count("\n")
            self.assertTrue(lines <= 400, f"{path.name}: {lines}")

    def test_heavy_libraries_are_late(self) -> None:
        """Starting a runtime imports no protocol library."""
        import subprocess
        import sys

        code = (
            "import sys; from eplua_twisted import Runtime; from twisted.internet import reactor;"
            " Runtime(reactor).run_string('setTimeout(print, 1)');"
            " print([m for m in ('treq', 'autobahn', 'paho', 'twisted.web', "
            "'twisted.internet.endpoints', 'eplua_twisted.tcp.server') if m in sys.modules])"
        )
        output = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        self.assertEqual(output.stdout.strip(), "[]")
