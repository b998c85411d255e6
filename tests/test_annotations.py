"""Editors understand the annotations in C{lua/types}."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.files import types_directory
from tests.support.annotations import AnnotationError, complaints, read

PATHS = sorted(types_directory().rglob("*.lua"))


class AnnotationTests(SynchronousTestCase):
    def test_definitions(self) -> None:
        """Each annotation has a form of LuaLS, and each type is declared."""
        self.assertTrue(PATHS)
        found = list(complaints(PATHS))
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_forms(self) -> None:
        for tag, text, names in (
            ("class", "a.B: c.D", {"c.D"}),
            ("field", "x? number # (ms; default 5) words", {"number"}),
            ("field", "f fun(a: X, b?: Y[], ...: Z): A, B # words", set("XYZAB")),
            ("param", "x (string|table<K, V>)[]?", {"string", "table", "K", "V"}),
            ("param", '... "a"|"b"|5', set()),
            ("return", "X? name, Y, Z ... # words", set("XYZ")),
            ("overload", 'fun(self: X, name: "a", f: fun()) # words', {"X"}),
        ):
            self.assertEqual(read(tag, text), names, text)

    def test_what_is_no_annotation_is_found(self) -> None:
        for tag, text in (
            ("clas", "A"),
            ("class", "A B"),
            ("class", ""),
            ("field", "x?"),
            ("field", "5 number"),
            ("param", "x number,"),
            ("param", "x number words"),
            ("param", "x fun(a: number"),
            ("param", "x table<string"),
            ("param", "x string|"),
            ("param", "x string]"),
            ("return", "string a b"),
            ("overload", "string"),
        ):
            with self.assertRaises(AnnotationError, msg=f"@{tag} {text}"):
                read(tag, text)

    def test_unknown_types_and_forms_are_found(self) -> None:
        path = Path(self.mktemp())
        path.write_text('---@param x Y\n--- @class A\n---| word\n---| "word" # text\n')
        self.assertEqual(
            [each.rpartition(f"{path.name}:")[2] for each in complaints([path])],
            [
                "1: no class, alias or enum is called Y",
                "2: an annotation begins with ---@: --- @class A",
                "3: ---| word",
            ],
        )
