"""The layers of docs/architecture.md, and that a wrong import is always reported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import eplua_twisted
from tests.support import layers

PACKAGE = Path(eplua_twisted.__file__).parent

BELOW = {"errors", "border", "transports", "streams", "tls"}
"""What a protocol stands on."""

PROTOCOLS = ("tcp", "udp", "http_client", "http_server", "websocket", "mqtt")

TOOLS = {*BELOW, "api", "commands", "console", "files", "foreground", "hc3"}
TOOLS |= {
    "limit_options",
    "lua_files",
    "lua_versions",
    "manual",
    "permission_options",
    "runtime",
}
TOOLS |= {"main_loop", "service", "signals", "tap", "terminal", "views"}
TOOLS |= {"clocks", "testing", "time_options", "runtime_options", "job"}
TOOLS |= {"attach", "entering", "lua_files", "sites"}
"""What the commands beside a script stand on."""

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "border": {"errors"},
    "transports": {"errors", "border"},
    "streams": {"errors", "border", "transports"},
    "http_engine": {"errors"},
    "tls": {"errors", "border", "transports", "streams"},
    **dict.fromkeys(PROTOCOLS, BELOW),
    "http_client": {*BELOW, "http_engine"},
    "http_server": {*BELOW, "http_engine"},
    "websocket": {*BELOW, "http_engine"},
    "site": {*BELOW, "http_engine", "http_server", "websocket"},
    "hc3": {
        *(*BELOW, "http_engine", "http_client", "http_server", "websocket", "site"),
        "lua_files",
    },
    "resolve": {"errors", "border", "streams"},
    "timers": {"errors", "border"},
    "lifecycle": {"errors", "border"},
    "clocks": {"border"},
    "time_options": {"border", "clocks"},
    "testing": {"border", "transports"},
    "runtime": {
        *BELOW,
        *PROTOCOLS,
        "hc3",
        "testing",
        "runtime_options",
        "resolve",
        "timers",
        "lifecycle",
        "clocks",
        "lua_files",
        "lua_versions",
    },
    "lua_files": {"errors", "border", "files"},
    "runtime_options": {"border", "hc3", "testing", "transports"},
    "service": {"errors", "border", "runtime", "runtime_options"},
    "job": {"errors", "runtime"},
    "site_options": {"site"},
    "metrics": {"errors", "border", "http_engine", "http_server", "runtime", "site"},
    "inspector": {
        *("errors", "border", "http_engine", "http_server", "websocket"),
        *("runtime", "site"),
    },
    "attach": {"border", "entering", "errors", "runtime"},
    "sites": {
        "attach",
        *("errors", "border", "inspector", "metrics", "runtime", "site"),
        "site_options",
    },
    "lua_versions": set(),
    "signals": set(),
    "main_loop": set(),
    "ending": set(),
    "supervisor": set(),
    "process": {"border", "ending", "signals", "supervisor"},
    "worker_options": set(),
    "workers": {"border", "ending", "errors", "process", "service"},
    "worker": {"border", "errors", "runtime", "runtime_options", "workers"},
    "files": set(),
    "api": {"files"},
    "limit_options": {"border"},
    "permission_options": {"border"},
    "programs": {
        *("errors", "border", "clocks", "hc3", "runtime", "runtime_options", "site"),
    },
    "tap": {
        *(
            "border",
            "transports",
            "hc3",
            "runtime",
            "service",
            "signals",
            "programs",
            "job",
            "lua_versions",
        ),
        "runtime_options",
        *("limit_options", "permission_options", "time_options"),
        *("ending", "errors", "lua_files", "site_options", "sites", "process"),
        *("terminal", "worker", "worker_options", "workers"),
    },
    "terminal": set(),
    "views": {"errors", "border", "hc3", "main_loop", "runtime", "signals", "site"},
    "console": {"terminal"},
    "foreground": {
        *("border", "commands", "console", "errors", "hc3", "main_loop", "signals"),
        *("sites", "tap", "terminal"),
    },
    "entering": {"errors", "border", "runtime"},
    "tools": TOOLS,
    "manual": set(),
    "commands": {"console", "manual"},
    "cli": {"commands", "console", "foreground", "signals", "tools"},
    "__init__": {"errors", "border", "runtime", "service"},
}
"""Which package, or module beside the packages, may import which; itself it may."""

MAY_LOAD = {
    "lupa": {"border", "lua_versions", "runtime"},
    "twisted.internet.reactor": {"runtime", "tap", "foreground", "tools"},
    **{name: {"runtime", "commands", "lua_versions"} for name in layers.MADE},
}
"""Who may import lupa and the global reactor, and import by names made at run time."""

SIZE = 400
"""The most lines that a module of Python or Lua has."""


def sources() -> dict[str, str]:
    """The texts of the package by their dotted names without C{eplua_twisted}."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text()
        for path in PACKAGE.rglob("*.py")
    }


