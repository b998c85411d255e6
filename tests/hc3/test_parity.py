"""
The definitions in C{lua/types/hc3*.lua} say what a script of Home Center 3 finds: the same
classes, methods, functions, tables and parameters, both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import lupa.lua53

from eplua_twisted.api import API, Function, read
from eplua_twisted.files import lua_directory
from tests.support.hc3_scripts import HostTestCase

COLLECT = """
local function is_class(value) return type(value) == "userdata" end
local function offer(path, value)
  if type(value) == "function" then
    print("function " .. path)
  elseif type(value) == "table" and path ~= "_G" then
    print("table " .. path)
    for name, each in pairs(value) do
      if type(name) == "string" and each ~= json.null then offer(path .. "." .. name, each) end
    end
  elseif is_class(value) and not path:find(".", 1, true) then
    print("table " .. path)
    for name, each in pairs(value) do
      if type(each) == "function" then print("method " .. path .. ":" .. name) end
    end
  else
    print("value " .. path)
  end
end
for name, value in pairs(_G) do offer(name, value) end
for name in pairs(self) do print("field " .. name) end
"""
"""Prints what there is, without C{debug}, which a script of HC3 has not."""

UNDESCRIBED = {"QuickApp:onInit", "QuickAppBase:__callbackOf"}
"""A method of this test's script, and one that is not for scripts."""

LATER = {"quickApp", "sceneId", "sourceTrigger", "super"}
"""
Set when C{onInit} has returned, in scenes, or within C{__init} of a class with a base: another
test has them.
"""

OF_SELF = ("Device", "QuickAppBase", "QuickApp")
"""Classes whose fields a QuickApp has."""

OWNERS = {
    "Base": "QuickAppBase:",
    "globals.Device": "Device:",
    "QuickApp": "QuickApp:",
    "QuickAppChild": "QuickAppChild:",
    "Subscriber": "RefreshStateSubscriber:",
    "api": "api.",
    "bit32": "bit32.",
    "fibaro": "fibaro.",
    "globals": "",
    "globals.string": "string.",
    "logger": "logger.",
    "plugin": "plugin.",
}
"""What the files of lua/hc3 call the tables and classes that scripts see."""


def of_lua() -> set[str]:
    """The functions and tables that Lua 5.3 has itself."""
    runtime = lupa.lua53.LuaRuntime(register_eval=False)
    names = runtime.eval(
        """(function() local names = {}
        for name, value in pairs(_G) do
          names[name] = true
          if type(value) == "table" and name ~= "package" then
            for each in pairs(value) do names[name .. "." .. each] = true end
          end
        end
        return names end)()"""
    )
    return set(names.keys())


def methods(api: API, classes: set[str]) -> dict[str, Function]:
    """Methods of their own of these classes, by C{Class:name}."""
    return {
        f"{name}:{each.name}": each
        for name in classes
        for each in api.classes[name].methods
    }


def declared() -> Iterator[tuple[str, list[str]]]:
    """What the files of lua/hc3 declare, as scripts see it, and its parameters."""
    owners = "|".join(map(re.escape, sorted(OWNERS, key=len, reverse=True)))
    pattern = rf"^function ({owners})[.:](\w+)\(([^)]*)\)"
    for path in (lua_directory() / "hc3").glob("*.lua"):
        for owner, name, given in re.findall(pattern, path.read_text(), re.MULTILINE):
            yield OWNERS[owner] + name, re.findall(r"[\w.]+", given)


