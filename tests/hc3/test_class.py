"""class and property, luabind's way."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.hc3_scripts import HostTestCase


class ClassTests(HostTestCase):
    def prints(self, code: str, *texts: str) -> None:
        self.assertEqual(self.quickapp(code), list(texts))
        self.assertEqual(self.errors, [])

    def test_init_gets_what_the_class_is_called_with(self) -> None:
        self.prints(
            "class 'A' function A:__init(x, y) self.sum = x + y end print(A(1, 2).sum)",
            "3",
        )

    def test_error_of_level_2_in_a_member_names_the_line_that_used_it(self) -> None:
        self.prints(
            """class 'A' function A:__init() end
            A.x = property(function() error("got", 2) end, function() error("set", 2) end)
            function A.__add() error("added", 2) end
            local a = A()
            print(pcall(function() return a.x, 1 end))
            print(pcall(function() a.x = 1 end))
            print(pcall(function() return a + a, 1 end))""",
            "false test.lua:7: got",
            "false test.lua:8: set",
            "false test.lua:9: added",
        )

    def test_methods_of_bases_are_found(self) -> None:
        self.prints(
            """
            class 'A' function A:__init(x) self.x = x end function A:get() return self.x end
            class 'B'(A) function B:__init(x) A.__init(self, x * 2) end
            class 'C'(B) function C:get() return "c" .. B.get(self) end
            print(B(2):get(), C(3):get())
            """,
            "4 c6",
        )

    def test_super_calls_the_init_of_the_base(self) -> None:
        self.prints(
            """
            class 'A' function A:__init(x) self.x = x end
            class 'B'(A) function B:__init(x) super(x + 1) end
            print(B(1).x, super)
            """,
            "2 nil",
        )

    def test_init_may_be_wrapped_by_assigning_to_the_class(self) -> None:
        self.prints(
            """
            class 'A' function A:__init() self.x = 1 end
            local init = A.__init
            A.__init = function(self) init(self) self.x = self.x + 1 end
            print(A().x)
            """,
            "2",
        )

    def test_class_is_a_singleton_with_fields(self) -> None:
        self.prints(
            """
            class 'Globals'
            function Globals:new() self.count = 5 return self end
            function Globals:more() self.count = self.count + 1 return self.count end
            print(Globals:new():more(), Globals.count, Globals.nothing)
            """,
            "6 6 nil",
        )

    def test_type_of_classes_and_instances_is_userdata(self) -> None:
        self.prints(
            "class 'A' print(type(A), type(A()), type(self), type({}), type(nil))",
            "userdata userdata userdata table nil",
        )

    def test_property_calls_getter_and_setter(self) -> None:
        self.prints(
            """
            class 'A'
            function A:__init() self.raw = 1 end
            A.twice = property(function(self) return self.raw * 2 end,
                               function(self, v) self.raw = v end)
            A.fixed = property(function() return "f" end)
            local a = A() a.twice = 4
            print(a.twice, a.raw, a.fixed, (pcall(function() a.fixed = 1 end)))
            """,
            "8 4 f false",
        )

    def test_metamethods_are_methods(self) -> None:
        self.prints(
            """
            class 'V' function V:__init(x) self.x = x end
            function V:__tostring() return "V" .. self.x end
            function V.__add(a, b) return V((type(a) == "number" and a or a.x) + (type(b) == "number" and b or b.x)) end
            function V.__eq(a, b) return a.x == b.x end
            function V.__lt(a, b) return a.x < b.x end
            function V.__le(a, b) return a.x <= b.x end
            function V:__call(y) return self.x + y end
            function V.__concat(a, b) return tostring(a) .. "|" .. tostring(b) end
            function V:__unm() return V(-self.x) end
            local a, b = V(1), V(2)
            print(tostring(a + b), tostring(5 + a), a == V(1), a ~= b, a < b, b <= a, a(10), a .. "s", -b)
            """,
            "V3 V6 true true true false 11 V1|s V-2",
        )

    def test_operator_without_a_method_raises(self) -> None:
        self.prints(
            "class 'A' print(select(2, pcall(function() return A() + 1 end)))",
            "test.lua:3: No such operator defined",
        )

    def test_instances_print_with_their_class(self) -> None:
        texts = self.quickapp("class 'A' print(A) print(A())")
        self.assertEqual(texts[0], "class A")
        self.assertRegex(texts[1], "^object A: 0x[0-9a-f]+$")

    def test_wrong_base_is_an_error_at_its_line(self) -> None:
        self.prints(
            "print(select(2, pcall(function()\nclass 'B'(nothing) end)))",
            "test.lua:4: bad argument to the class 'B' (base: class expected, got nil)",
        )


globals().update(for_each_lua(ClassTests))