def complaints(tree: layers.Sources) -> Iterator[str]:
    """All that is wrong with a tree."""
    yield from layers.wrong_arrows(tree, MAY_IMPORT)
    yield from layers.module_circles(tree)
    yield from layers.package_circles(tree)
    for library, allowed in MAY_LOAD.items():
        yield from layers.imports_of(tree, library, allowed)


class LayerTests(SynchronousTestCase):
    def test_arrows_point_down(self) -> None:
        """No import but those of the table, no circle, no name made at run time."""
        self.assertEqual(list(complaints(sources())), [])

    def test_table_has_no_circle(self) -> None:
        self.assertEqual(list(layers.circles(MAY_IMPORT)), [])

    def test_protocols_stand_beside_each_other(self) -> None:
        """The table lets none import another, nor the runtime."""
        for name in PROTOCOLS:
            self.assertEqual(MAY_IMPORT[name] - BELOW - {"http_engine"}, set())

    def test_sizes(self) -> None:
        for path in [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "lua").rglob("*.lua")]:
            lines = path.read_text().count("\n")
            self.assertTrue(lines <= SIZE, f"{path.name}: {lines}")

    def test_heavy_libraries_are_late(self) -> None:
        """Starting a runtime imports no protocol library."""
        code = (
            "import sys; from eplua_twisted import Runtime; from twisted.internet import reactor;"
            " Runtime(reactor).run_string('setTimeout(print, 1)');"
            " Runtime(reactor, hc3=True);"
            " print([m for m in ('treq', 'autobahn', 'paho', 'twisted.web', "
            "'twisted.internet.endpoints', 'eplua_twisted.tcp.server') if m in sys.modules])"
        )
        output = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        self.assertEqual(output.stdout.strip(), "[]")

    def test_the_command_loads_hc3_when_asked(self) -> None:
        """It took a tenth of the start of a script that has nothing to do with HC3."""
        code = (
            "import sys, eplua_twisted.cli; print([m for m in ('eplua_twisted.programs',"
            " 'eplua_twisted.hc3.opening', 'eplua_twisted.hc3.controller')"
            " if m in sys.modules])"
        )
        output = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        self.assertEqual(output.stdout.strip(), "[]")


