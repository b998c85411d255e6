"""The names that Lua has on HC3, on each Lua version."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.hc3_scripts import HostTestCase


class NamesTests(HostTestCase):
    def test_lua_5_3_with_older_names(self) -> None:
        texts = self.quickapp(
            """
            print(_VERSION, unpack({1, 2, 3}))
            print(math.pow(2, 10) == 1024, math.log10(1000) == 3, math.atan2(1, 1) == math.pi / 4)
            print(math.cosh(0) == 1, math.sinh(0) == 0, math.tanh(1000) == 1, math.ldexp(1, 4) == 16)
            print(math.frexp(8) == 0.5, select(2, math.frexp(8)) == 4, table.maxn({1, [5] = 1}))
            print(loadstring("return 7")(), table.unpack({1}), table.pack(1, nil, 3).n)
            """
        )
        self.assertEqual(
            texts,
            [
                "Lua 5.3 1 2 3",
                "true true true",
                "true true true true",
                "true true 5",
                "7 1 3",
            ],
        )

    def test_bit32(self) -> None:
        texts = self.quickapp(
            """
            print(bit32.band(0xFF, 0x0F), bit32.bor(1, 2), bit32.bxor(5, 1), bit32.bnot(0))
            print(bit32.lshift(1, 31), bit32.rshift(0x80000000, 31), bit32.arshift(0x80000000, 31))
            print(bit32.lshift(1, 32), bit32.band(-1), bit32.lrotate(0x80000001, 1), bit32.rrotate(1, 1))
            print(bit32.extract(0xABCD, 4, 8), bit32.replace(0, 15, 4, 4), bit32.btest(6, 2))
            """
        )
        self.assertEqual(
            texts,
            [
                "15 3 4 4294967295",
                "2147483648 1 4294967295",
                "0 4294967295 3 2147483648",
                "188 240 true",
            ],
        )

    def test_utf8(self) -> None:
        texts = self.quickapp(
            r"""
            local s = "a\195\164\226\130\172"
            print(utf8.len(s), utf8.char(97, 228, 8364) == s, utf8.codepoint(s, 2), (utf8.offset(s, 3)))
            local t = {} for at, code in utf8.codes(s) do t[#t + 1] = at .. ":" .. code end
            print(table.concat(t, " "))
            """
        )
        self.assertEqual(texts, ["3 true 228 4", "1:97 2:228 4:8364"])

    def test_names_that_hc3_has_not_are_nil(self) -> None:
        texts = self.quickapp(
            """
            print(debug, io, arg, loadfile, dofile, require, package)
            print(os.execute, os.remove, os.getenv, os.tmpname, type(os.time), type(os.exit))
            """
        )
        self.assertEqual(
            texts, ["nil nil nil nil nil nil nil", "nil nil nil nil function function"]
        )

    def test_undefined_globals_are_nil(self) -> None:
        self.assertEqual(self.quickapp("print(hc3_emulator, dbg == nil)"), ["nil true"])

    def test_string_split_and_starts_also_as_methods(self) -> None:
        texts = self.quickapp(
            """
            print(table.concat(string.split("a,b,,c", ","), "|"), #("x y z"):split())
            print(string.starts("hello", "he"), ("hello"):starts("lo"))
            """
        )
        self.assertEqual(texts, ["a|b|c 3", "true false"])

    def test_urlencode(self) -> None:
        self.assertEqual(
            self.quickapp("print(urlencode('a b&c=\\195\\164~.-_'))"),
            ["a%20b%26c%3D%C3%A4~.-_"],
        )

    def test_assert_type_raises_at_the_line_of_the_script(self) -> None:
        texts = self.quickapp(
            "__assert_type(1, 'number')\n"
            "print(select(2, pcall(function() __assert_type('x', 'number') end)))"
        )
        self.assertEqual(
            texts,
            [
                "test.lua:4: Wrong parameter type, number required."
                " Provided param 'x' is type of string"
            ],
        )

    def test_the_main_coroutine_is_as_on_the_box(self) -> None:
        texts = self.quickapp(
            """
            print(select(2, coroutine.running()), coroutine.isyieldable())
            print(pcall(coroutine.yield))
            """
        )
        self.assertEqual(
            texts, ["true false", "false attempt to yield from outside a coroutine"]
        )


globals().update(for_each_lua(NamesTests))
