"""
Where the definitions in C{lua/types} and the code differ.  Each complaint says what to
write where: those who change an option, a method or an event meet it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from eplua_twisted.api import API, Class, Field
from eplua_twisted.border import options as declaring
from eplua_twisted.border.options import Convert, Options
from eplua_twisted.files import types_directory
from eplua_twisted.http_client.options import RequestOptions
from eplua_twisted.http_client.request import MAX_SIZE
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.mqtt.options import ConnectOptions, WillOptions
from eplua_twisted.streams.server import MAX_CONNECTIONS
from eplua_twisted.tcp.options import CONNECT_TIMEOUT, ServerOptions, SocketOptions
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.udp.dtls.options import DTLSOptions
from eplua_twisted.udp.options import UDPOptions
from eplua_twisted.websocket import options as websocket
from tests.support.live_api import Live

KINDS: dict[str, type[Options]] = {
    "net.TLSOptions": TLSOptions,
    "mqtt.TLSOptions": TLSOptions,
    "net.TCPSocketOptions": SocketOptions,
    "net.TCPServerOptions": ServerOptions,
    "net.UDPSocketOptions": DTLSOptions,
    "net.HTTPClientOptions": RequestOptions,
    "net.RequestOptions": RequestOptions,
    "net.HTTPServerOptions": HTTPServerOptions,
    "net.WebSocketClientOptions": websocket.ClientOptions,
    "net.WebSocketServerOptions": websocket.ServerOptions,
    "mqtt.ConnectOptions": ConnectOptions,
    "mqtt.WillOptions": WillOptions,
}
"""The dataclass that has the options of a class of the definitions."""

BASES = {UDPOptions, websocket.ConnectionOptions}
"""Dataclasses of which all options are in those that extend them."""

IN_LUA = {
    "net.UDPSocketOptions": {"maxQueue"},
    "net.HTTPClientOptions": {"cookies"},
    "net.RequestOptions": {"headers", "data", "form", "json"},
    "net.WebSocketClientOptions": {"reconnect"},
    "mqtt.ConnectOptions": {"port", "callback"},
}
"""Options that no dataclass has: Lua itself does what they ask for."""

SENT = {"header", "streamed", "jar"}
"""What Lua sends to Python beside the script's options."""

ELSEWHERE: dict[tuple[str, str], object] = {
    ("net.TCPSocketOptions", "timeout"): CONNECT_TIMEOUT,
    ("net.TCPServerOptions", "timeout"): CONNECT_TIMEOUT,
    ("net.HTTPClientOptions", "maxSize"): MAX_SIZE,
    ("net.RequestOptions", "maxSize"): MAX_SIZE,
    ("net.WebSocketServerOptions", "maxConnections"): MAX_CONNECTIONS,
}
"""The defaults of options whose field is C{None} for "not set"."""


