"""
The definitions in C{lua/types} say what the code does: the same classes, methods,
functions, options, defaults, bounds, events and error codes, both ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from eplua_twisted.api import API, Field, Function, read
from eplua_twisted.files import lua_directory
from tests.support import LuaTestCase, parity
from tests.support.live_api import SCRIPT, codes, live, option_classes, standard_globals

TABLES = {
    "net.TLSOptions": "net.TCPSocket({ tls = OPTIONS })",
    "net.ReconnectOptions": "net.WebSocketClient({ reconnect = OPTIONS })",
    "net.RequestOptions": 'net.HTTPClient():request("http://a/", { options = OPTIONS })',
    "net.RequestParams": 'net.HTTPClient():request("http://a/", OPTIONS)',
    "net.WebSocketServerCallbacks": "net.WebSocketServer():start(nil, 0, OPTIONS)",
    "eplua.Callbacks": 'net.TCPSocket():write("", OPTIONS)',
    "mqtt.ConnectOptions": 'mqtt.Client.connect("a", OPTIONS)',
    "mqtt.TLSOptions": 'mqtt.Client.connect("a", { tls = OPTIONS })',
    "mqtt.WillOptions": 'mqtt.Client.connect("a", { lastWill = OPTIONS })',
    "mqtt.PublishOptions": 'mqtt.Client.connect("a"):publish("a", "", OPTIONS)',
    "mqtt.SubscribeOptions": 'mqtt.Client.connect("a"):subscribe("a", OPTIONS)',
    "mqtt.CallbackOptions": 'mqtt.Client.connect("a"):unsubscribe("a", OPTIONS)',
}
"""How a script gives each table of options; C{net.X(options)} needs no row."""

SILENT = {"mqtt.WillOptions"}
"""Tables whose unknown fields mean nothing and are not named."""

MAKERS = {
    "net.WebSocketClient": "net.WebSocketClient()",
    "mqtt.Client": 'mqtt.Client.connect("a")',
}
"""How a script gets an object of a class with events."""

LUA_DEFAULTS = {
    ("net.UDPSocketOptions", "maxQueue"): ("net/inbox.lua", r"MAX_QUEUE = (\d+)"),
    ("net.ReconnectOptions", "minDelay"): (
        "border/reconnect.lua",
        r"minDelay or (\d+)",
    ),
    ("net.ReconnectOptions", "maxDelay"): (
        "border/reconnect.lua",
        r"maxDelay or (\d+)",
    ),
    ("net.ReconnectOptions", "factor"): ("border/reconnect.lua", r"factor or (\d+)"),
}
"""Defaults that are in Lua: the file, and where in it."""


class ParityTests(LuaTestCase):
    def setUp(self) -> None:
        LuaTestCase.setUp(self)
        self.api = read()

    def agree(self, complaints: list[str]) -> None:
        self.assertFalse(complaints, "\n" + "\n".join(complaints))

    def tables(self) -> dict[str, str]:
        """How a script gives each class of options."""
        found = dict(TABLES)
        for path, function in self.api.functions.items():
            if path in self.api.classes and function.parameters:
                found[function.parameters[0].type] = f"{path}(OPTIONS)"
        return found

    def said(self, code: str) -> str:
        """The error that a piece of Lua raises, or else the warnings it brings."""
        self.warnings.clear()
        self.run_lua(f"print(pcall(function() {code} end))")
        good, _, problem = self.lines.pop().decode().partition("\t")
        return problem if good == "false" else "\n".join(self.warnings)

    def known(self, code: str) -> set[str]:
        """The names that the library lists, when it was given an unknown one."""
        found = re.search(r"known: ([\w, ]+)", self.said(code))
        self.assertIsNotNone(found, code)
        return set(found[1].split(", ")) if found else set()

    def test_classes_and_functions(self) -> None:
        self.run_lua(SCRIPT.read_text(), standard_globals())
        found = live(self.lines)
        self.agree(
            [
                *parity.method_complaints(self.api, found),
                *parity.function_complaints(self.api, found),
            ]
        )

    def test_options(self) -> None:
        """The names that each table of options has."""
        complaints: list[str] = []
        for name, code in self.tables().items():
            if name not in SILENT:
                given = self.known(code.replace("OPTIONS", '{ ["?"] = print }'))
                described = set(self.api.fields(name))
                line = "`---@field NAME? TYPE # (UNIT; default DEFAULT) WHAT`"
                complaints += parity.name_complaints(
                    "option", name, described, given, line
                )
        self.agree(complaints)

    def test_every_table_is_compared(self) -> None:
        for name in self.api.classes:
            if name.endswith("Options"):
                self.assertIn(name, self.tables(), "add a row to TABLES")

    def test_defaults(self) -> None:
        """Those of the dataclasses, with the units."""
        self.agree(
            [
                *parity.dataclass_complaints(self.api),
                *parity.kind_complaints(option_classes()),
            ]
        )

    def test_defaults_in_lua(self) -> None:
        for (name, key), (path, pattern) in LUA_DEFAULTS.items():
            (value,) = re.findall(pattern, (lua_directory() / path).read_text())
            self.assertEqual(self.api.fields(name)[key].default, value, (name, key))

    def test_every_option_has_a_default(self) -> None:
        for name in self.tables():
            for field in self.api.fields(name).values():
                if name.endswith("Options"):
                    self.assertTrue(
                        field.default, f"{name}.{field.name}: add (default X)"
                    )

    def test_bounds(self) -> None:
        """What is just inside of a bound is taken, what is just outside raises."""
        tables = self.tables()
        bounded = [
            (name, field)
            for name in tables
            for field in self.api.fields(name).values()
            if field.bound
        ]
        for name, each in bounded:
            inside, outside = edges(each)
            for value in inside:
                code = given(name, each.name, value, tables)
                self.assertEqual(self.said(code), "", (name, each.name, value))
            for value in outside:
                said = self.said(given(name, each.name, value, tables))
                self.assertIn(each.name, said, (name, each.name, value))

    def test_wrong_kinds(self) -> None:
        """Each option of another kind raises, and the error names it."""
        tables = self.tables()
        for name in tables:
            # Those of its parent are its parent's row.
            for field in self.api.classes[name].fields:
                key = field.name
                if field.type == "any":
                    continue
                wrong = "5" if field.unit == "function" else "print"
                if "function" in field.type or field.type.startswith("fun("):
                    wrong = "5"
                said = self.said(given(name, key, wrong, tables))
                self.assertRegex(said, rf"\b{key}\b.*expected, got", (name, key))

    def test_events(self) -> None:
        complaints: list[str] = []
        for each in self.api.classes.values():
            if "addEventListener" in self.api.methods(each.name):
                self.assertIn(each.name, MAKERS, "add a row to MAKERS")
                code = f'{MAKERS[each.name]}:addEventListener("?", print)'
                line = (
                    f'`---@overload fun(self: {each.name}, name: "NAME", f: fun(...)) #'
                    " WHEN` in front of addEventListener"
                )
                described = {event.name for event in each.events}
                complaints += parity.name_complaints(
                    "event", each.name, described, self.known(code), line
                )
        self.agree(complaints)

    def test_codes(self) -> None:
        self.agree(list(parity.code_complaints(self.api, codes())))


def given(name: str, key: str, value: str, tables: dict[str, str]) -> str:
    """Lua that gives one option a value."""
    needed = 'topic = "a", ' if name == "mqtt.WillOptions" and key != "topic" else ""
    return tables[name].replace("OPTIONS", f"{{ {needed}{key} = {value} }}")


def edges(field: Field) -> tuple[list[str], list[str]]:
    """Values just inside and just outside of a bound, as Lua."""
    numbers = [int(each) for each in re.findall(r"\d+", field.bound)]
    low = None if field.bound.startswith("at most") else numbers[0]
    high = None if field.bound.startswith("at least") else numbers[-1]
    inside = [each for each in (low, high) if each is not None]
    outside = [low - 1] if low is not None else []
    outside += [high + 1] if high is not None else []
    if field.unit == "bytes" and "string" in field.type:
        return [string(each) for each in inside], [string(each) for each in outside]
    if field.unit == "array":
        return [array(each) for each in inside], [array(each) for each in outside]
    return [str(each) for each in inside], [str(each) for each in outside]


def string(length: int) -> str:
    return f'string.rep("x", {length})'


def array(length: int) -> str:
    return "{" + ", ".join(f'"x{number}"' for number in range(length)) + "}"


class MutationTests(LuaTestCase):
    """A definition is changed, and must be complained about."""

    def setUp(self) -> None:
        LuaTestCase.setUp(self)
        self.run_lua(SCRIPT.read_text(), standard_globals())
        self.live = live(self.lines)

    def changed(self, name: str, change: Callable[[API], None]) -> list[str]:
        """@return: what is said of the definitions after a change"""
        api = read()
        change(api)
        found = [
            *parity.method_complaints(api, self.live),
            *parity.function_complaints(api, self.live),
            *parity.dataclass_complaints(api),
            *parity.code_complaints(api, codes()),
        ]
        for each in found:
            self.assertIn(name, each)
        return found

    def test_method(self) -> None:
        """One that is renamed is missing, and is one too many."""

        def rename(api: API) -> None:
            owner = api.classes["net.TCPServer"]
            methods = tuple(
                replace(each, path="port_number") if each.name == "port" else each
                for each in owner.methods
            )
            api.classes["net.TCPServer"] = replace(owner, methods=methods)

        self.assertEqual(len(self.changed("net.TCPServer", rename)), 2)

    def test_parameter(self) -> None:
        def add(api: API) -> None:
            api.functions["net.onError"] = Function("net.onError")

        self.assertEqual(len(self.changed("net.onError", add)), 1)

    def test_default(self) -> None:
        def change(api: API) -> None:
            owner = api.classes["mqtt.ConnectOptions"]
            fields = tuple(
                replace(each, default="999") if each.name == "maxQueue" else each
                for each in owner.fields
            )
            api.classes["mqtt.ConnectOptions"] = replace(owner, fields=fields)

        (said,) = self.changed("mqtt.ConnectOptions.maxQueue", change)
        self.assertIn("`default 1000`", said)

    def test_option(self) -> None:
        def remove(api: API) -> None:
            owner = api.classes["net.HTTPServerOptions"]
            fields = tuple(each for each in owner.fields if each.name != "timeout")
            api.classes["net.HTTPServerOptions"] = replace(owner, fields=fields)

        (said,) = self.changed("net.HTTPServerOptions", remove)
        self.assertIn("`---@field timeout? TYPE # (ms; default 60000) WHAT`", said)

    def test_code(self) -> None:
        (said,) = parity.code_complaints(read(), {**codes(), "tired": "errors.py"})
        self.assertIn('`---| "tired" # MESSAGE`', said)

    def test_event(self) -> None:
        said = list(
            parity.name_complaints("event", "X", {"a", "b"}, {"a", "c"}, "NAME")
        )
        self.assertEqual(len(said), 2)
        self.assertIn("add c to", said[0])

    def test_class(self) -> None:
        self.live.methods["Radio"] = {}
        (said,) = parity.method_complaints(read(), self.live)
        self.assertIn("`---@class net.Radio: eplua.Object`", said)

    def test_dataclass(self) -> None:
        kind = type("RadioOptions", (), {"__module__": "eplua_twisted.radio"})
        (said,) = parity.kind_complaints({kind})
        self.assertIn("KINDS", said)
