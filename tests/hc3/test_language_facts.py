"""The facts of hc3-net-api.md, sections 6 to 8: timers, json and what is around."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.hc3_facts import FactsTestCase


class TimerFacts(FactsTestCase):
    def test_the_function_comes_first_and_milliseconds_second(self) -> None:
        self.handle(
            "setTimeout(function() print('t') end, 20)"
            " local n, i = 0 i = setInterval(function()"
            " n = n + 1 print(n) if n == 2 then clearInterval(i) end end, 50)"
        )
        self.reactor.pump([0.03, 0.05, 0.05, 0.05])
        self.said("t", "1", "2")

    def test_milliseconds_come_first_in_fibaro_and_hub(self) -> None:
        self.handle(
            """fibaro.setTimeout(10, function() print("fibaro") end)
            hub.setTimeout(20, function() print("hub") end)
            fibaro.clearTimeout(fibaro.setTimeout(5, function() print("never") end))
            hub.clearTimeout(hub.setTimeout(5, function() print("never") end))"""
        )
        self.reactor.pump([0.011, 0.011])
        self.said("fibaro", "hub")

    def test_refs_are_interchangeable(self) -> None:
        self.handle(
            """local function never() print("never") end
            clearTimeout(setInterval(never, 5)) clearInterval(setTimeout(never, 5))
            clearTimeout(fibaro.setTimeout(5, never)) fibaro.clearTimeout(setTimeout(never, 5))
            fibaro.clearInterval(setTimeout(never, 5))"""
        )
        self.reactor.advance(0.1)
        self.said()

    def test_clearing_a_spent_a_cleared_or_no_ref_does_not_raise(self) -> None:
        self.handle("ref = setTimeout(function() end, 1)")
        self.reactor.advance(0.01)
        self.handle("clearTimeout(ref) clearTimeout(ref) clearTimeout(nil) print('on')")
        self.said("on")

    def test_the_longest_delay(self) -> None:
        self.handle(
            "clearTimeout(setTimeout(print, 2 ^ 31 - 1)) setTimeout(print, 2147483647)"
        )
        self.reactor.advance(2147483.6)
        self.said()
        self.reactor.advance(0.1)
        self.said("")

    def test_floats_are_accepted(self) -> None:
        self.handle("setTimeout(print, 0.0125 * 1.2 * 1000)")
        self.reactor.advance(0.016)
        self.said("")

    def test_0_is_after_the_handler_and_never_within(self) -> None:
        self.handle("setTimeout(function() print('later') end, 0) print('first')")
        self.said("first", "later")

    def test_an_error_in_a_timer_stops_nothing_else(self) -> None:
        self.handle(
            "setTimeout(function() nothing() end, 1) setTimeout(function() print('on') end, 2)"
        )
        self.reactor.pump([0.0015, 0.0015])
        self.turn(2)
        self.assertEqual(self.texts[-1], "on")
        self.assertEqual(len(self.errors), 1)


class JSONFacts(FactsTestCase):
    def prints(self, code: str, *texts: str) -> None:
        self.handle(code)
        self.said(*texts)

    def test_encode_and_decode_are_tables_and_json_is_writable(self) -> None:
        self.prints(
            """print(type(json.encode), type(json.decode))
            local encode = json.encode
            json.encode = function(v) return "mine " .. encode(v) end
            print(json.encode(1)) json.encode = encode""",
            "table table",
            "mine 1",
        )

    def test_null_is_a_function_that_is_encoded_back(self) -> None:
        self.prints(
            """local v = json.decode('{"a":null,"b":undefined}')
            print(type(v.a), v.a == json.util.null, json.encode({v.a, v.b}))
            print((json.encode(v):gsub("null", 0):gsub("[^0]", "")))""",
            "function true [null,null]",
            "00",
        )

    def test_an_empty_table_is_an_object_unless_it_is_marked(self) -> None:
        self.prints(
            """print(json.encode({}), json.encode(json.util.InitArray({})))
            print(json.encode(json.decode("[]")), json.encode(json.decode('{"a":[]}')))
            local t = {} print(json.util.InitArray(t) == t)""",
            "{} []",
            '[] {"a":[]}',
            "true",
        )

    def test_arrays(self) -> None:
        self.prints(
            """print(json.encode({1, 2}), json.encode({n = 3, 1, nil, 3}))
            print(json.encode({n = 2}), json.encode({[2] = 1}), (json.encode({1, a = 2}):gsub("[^{]", "")))
            print(json.encode({1, [5] = 5}) ~= "[1]")""",
            "[1,2] [1,null,3]",
            '{"n":2} {"2":1} {',
            "true",
        )

    def test_keys_of_objects(self) -> None:
        self.prints(
            """print(json.encode({a = 1}), json.encode({[7] = 1}), json.encode({[true] = 1}))
            print((pcall(json.encode, {[{}] = 1})))""",
            '{"a":1} {"7":1} {"true":1}',
            "false",
        )

    def test_output_has_no_spaces_and_numbers_as_lua_writes_them(self) -> None:
        self.prints(
            """print(json.encode({a = {1, "x"}}), json.encode({1.5, 1e100}))
            print(json.encode({0/0, 1/0, -1/0}):lower():gsub("-nan", "nan"))""",
            '{"a":[1,"x"]} [1.5,1e+100]',
            "[nan,infinity,-infinity] 0",
        )

    def test_escapes(self) -> None:
        self.prints(
            r"""print(json.encode('"\\/\b\f\n\r\t\1') == '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001"')
            print(json.encode("\195\164\255") == '"\195\164\255"')
            print(json.decode(json.encode("\11")) == "\11")""",
            "true",
            "true",
            "true",
        )

    def test_functions_userdata_and_recursion_raise(self) -> None:
        self.prints(
            """local t = {} t.t = t
            print((pcall(json.encode, print)), (pcall(json.encode, {f = print})), (pcall(json.encode, t)))
            print((pcall(json.encode, quickApp)))""",
            "false false false",
            "false",
        )

    def test_what_decode_accepts_beside_json(self) -> None:
        for text, again in (
            ("[1,2,]", "[1,2]"),
            ("{'a':'b'}", '{"a":"b"}'),
            ("{a:1,}", '{"a":1}'),
            (r"[1,//x\n2/*y*/]", "[1,2]"),
            (r"\239\187\191[1]", "[1]"),
            (r"\194\160[1]", "[1]"),
            (r'"\\x41"', '"A"'),
            ("[Infinity]", "[Infinity]"),
        ):
            self.prints(f"print(json.encode(json.decode([==[{text}]==])))"
                        if "\\" not in text else
                        "print(json.encode(json.decode('" + text + "')))", again)  # fmt: skip
        self.prints("local v = json.decode('[NaN]') print(v[1] ~= v[1])", "true")

    def test_what_decode_refuses(self) -> None:
        for text in ("[0x10]", "[01]", "", "{", "[1 2]"):
            self.prints(
                f"local good, e = pcall(json.decode, '{text}')"
                " print(good, type(e), e:find('line') ~= nil)",
                "false string true",
            )
        self.prints("print((pcall(json.decode, nil)))", "false")

    def test_integers_stay_integers(self) -> None:
        self.prints("print(json.decode('[7]')[1], json.decode('[7.5]')[1])", "7 7.5")

    def test_names_of_other_libraries_are_not_there(self) -> None:
        self.prints("print(json.encodeFormated, json.array)", "nil nil")


class SurroundingFacts(FactsTestCase):
    def test_gsub_takes_a_number(self) -> None:
        self.handle("""print((('{"a":null}'):gsub("null", 0)))""")
        self.said('{"a":0}')

    def test_an_instance_is_userdata(self) -> None:
        self.handle("print(type(quickApp), quickApp.id == plugin.mainDeviceId)")
        self.said("userdata true")

    def test_the_hierarchy_of_types(self) -> None:
        self.handle(
            "print(getHierarchy():isTypeOf('com.fibaro.actor', 'com.fibaro.binarySwitch'))"
        )
        self.said("true")

    def test_a_class_may_be_a_singleton(self) -> None:
        self.handle(
            """class "Config"
            function Config:new(app) self.app = app return self end
            function Config:name() return self.app.id == plugin.mainDeviceId end
            local c = Config:new(quickApp) print(c:name()) QuickApp:error("on the class")"""
        )
        self.said("true", "on the class")


for _case in (TimerFacts, JSONFacts, SurroundingFacts):
    globals().update(for_each_lua(_case))
del _case