def complaints(api: API, lines: list[str]) -> Iterator[str]:
    """@param lines: what C{COLLECT} has printed"""
    kinds: dict[str, set[str]] = {}
    for line in lines:
        kind, _, name = line.partition(" ")
        kinds.setdefault(kind, set()).add(name)
    plain = read()
    new = {
        name: each
        for name, each in api.functions.items()
        if name not in plain.functions
    }
    classes = {name for name in api.classes if name not in plain.classes}
    described = methods(api, classes)

    # What other tests compare: net and the like; json and task can be called, or have
    # another name here.
    known = set(api.functions) | of_lua() | {"json", "json.decode", "json.encode"}
    known |= {path.replace("task.", "eplua.task.") for path in plain.functions}
    known |= {path.replace("fibaro.", "hub.") for path in api.functions}
    for path in kinds["function"] - known:
        yield (
            f"{path} is in no lua/types/hc3*.lua: add `function {path}(...) end` with its"
            " @param and @return"
        )
    for path in new.keys() - kinds["function"] - LATER:
        yield f"{path} is in lua/types/hc3*.lua, but a script finds no such function"
    for path in kinds["method"] - described.keys() - UNDESCRIBED:
        yield (
            f"the method {path} is in no lua/types/hc3*.lua: add `function {path}(...) end`"
            " with its @param and @return to its class"
        )
    for path in described.keys() - kinds["method"]:
        yield f"{path} is in lua/types/hc3*.lua, but the class has no such method"

    tables = {*api.variables, *api.constants, *of_lua()}
    tables |= {path.rpartition(".")[0] for path in known}
    values = kinds["table"] | kinds["value"]
    for path in {each for each in values if "." not in each} - tables:
        yield (
            f"{path} is in no lua/types/hc3*.lua: add `---@class {path}` and `{path} = {{}}`"
        )
    for path in api.variables.keys() - plain.variables.keys() - values - LATER:
        yield f"{path} is in lua/types/hc3*.lua, but a script finds no such table"

    fields = {one.name: one for name in OF_SELF for one in api.classes[name].fields}
    for name in kinds["field"] - fields.keys():
        yield (
            f"objects have the field {name}, which is in no lua/types/hc3*.lua: add"
            f" `---@field {name} TYPE # WHAT` to `@class QuickApp`"
        )
    for name in fields.keys() - kinds["field"]:
        if not fields[name].optional:
            yield f"the field {name} is in lua/types/hc3*.lua, but no object has it"
    named = {f"plugin.{each.name}" for each in api.classes["plugin"].fields}
    for path in named ^ {each for each in values if each.startswith("plugin.")}:
        yield f"{path}: `@class plugin` in lua/types/hc3_fibaro.lua and the code differ"

    for path, given in declared():
        function = new.get(path) or described.get(path)
        if function is None:
            continue
        names = [each.name for each in function.parameters]
        if names != given:
            yield (
                f"{path} has the parameters ({', '.join(given)}) in lua/hc3/, and"
                f" ({', '.join(names)}) in lua/types/hc3*.lua"
            )


class ParityTests(HostTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api = read(hc3=True)

    def said(self) -> list[str]:
        return list(complaints(self.api, self.quickapp(COLLECT)))

    def test_what_a_script_finds_is_described(self) -> None:
        said = self.said()
        self.assertFalse(said, "\n" + "\n".join(said))

    def test_what_comes_later(self) -> None:
        """The object of the QuickApp, and what scenes and constructors have."""
        said = self.quickapp(
            """
            setTimeout(function() print(type(quickApp)) end, 0)
            class "Base"
            function Base:__init() print(type(super)) end
            class "Lamp" (Base)
            function Lamp:__init() print(type(super)) super() end
            Lamp()
            """
        )
        self.turn()
        self.assertEqual(said + self.texts, ["function", "nil", "userdata"])
        self.runtime = self.make_runtime()
        self.run_script("--%%type=scene\nprint(type(sceneId), type(sourceTrigger))")
        self.assertEqual(self.texts, ["number table"])

    def test_a_function_too_many_or_too_few_is_said(self) -> None:
        self.api.functions["fibaro.fly"] = self.api.functions.pop("fibaro.getIds")
        too_many, *lacking = sorted(self.said())
        self.assertIn("fibaro.fly is in lua/types/hc3*.lua, but", too_many)
        # It is found as fibaro's and as hub's.
        self.assertEqual(len(lacking), 2)
        self.assertIn("add `function fibaro.getIds(...) end`", lacking[0])

    def test_a_method_too_many_or_too_few_is_said(self) -> None:
        owner = self.api.classes["QuickApp"]
        kept = tuple(each for each in owner.methods if each.name != "initChildDevices")
        fly = Function("fly")
        self.api.classes["QuickApp"] = replace(owner, methods=(*kept, fly))
        first, second = sorted(self.said())
        self.assertIn("QuickApp:fly is in lua/types/hc3*.lua, but", first)
        self.assertIn("add `function QuickApp:initChildDevices(...) end`", second)

    def test_other_parameters_are_said(self) -> None:
        call = self.api.functions["fibaro.call"]
        self.api.functions["fibaro.call"] = replace(
            call, parameters=call.parameters[:1]
        )
        (said,) = self.said()
        self.assertIn("(id, action, ...) in lua/hc3/, and (id) in", said)
