"""What a value looks like on each side."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.values import (
    scalar,
    seconds,
    to_bytes,
    to_lua,
    to_readable,
    to_text,
)
from eplua_twisted.errors import ConversionError
from tests.support import ALL_BYTES, LuaTestCase

SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.binary()
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.binary(), inner),
    max_leaves=20,
)


class ScalarTests(SynchronousTestCase):
    def test_undecodable_text_goes_back_to_the_same_bytes(self) -> None:
        """Text that came from undecodable bytes goes back to the same bytes."""
        self.assertEqual(to_bytes(to_text(ALL_BYTES)), ALL_BYTES)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """No text fails: an error report could not afford it."""
        self.assertIsInstance(to_bytes(text), bytes)
        self.assertIsInstance(to_bytes(text + "\ud800"), bytes)

    def test_readable(self) -> None:
        self.assertEqual(to_readable(b"\xffa"), "\\xffa")

    def test_integers(self) -> None:
        """Integers beyond 64 bits are refused, not rounded."""
        for fits in (2**63 - 1, -(2**63)):
            self.assertEqual(scalar(fits), fits)
        for large in (2**63, -(2**63) - 1):
            self.assertRaises(ConversionError, scalar, large)

    def test_each_kind_of_scalar_crosses(self) -> None:
        self.assertEqual(scalar(bytearray(b"x")), b"x")
        self.assertEqual(scalar("ä"), b"\xc3\xa4")
        self.assertRaises(ConversionError, scalar, object())
        self.assertRaises(ConversionError, scalar, [])

    def test_seconds(self) -> None:
        self.assertEqual((seconds(1500), seconds(-1)), (1.5, 0.0))


class ConversionTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua("function same(...) return ... end")

    def same(self, *values: Any) -> tuple[Any, ...]:
        return self.successResultOf(self.runtime.call("same", *values))

    @given(DATA)
    def test_there_and_back(self, value: Any) -> None:
        """Data goes over and comes back as it was."""
        self.assertEqual(self.same(value), (value,))

    def test_nil_in_between(self) -> None:
        self.assertEqual(self.same(None, 1, None), (None, 1, None))

    def test_each_kind_of_table_crosses(self) -> None:
        """A tuple is a table; an empty table is a dict; an array is a list."""
        self.assertEqual(
            self.same((1, 2), [], {1: "a", 2: "b"}), ([1, 2], {}, [b"a", b"b"])
        )
        self.assertEqual(self.same({1: "a", 3: "b"}), ({1: b"a", 3: b"b"},))

    def test_what_cannot_cross(self) -> None:
        """A clear error says what it was."""
        for code, what in (
            ("return print", "a Lua function cannot cross"),
            ("return {coroutine.create(function() end)}", "cannot cross to Python"),
            ("local t = {} t[1] = t return t", "nested more than 100 levels"),
        ):
            self.run_lua(f"function f() {code} end")
            failure = self.failureResultOf(self.runtime.call("f"), ConversionError)
            self.assertIn(what, str(failure.value))
        for value, what in (
            (object(), "a object has no Lua form"),
            ({None: 1}, "None cannot be the key"),
            ({float("nan"): 1}, "nan cannot be the key"),
            ([[2**64]], "integer beyond 64 bits"),
        ):
            failure = self.failureResultOf(
                self.runtime.call("same", value), ConversionError
            )
            self.assertIn(what, str(failure.value))

    def test_cycle(self) -> None:
        cycle: list[Any] = []
        cycle.append(cycle)
        self.assertRaises(ConversionError, to_lua, cycle, dict)
