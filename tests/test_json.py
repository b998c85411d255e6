"""json: what is written, what is read, and what is refused, on each Lua version."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import ALL_BYTES, LUA_VERSIONS, LuaTestCase, for_each_lua

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-(2**53), 2**53)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    INTEGERS,
    TEXT,
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
    max_leaves=20,
)


class JSONTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(
            """
            function again(text) return json.encode(json.decode(text)) end
            function encode(value) return json.encode(value) end
            function raised(f, ...)
              local good, problem = pcall(f, ...)
              return not good and problem
            end
            """
        )

    def call(self, name: str, *values: Any) -> Any:
        results = self.successResultOf(self.runtime.call(name, *values))
        return results[0] if results else None

    def evaluate(self, expression: str) -> Any:
        self.run_lua(f"function evaluated() return {expression} end")
        return self.call("evaluated")

    def decoded(self, text: str) -> Any:
        self.run_lua("function value(text) return json.decode(text) end")
        return self.call("value", text)

    def problem(self, text: str) -> str:
        """What C{json.decode} raises."""
        self.run_lua(
            "function attempt(text) local _, e = pcall(function() json.decode(text) end) return e end"
        )
        problem = self.call("attempt", text)
        assert isinstance(problem, bytes), problem
        return problem.decode()

    # The shape.

    def test_callable_tables(self) -> None:
        self.assertEqual(
            self.evaluate("type(json.encode) .. type(json.decode) .. json.encode({1})"),
            b"tabletable[1]",
        )

    def test_require(self) -> None:
        self.assertIs(self.evaluate("require('json') == json"), True)

    def test_replaceable(self) -> None:
        """HC3 scripts replace C{json.encode} and C{json.decode}."""
        self.run_lua(
            "json.encode = function() return 'mine' end print(json.encode({}))"
        )
        self.assertEqual(self.lines, [b"mine"])

    # Null.

    def test_null_is_a_true_function_value(self) -> None:
        self.assertEqual(
            self.evaluate(
                "type(json.decode('null')) .. tostring(json.decode('[null]')[1] == json.util.null)"
                " .. tostring(json.null == json.util.null)"
            ),
            b"functiontruetrue",
        )

    def test_null_encodes_back(self) -> None:
        self.assertEqual(
            self.call("again", '{"a":[null,1,null]}'), b'{"a":[null,1,null]}'
        )

    def test_nil(self) -> None:
        self.assertEqual(self.evaluate("json.encode(nil)"), b"null")

    # Arrays and objects.

    def test_empty_table_is_an_object(self) -> None:
        self.assertEqual(self.evaluate("json.encode({})"), b"{}")

    def test_init_array(self) -> None:
        self.assertEqual(
            self.evaluate(
                "json.encode(json.util.InitArray({})) .. json.encode({a = json.util.InitArray({1})})"
            ),
            b'[]{"a":[1]}',
        )

    def test_init_array_returns_its_table(self) -> None:
        self.run_lua(
            "local t = {} print(json.util.InitArray(t) == t, json.util.IsArray(t))"
        )
        self.assertEqual(self.lines, [b"true\ttrue"])

    def test_decoded_arrays_keep_the_mark(self) -> None:
        self.assertEqual(
            self.call("again", '{"a":[],"b":{}}')
            in (
                b'{"a":[],"b":{}}',
                b'{"b":{},"a":[]}',
            ),
            True,
        )

    def test_a_field_n_is_the_length(self) -> None:
        """A field n is the length, when there is an element."""
        self.assertEqual(
            self.evaluate("json.encode({1, nil, 3, n = 4}) .. json.encode({n = 2})"),
            b'[1,null,3,null]{"n":2}',
        )

    def test_other_keys_make_an_object(self) -> None:
        self.assertEqual(
            json.loads(self.evaluate("json.encode({1, 2, a = 3, [true] = 4})")),
            {"1": 1, "2": 2, "a": 3, "true": 4},
        )

    # Numbers.

    def test_integers_stay_integers(self) -> None:
        for text in ("0", "-1", "3", "1000000000000000", "-9007199254740991"):
            self.assertEqual(self.call("again", text), text.encode())

    def test_no_digit_is_lost(self) -> None:
        for number in (0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -2.5, 1e300):
            self.assertEqual(json.loads(self.call("again", repr(number))), number)

    def test_short_numbers_stay_short(self) -> None:
        self.assertEqual(
            self.evaluate("json.encode({0.1, 2.5, 1e100})"), b"[0.1,2.5,1e+100]"
        )

    def test_not_finite(self) -> None:
        self.assertEqual(
            self.evaluate("json.encode({0/0, 1/0, -1/0})"), b"[NaN,Infinity,-Infinity]"
        )
        values = self.decoded("[NaN, Infinity, -Infinity]")
        self.assertTrue(math.isnan(values[0]))
        self.assertEqual(values[1:], [math.inf, -math.inf])

    # Strings.

    def test_escapes_written(self) -> None:
        self.assertEqual(
            self.call("encode", b'"\\/\b\f\n\r\t\v\0\x1f\x7f'),
            rb'"\"\\\/\b\f\n\r\t\u000b\u0000\u001f\u007f"',
        )

    def test_invalid_utf8_passes_through(self) -> None:
        high = bytes(range(128, 256))
        self.assertEqual(self.call("encode", high), b'"' + high + b'"')
        self.run_lua("function value(text) return json.decode(text) end")
        self.assertEqual(self.call("value", b'"' + high + b'"'), high)

    def test_all_bytes(self) -> None:
        self.run_lua("function both(text) return json.decode(json.encode(text)) end")
        self.assertEqual(self.call("both", ALL_BYTES), ALL_BYTES)

    def test_escapes_read(self) -> None:
        self.assertEqual(
            self.decoded(r'"\"\'\\\/\b\f\n\r\t\v\x41\u0041\u00e9\u20AC\ud83d\ude00"'),
            "\"'\\/\b\f\n\r\t\vAA\u00e9\u20ac\U0001f600".encode(),
        )

    def test_lone_surrogate(self) -> None:
        self.assertEqual(self.decoded(r'"\ud83dx"'), b"\xed\xa0\xbdx")

    def test_raw_line_end_in_a_string(self) -> None:
        self.assertEqual(self.decoded('"a\nb"'), b"a\nb")

    # What is read besides JSON.

    def test_trailing_commas(self) -> None:
        self.assertEqual(self.decoded('{"a": [1, 2,],}'), {b"a": [1, 2]})

    def test_single_quotes_and_bare_keys(self) -> None:
        self.assertEqual(
            self.decoded("{a_1: 'it\\'s', $b: '\"'}"), {b"a_1": b"it's", b"$b": b'"'}
        )

    def test_comments(self) -> None:
        self.assertEqual(self.decoded("// one\n[1, /* two **/ 2] // end"), [1, 2])

    def test_spaces_of_unicode(self) -> None:
        self.assertEqual(
            self.decoded("\ufeff[\u00a01,\u2003\u20282\u3000,\u205f\v\f\r\n3\u1680]"),
            [1, 2, 3],
        )

    def test_words(self) -> None:
        self.assertEqual(self.decoded("[true, false]"), [True, False])
        self.assertEqual(self.call("again", "[undefined]"), b"[null]")

    # What is refused.

    def test_refused(self) -> None:
        """An error gives line and column, and what would have been right."""
        for text, problem in (
            ("", "value expected, got end of text at line 1, column 1"),
            ("[1,\n 2 3]", "',' or ']' expected, got \"3\" at line 2, column 4"),
            ('{"a" 1}', "':' expected, got \"1\" at line 1, column 6"),
            ('{"a": 1 "b"}', "',' or '}' expected, got \"\\\"\" at line 1, column 9"),
            ("{1: 2}", "key or '}' expected, got \"1\" at line 1, column 2"),
            ("[1] x", 'end of text expected, got "x" at line 1, column 5'),
            ('"abc', "string without end at line 1, column 1"),
            ('"a\\q"', 'bad escape "\\\\q" at line 1, column 3'),
            ('"\\u12g4"', 'bad escape "\\\\u" at line 1, column 2'),
            ("/* x", "comment without end at line 1, column 1"),
            ("010", "number with a leading zero at line 1, column 1"),
            ("0x10", "malformed number at line 1, column 1"),
            ("1.", "malformed number at line 1, column 1"),
            ("-", "digit expected, got end of text at line 1, column 2"),
            ("nul", 'value expected, got "n" at line 1, column 1'),
            ("[,]", 'value expected, got "," at line 1, column 2'),
        ):
            self.assertEqual(self.problem(text), "test.lua:1: json.decode: " + problem)

    def test_decode_of_something_else(self) -> None:
        self.run_lua("print(pcall(function() json.decode(nil) end))")
        self.assertEqual(
            self.lines,
            [
                b"false\ttest.lua:1: bad argument #1 to 'decode' (text: string expected, got nil)"
            ],
        )

    def test_recursion(self) -> None:
        self.run_lua(
            "local t = {} t.t = {t} print(pcall(function() json.encode(t) end))"
        )
        self.assertEqual(
            self.lines, [b"false\ttest.lua:1: json.encode: a table contains itself"]
        )

    def test_the_same_table_twice(self) -> None:
        self.assertEqual(
            self.evaluate("(function(t) return json.encode({t, t}) end)({1})"),
            b"[[1],[1]]",
        )

    def test_functions_and_keys(self) -> None:
        self.run_lua(
            "print(pcall(function() json.encode({print}) end))"
            "print(pcall(function() json.encode({[{}] = 1}) end))"
        )
        self.assertEqual(
            self.lines,
            [
                b"false\ttest.lua:1: json.encode: a function cannot be encoded",
                b"false\ttest.lua:1: json.encode: a table cannot be a key",
            ],
        )

    def test_depth(self) -> None:
        deep = "[" * 500 + "]" * 500
        self.assertEqual(self.call("again", deep), deep.encode())
        self.assertIn("nested more than 500 levels deep", self.problem("[" * 501))
        self.run_lua(
            "local t = {} for _ = 1, 501 do t = {t} end"
            " print((pcall(function() json.encode(t) end)))"
        )
        self.assertEqual(self.lines, [b"false"])


globals().update(for_each_lua(JSONTests))


class AgreementTests(LuaTestCase):
    """Against another implementation, on all Lua versions at once."""

    def setUp(self) -> None:
        super().setUp()
        self.runtimes = [self.make_runtime(lua=version) for version in LUA_VERSIONS]
        for runtime in self.runtimes:
            self.successResultOf(
                runtime.run_string(
                    """
                    function again(text) return json.encode(json.decode(text)) end
                    function try(text)
                      local good, problem = pcall(function() json.decode(text) end)
                      return good or problem:match('^test.lua:4: json.decode: .* at line (%d+), column %d+$')
                    end
                    """,
                    "@test.lua",
                )
            )

    def results(self, name: str, *values: Any) -> list[Any]:
        return [
            self.successResultOf(runtime.call(name, *values))[0]
            for runtime in self.runtimes
        ]

    @settings(max_examples=100, deadline=None)
    @given(VALUES, st.booleans())
    def test_round_trip(self, value: Any, ascii_only: bool) -> None:
        """What Python writes, and Lua reads and writes, Python reads the same."""
        for result in self.results("again", json.dumps(value, ensure_ascii=ascii_only)):
            self.assertEqual(json.loads(result), value)

    @settings(max_examples=100, deadline=None)
    @given(st.binary())
    def test_any_text(self, text: bytes) -> None:
        """Whatever comes is read, or refused with its place."""
        for result in self.results("try", text):
            self.assertTrue(result is True or result.isdigit(), result)