def spell(value: object, convert: Convert) -> str:
    """A default as Lua writes it."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if convert is declaring.milliseconds and isinstance(value, float):
        return f"{value * 1000:.0f}"
    if isinstance(value, bytes):
        return f'"{value.decode()}"'
    return f'"{value}"' if isinstance(value, str) else str(value)


def literal(default: str) -> str:
    """The Lua value that the words about a default begin with."""
    return default.split(" ")[0].rstrip(",;")


def file_of(name: str) -> str:
    """The file that has a class."""
    for path in types_directory().glob("*.lua"):
        if re.search(
            rf"^---@class {re.escape(name)}\b", path.read_text(), re.MULTILINE
        ):
            return f"lua/types/{path.name}"
    return "lua/types/"


def option_line(name: str, convert: Convert, default: object) -> str:
    unit = "ms; " if convert is declaring.milliseconds else ""
    return f"`---@field {name}? TYPE # ({unit}default {spell(default, convert)}) WHAT`"


def dataclass_complaints(api: API) -> Iterator[str]:
    """Options, defaults and units of the dataclasses, and of the definitions."""
    for name, kind in KINDS.items():
        fields, declared = api.fields(name), kind.declared()
        if name == "net.HTTPClientOptions":
            # A request's dataclass has those of its client too, which Lua checks.
            declared = {key: declared[key] for key in fields if key in declared}
        if name == "net.TLSOptions":
            declared.pop("useSNI", None)
        if name == "net.RequestOptions":
            for key in ("maxConnectionsPerHost", "persistent"):
                declared.pop(key, None)
        for key, (convert, default) in declared.items():
            if key in SENT:
                continue
            if key not in fields:
                yield (
                    f"{kind.__name__} has the option {key}, which {name} has not: add"
                    f" {option_line(key, convert, default)} to it in"
                    f" {file_of(name)}"
                )
                continue
            default = ELSEWHERE.get((name, key), default)
            yield from default_complaints(name, fields[key], kind, convert, default)
        for key in fields.keys() - declared.keys() - IN_LUA.get(name, set()):
            yield (
                f"{name} has the option {key}, which no field of {kind.__name__}"
                f" declares: add one, or add it to IN_LUA in {__name__} if Lua itself"
                " does what it asks for; or remove it from lua/types/"
            )


def default_complaints(
    name: str, field: Field, kind: type[Options], convert: Convert, default: object
) -> Iterator[str]:
    wanted = spell(default, convert)
    if literal(field.default) != wanted:
        yield (
            f"{name}.{field.name}: the default is {wanted} in {kind.__name__}, and"
            f" {field.default or 'missing'} in {file_of(name)}: write `default {wanted}`"
            f" there"
        )
    if (convert is declaring.milliseconds) != (field.unit == "ms"):
        yield (
            f"{name}.{field.name}: {kind.__name__} and {file_of(name)} do not agree on"
            " whether it is in ms"
        )


def kind_complaints(kinds: set[type[Options]]) -> Iterator[str]:
    """Dataclasses of options that the definitions do not know."""
    for kind in kinds - set(KINDS.values()) - BASES:
        yield (
            f"{kind.__module__}.{kind.__name__} is new: add `---@class net.{kind.__name__}`"
            f" with its options to a file in lua/types/, and a row to KINDS in {__name__}"
        )


def class_of(api: API, name: str) -> Class | None:
    """The definition of the class that the library calls by a name."""
    for each in api.classes.values():
        names = {each.name, each.name.rpartition(".")[2]}
        if each.parent == "eplua.Object" and names & {name, name.capitalize()}:
            return each
    return None


def parameters_of(names: list[str], method: bool) -> str:
    many = bool(names) and names[-1] == "..."
    return f"{len(names) - many + method}{'+' if many else ''}"


def method_complaints(api: API, live: Live) -> Iterator[str]:
    """Classes and their methods."""
    found = set()
    for name, methods in live.methods.items():
        known = class_of(api, name)
        if known is None:
            yield (
                f"the class {name} is in no file of lua/types/: add `---@class"
                f" net.{name}: eplua.Object`, its methods and options, or add it to"
                " INTERNAL in tests/support/live_api.py if no script gets one"
            )
            continue
        found.add(known.name)
        described = api.methods(known.name)
        for each in methods.keys() - described.keys():
            yield (
                f"{known.name} has the method {each}, which lua/types/ has not: add"
                f" `function {name}:{each}(...) end` with its @param and @return to"
                f" {file_of(known.name)}"
            )
        for each in described.keys() - methods.keys():
            yield (
                f"{known.name}:{each} is in lua/types/, but the class has no such"
                " method: remove it there, or add it to the class"
            )
        for each in described.keys() & methods.keys():
            names = [one.name for one in described[each].parameters]
            if parameters_of(names, method=True) != methods[each]:
                yield (
                    f"{known.name}:{each}({', '.join(names)}) has another number of"
                    f" parameters in the code: {methods[each]} with self"
                )
    for one in api.classes.values():
        if one.parent == "eplua.Object" and one.name not in found:
            yield f"{one.name} is in lua/types/, but the library has no such class"


def function_complaints(api: API, live: Live) -> Iterator[str]:
    """Functions, tables of functions, and constants."""
    for path in live.functions.keys() - api.functions.keys():
        yield (
            f"{path} is in no file of lua/types/: add `function {path}(...) end` with its"
            f" @param and @return"
        )
    for path in api.functions.keys() - live.functions.keys():
        yield f"{path} is in lua/types/, but a script finds no such function"
    for path in api.functions.keys() & live.functions.keys():
        names = [one.name for one in api.functions[path].parameters]
        if parameters_of(names, method=False) != live.functions[path]:
            yield (
                f"{path}({', '.join(names)}) has another number of parameters in the"
                f" code: {live.functions[path]}"
            )
    tables = set(api.variables) | {path.rpartition(".")[0] for path in api.functions}
    for path in live.tables - tables:
        yield f"the table {path} is in no file of lua/types/: add `{path} = {{}}`"
    for path in set(api.variables) - live.tables:
        yield f"{path} is in lua/types/, but a script finds no such table"
    for path in api.constants.keys() | live.constants.keys():
        known = api.constants.get(path)
        described = {each.name: each.value for each in known.values} if known else {}
        given = live.constants.get(path, {})
        for key in described.keys() | given.keys():
            if described.get(key) != given.get(key):
                yield (
                    f"{path}.{key} is {given.get(key)} in the code, and"
                    f" {described.get(key)} in lua/types/"
                )


def name_complaints(
    what: str, name: str, described: set[str], given: set[str], line: str
) -> Iterator[str]:
    """Names that a class of the definitions has, and those that the library knows."""
    for each in sorted(given - described):
        yield (
            f"{name} lacks the {what} {each}, which the code knows: add"
            f" {line.replace('NAME', each)} to {file_of(name)}"
        )
    for each in sorted(described - given):
        yield (
            f"{name} has the {what} {each} in lua/types/, which the code does not know:"
            " remove it there, or add it to the code"
        )


def code_complaints(api: API, given: Mapping[str, str]) -> Iterator[str]:
    """Error codes."""
    described = {each.name for each in api.codes}
    for code in given.keys() - described:
        yield (
            f'{given[code]} gives the code {code!r}: add `---| "{code}" # MESSAGE` to'
            f" eplua.Code in lua/types/eplua.lua"
        )
    for code in described - given.keys():
        yield f"eplua.Code in lua/types/eplua.lua has {code!r}, which nothing gives"
    used = [code for each in api.classes.values() for code in each.codes]
    used += [code for each in api.functions.values() for code in each.codes]
    for each in used:
        if each.name not in described:
            yield f"lua/types/ lists the code {each.name!r}, which is none"