class MutationTests(SynchronousTestCase):
    """A line is added to a module of the real tree, and must be complained about."""

    def added(self, module: str, line: str) -> set[str]:
        """@return: the complaints that a line at the end of a module brings"""
        tree = sources()
        before = set(complaints(tree))
        tree[module] += f"\n{line}\n"
        return set(complaints(tree)) - before

    def reports(self, module: str, line: str, *expected: str) -> None:
        found = self.added(module, line)
        self.assertEqual(set(expected) - found, set(), found)

    def test_nothing(self) -> None:
        """What is allowed is not complained about."""
        self.assertEqual(
            self.added("tcp.socket", "from eplua_twisted.border import values"), set()
        )
        self.assertEqual(
            self.added("tcp.socket", '"""See eplua_twisted.mqtt."""'), set()
        )

    def test_upward(self) -> None:
        self.reports(
            "border.values",
            "from eplua_twisted.tls.options import TLSOptions",
            "border.values imports tls.options",
        )

    def test_upward_relative(self) -> None:
        self.reports(
            "border.values",
            "from ..tls import options",
            "border.values imports tls.options",
        )

    def test_under_type_checking(self) -> None:
        self.reports(
            "tcp.options",
            "if TYPE_CHECKING:\n    from eplua_twisted.runtime import Runtime",
            "tcp.options imports runtime",
        )

    def test_in_a_function(self) -> None:
        self.reports(
            "udp.port",
            "def f():\n    import eplua_twisted.service",
            "udp.port imports service",
        )

    def test_the_package_itself(self) -> None:
        self.reports(
            "tcp.socket", "import eplua_twisted", "tcp.socket imports __init__"
        )

    def test_by_string(self) -> None:
        for line in (
            "import_module('eplua_twisted.runtime')",
            "sys.modules['eplua_twisted.runtime']",
            "NAMES = {'x': ('eplua_twisted.runtime', 'Runtime')}",
            "load('eplua_twisted.runtime:Runtime')",
        ):
            self.reports("tcp.socket", line, "tcp.socket imports runtime")

    def test_by_string_in_pieces(self) -> None:
        """What comes after the root is not known, so the root is what is imported."""
        self.reports(
            "tcp.socket", "load(f'eplua_twisted.{name}')", "tcp.socket imports __init__"
        )

    def test_protocol_to_protocol(self) -> None:
        self.reports(
            "http_client.body",
            "from eplua_twisted.http_server import server",
            "http_client.body imports http_server.server",
        )
        self.reports(
            "mqtt.stream",
            "if TYPE_CHECKING:\n    from eplua_twisted.websocket.client import X",
            "mqtt.stream imports websocket.client",
        )

    def test_lupa(self) -> None:
        for line, name in (
            ("import lupa", "lupa"),
            ("from lupa.lua54 import LuaRuntime", "lupa.lua54.LuaRuntime"),
            ("load('lupa.lua54')", "lupa.lua54"),
            ("load(f'lupa.{version}')", "lupa."),
        ):
            self.reports("tcp.socket", line, f"tcp.socket imports {name}")

    def test_names_made_at_run_time(self) -> None:
        for line, name in (
            ("from importlib import import_module", "import_module"),
            ("from importlib import import_module as load", "import_module"),
            ("import importlib as i; i.import_module(name)", "import_module"),
            ("from twisted.python import reflect; reflect.namedAny(x)", "namedAny"),
            ("__import__(name)", "__import__"),
            ("exec(text)", "exec"),
        ):
            self.reports("tcp.socket", line, f"tcp.socket imports {name}")

    def test_global_reactor(self) -> None:
        self.reports(
            "mqtt.stream",
            "def f():\n    from twisted.internet import reactor",
            "mqtt.stream imports twisted.internet.reactor",
        )

    def test_circle_of_modules(self) -> None:
        """Within a package, which the table allows."""
        tree = {
            "tcp.__init__": "from eplua_twisted.tcp import a",
            "tcp.a": "from eplua_twisted.tcp.b import B",
            "tcp.b": "if TYPE_CHECKING:\n    from eplua_twisted.tcp.c import C",
            "tcp.c": "def f():\n    from . import a",
        }
        self.assertEqual(list(complaints(tree)), ["tcp.a <-> tcp.b <-> tcp.c"])

    def test_circle_with_the_package(self) -> None:
        tree = {
            "tcp.__init__": "from eplua_twisted.tcp.a import A",
            "tcp.a": "from eplua_twisted.tcp import VALUE",
        }
        self.assertEqual(list(complaints(tree)), ["tcp.__init__ <-> tcp.a"])

    def test_circle_of_packages(self) -> None:
        """Though no two modules are in one."""
        tree = {
            "streams.a": "",
            "streams.b": "from eplua_twisted.tls import d",
            "tls.c": "from eplua_twisted.streams import a",
            "tls.d": "",
        }
        self.assertEqual(
            list(complaints(tree)),
            ["streams.b imports tls.d", "streams <-> tls"],
        )

    def test_unknown_package(self) -> None:
        """A new one belongs into the table."""
        self.assertEqual(
            list(complaints({"helpers.a": ""})),
            ["helpers.a: helpers is not in the table"],
        )
