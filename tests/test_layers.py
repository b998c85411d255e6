"""Arrows between the layers point down only."""

from __future__ import annotations

import ast
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import eplua_twisted

PACKAGE = Path(eplua_twisted.__file__).parent

LAYERS = [
    {"errors", "interfaces"},
    {"values", "resources", "primitives", "search"},
    {"bridge"},
    {"transports", "buffers", "environment", "certificates"},
    {"PROTOCOLS"},
    {"runtime"},
    {"service"},
    {"tap"},
    {"cli", "__init__"},
]
LUPA = {"values", "bridge", "runtime"}

FAMILIES = ("tcp", "udp", "http", "websocket", "mqtt")
"""Protocols in several files: tcp and tcp_socket are one."""

SHARED = {"dtls", "dtls_context", "tls", "tls_transport", "addresses", "listening"}
"""What several protocols stand on."""


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


def layer(module: str) -> int:
    for number, modules in enumerate(LAYERS):
        if module in modules:
            return number
    return LAYERS.index({"PROTOCOLS"})


def family(module: str) -> str | None:
    return next((each for each in FAMILIES if module.startswith(each)), None)


class LayerTests(SynchronousTestCase):
    def test_arrows_point_down(self) -> None:
        for path in PACKAGE.glob("*.py"):
            for name in imports(path):
                if not name.startswith("eplua_twisted."):
                    continue
                target = name.split(".")[1]
                if not (PACKAGE / f"{target}.py").exists():
                    continue
                self.assertTrue(
                    layer(target) < layer(path.stem)
                    or target in SHARED
                    or (
                        family(target) is not None
                        and family(target) == family(path.stem)
                    ),
                    f"{path.stem} imports {target}",
                )

    def test_protocols_do_not_know_lupa(self) -> None:
        for path in PACKAGE.glob("*.py"):
            if path.stem not in LUPA:
                self.assertFalse(
                    any(name.split(".")[0] == "lupa" for name in imports(path)), path
                )

    def test_no_reactor(self) -> None:
        """The reactor is an argument; the one late import is the runtime's default."""
        allowed = {"runtime", "tap", "cli"}
        for path in PACKAGE.glob("*.py"):
            if path.stem not in allowed:
                self.assertNotIn("twisted.internet.reactor", imports(path), path)

    def test_sizes(self) -> None:
        """No module is longer than 400 lines."""
        for path in [*PACKAGE.glob("*.py"), *(PACKAGE.parent / "lua").rglob("*.lua")]:
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
            "'twisted.internet.endpoints', 'eplua_twisted.tcp') if m in sys.modules])"
        )
        output = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        self.assertEqual(output.stdout.strip(), "[]")
