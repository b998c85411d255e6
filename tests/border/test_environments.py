"""The globals of scripts, however they are reached."""

from __future__ import annotations

from tests.support import LuaTestCase, for_each_lua


class GlobalsTests(LuaTestCase):
    def test_one_table(self) -> None:
        """What a chunk is loaded with, and what its functions change, is C{_G}."""
        self.run_lua("""
            x = 1
            load("x = x + 1")()
            load(function() return nil end)()
            print(x, _G.x, _G._G == _G, package.loaded._G == _G, require("_G") == _G)
            print(load("return x, print", "n", "t", {x = 3})())
        """)
        self.assertEqual(self.lines, [b"2\t2\ttrue\ttrue\ttrue", b"3\tnil"])


globals().update(for_each_lua(GlobalsTests))


class LuaJITTests(LuaTestCase):
    lua = "luajit"

    def test_environments(self) -> None:
        self.run_lua("""
            print(getfenv() == _G, getfenv(0) == _G, getfenv(1) == _G, getfenv(select) == _G)
            local function f() return z end
            print(setfenv(f, {z = 9}) == f, f(), getfenv(f).z)
            local function g() setfenv(1, {z = 8, print = print}) print(z) end
            g()
            print(select(2, pcall(setfenv, 0, {})))
            print(getfenv(print) == _G, pcall(setfenv, print, {}))
        """)
        self.assertEqual(
            self.lines,
            [
                b"true\ttrue\ttrue\ttrue",
                b"true\t9\t9",
                b"8",
                b"'setfenv' cannot change the environment of given object",
                b"true\tfalse\t'setfenv' cannot change the environment of given object",
            ],
        )

    def test_module(self) -> None:
        """C{module} makes a global of the script's."""
        self.run_lua("""
            x = 5
            module("mine", package.seeall)
            function get() return x, net ~= nil end
            print(_G.mine.get())
            print(package.loaded.mine == _G.mine)
        """)
        self.assertEqual(self.lines, [b"5\ttrue", b"true"])
