"""Scripts that mean no good, in processes of their own: each goes on and ends well."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support import for_each_lua
from tests.support.cases import Outcome, run_cases

SCRIPTS = Path(__file__).parent / "hostile"

CLASSES = (
    "TCPSocket",
    "accepted TCPSocket",
    "TCPServer",
    "UDPSocket",
    "bound UDPSocket",
    "DTLS UDPSocket",
    "HTTPClient",
    "HTTPRequest",
    "HTTPServer",
    "running HTTPServer",
    "WebSocketClient",
    "WebSocketServer",
    "running WebSocketServer",
    "mqtt.Client",
    "Timer",
    "task",
    "waiting task",
    "TaskQueue",
)


class ArgumentTests(SynchronousTestCase):
    """
    What no function expects is refused at the script's line, wherever it is given and
    wherever it was made; nothing crashes, and nothing fails in Python.
    """

    lua = "5.4"

    def test_what_is_refused(self) -> None:
        code = (SCRIPTS / "arguments.lua").read_text()
        parts = ["constructors", "functions"] + [
            f"{part} {name}"
            for name in CLASSES
            for part in ("arguments", "selves", "options", "fields", "many")
        ]
        cases = {part: f"(function(...) {code} end)('{part}')" for part in parts}
        found = run_cases(self.lua, cases, timeout=300)
        good = Outcome([], [], None, [], ["alive"], [])
        bad = {
            name: each
            for name, each in map(self.its_own, found.items())
            if each != good
        }
        self.assertEqual(bad, {})

    def its_own(self, item: tuple[str, Outcome]) -> tuple[str, Outcome]:
        """
        Without what the script itself has printed and raised, and without the servers
        that could not start, as nobody asked to be told.
        """
        name, outcome = item
        return name, replace(
            outcome,
            lines=[each for each in outcome.lines if each[:1] != "\t"],
            errors=[
                each
                for each in outcome.errors
                if each.split("\n")[0] != "mine"
                and "; no error callback was given)" not in each
            ],
        )


globals().update(for_each_lua(ArgumentTests))


USED = [
    "timers",
    "task",
    "json",
    "resolve",
    "tcp",
    "udp",
    "http",
    "websocket",
    "mqtt",
    "errors",
    "refusals",
]
"""What C{globals.lua} says when each has worked."""

LIBRARIES = ["string", "table", "math", "coroutine", "debug", "os", "io"]

RAISES = "function() error('hostile', 0) end"


def hostilities() -> dict[str, str]:
    """What a script does to Lua, as the body of a function, by name."""
    found = {}
    for library in LIBRARIES:
        found[f"no {library}"] = f"{library} = nil"
        found[f"{library} emptied"] = (
            f"for name in pairs({library}) do {library}[name] = nil end"
        )
        found[f"{library} raises"] = (
            f"for name in pairs({library}) do {library}[name] = {RAISES} end"
        )
    found["globals raise"] = (
        "local raises, set, globals = {}, rawset, _G"
        " for name in pairs(globals) do raises[#raises + 1] = name end"
        f" for i = 1, #raises do set(globals, raises[i], {RAISES}) end"
    )
    found["all is gone"] = (
        "local each, g = pairs, _G"
        " for name in ('string table math coroutine debug os io'):gmatch('%a+') do"
        " for key in each(g[name]) do g[name][key] = nil end end"
        " for name in each(g) do g[name] = nil end"
    )
    found["strings without methods"] = "getmetatable('').__index = nil"
    found["strings with other methods"] = (
        f"getmetatable('').__index = {RAISES} getmetatable('').__concat = {RAISES}"
    )
    found["files without methods"] = "debug.getmetatable(io.stdout).__index = nil"
    found["numbers, nil and functions with methods"] = (
        f"local meta = {{__index = {RAISES}, __call = {RAISES}, __len = {RAISES}}}"
        " for _, value in pairs({1, true, print, coroutine.create(print)}) do"
        " debug.setmetatable(value, meta) end debug.setmetatable(nil, meta)"
    )
    found["globals with a metatable"] = (
        f"setmetatable(_G, {{__index = {RAISES}, __newindex = {RAISES}}})"
    )
    found["no debug in globals with a metatable"] = (
        f"debug = nil setmetatable(_G, {{__index = {RAISES}}})"
    )
    found["debug with a metatable"] = (
        f"debug = setmetatable({{}}, {{__index = {RAISES}}})"
    )
    found["debug in the globals of the state"] = (
        f"local bad = setmetatable({{}}, {{__index = {RAISES}}})"
        " if getfenv then getfenv(0).debug = bad getfenv(print).debug = bad"
        " getfenv(select).debug = bad pcall(setfenv, 0, {debug = bad}) end"
    )
    found["package"] = (
        "package.loaded, package.preload, package.path, package.searchers = nil, nil, 5, nil"
        " package.loaders = nil"
    )
    found["modules"] = (
        "for name in pairs(package.loaded) do package.loaded[name] = nil end"
    )
    found["the library's own tables"] = (
        "for _, name in ipairs({'net', 'mqtt', 'json', 'task', 'eplua'}) do"
        " local meta = getmetatable(_G[name])"
        " if type(meta) == 'table' then meta.__tostring = print meta.x = 1 end end"
    )
    return found


class GlobalsTests(SynchronousTestCase):
    """
    Whatever a script makes of Lua's own functions, each class works, or raises at the
    script's line; before its first use, and after.
    """

    lua = "5.4"

    def test_each_class_works(self) -> None:
        code = (SCRIPTS / "globals.lua").read_text()
        cases = {
            f"{when} {name}": f"(function(...) {code} end)(function() {body} end, '{when}')"
            for name, body in hostilities().items()
            for when in ("before", "after")
        }
        expected = {"before": sorted(USED), "after": sorted(USED * 2)}
        bad = {}
        for name, outcome in run_cases(self.lua, cases, timeout=300).items():
            ran = expected[name.split()[0]]
            outcome = replace(outcome, ran=sorted(outcome.ran))
            if outcome != Outcome([], [], None, [], ran, []):
                bad[name] = outcome
        self.assertEqual(bad, {})

    def test_one_function_at_a_time(self) -> None:
        """Each alone raises, or gives something else."""
        code = (SCRIPTS / "globals.lua").read_text()
        cases = {
            value: f"(function(...) {code} end)({value}, 'each')"
            for value in (RAISES, "function() return 42 end")
        }
        for name, outcome in run_cases(self.lua, cases, seconds=60).items():
            count = outcome.ran.count("replaced")
            self.assertGreater(count, 80)
            expected = Counter(dict.fromkeys(("replaced", *USED), count))
            self.assertEqual(Counter(outcome.ran), expected, name)
            self.assertEqual(
                replace(outcome, ran=[]), Outcome([], [], None, [], [], [])
            )


globals().update(for_each_lua(GlobalsTests))
