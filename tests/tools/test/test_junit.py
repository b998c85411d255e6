"""The JUnit XML of C{eplua test}, read by a parser and held against the schema."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tools.test.junit import document
from eplua_twisted.tools.test.messages import Broken, Result
from eplua_twisted.tools.test.processes import FileReport

SCHEMA: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": (set(), set(), ["testsuite"]),
    "testsuite": (
        {
            *("name", "package", "id", "timestamp", "hostname"),
            *("tests", "failures", "errors", "time"),
        },
        {"skipped"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "properties": (set(), set(), []),
    "testcase": (
        {"name", "classname", "time"},
        set(),
        ["skipped", "error", "failure"],
    ),
    "skipped": (set(), {"message"}, []),
    "error": ({"type"}, {"message"}, []),
    "failure": ({"type"}, {"message"}, []),
    "system-out": (set(), set(), []),
    "system-err": (set(), set(), []),
}
"""
What the JUnit.xsd of Windy Road and Jenkins' junit-10.xsd both allow: the attributes that an
element must have, those that it may have, and its children in their order.
"""


class JUnitTests(SynchronousTestCase):
    def read(self, *reports: FileReport) -> ElementTree.Element:
        when = datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC)
        root = ElementTree.fromstring(document(reports, when))
        for element in root.iter():
            self.check(element)
        return root

    def check(self, element: ElementTree.Element) -> None:
        required, allowed, children = SCHEMA[element.tag]
        names = set(element.attrib)
        self.assertTrue(required <= names <= required | allowed, (element.tag, names))
        places = [children.index(child.tag) for child in element]
        self.assertEqual(places, sorted(places), element.tag)

    def test_each_verdict(self) -> None:
        place = "a_test.lua:1"
        root = self.read(
            FileReport(
                "rooms/a_test.lua",
                [
                    Result(0, "good", place, None, "ok", 0.25, output=["said"]),
                    Result(1, "bad", place, None, "failed", 0.5, "m\nmore", "m\nmore"),
                    Result(2, "no", place, None, "skipped", message="no broker"),
                    Result(3, "weak", place, "reset", "fragile", message="reset"),
                    Result(4, "idle", place, "reset", "not run", left=["a timer"]),
                ],
            )
        )
        (suite,) = root
        self.assertEqual(
            [suite.get(name) for name in ("tests", "failures", "errors", "skipped")],
            ["5", "1", "0", "3"],
        )
        self.assertEqual(suite.get("timestamp"), "2026-11-26T01:02:03")
        self.assertEqual(suite.get("time"), "0.750")
        cases = {case.get("name"): case for case in suite.iter("testcase")}
        self.assertEqual(
            list(cases), ["good", "bad", "no", "weak [reset]", "idle [reset]"]
        )
        self.assertEqual(cases["good"].get("classname"), "rooms.a_test")
        failure = cases["bad"].find("failure")
        assert failure is not None
        self.assertEqual((failure.get("message"), failure.text), ("m", "m\nmore"))
        skipped = [each.get("message") for each in suite.iter("skipped")]
        self.assertEqual(skipped, ["skipped: no broker", "fragile: reset", "not run"])
        self.assertEqual(
            suite.findtext("system-out"),
            "good:\nsaid\nidle [reset]:\nleft open: a timer",
        )

    def test_a_file_that_cannot_be_run_is_an_error(self) -> None:
        root = self.read(FileReport("a_test.lua", [], Broken("no", "no\n\ttrace")))
        self.assertEqual(root[0].get("errors"), "1")
        self.assertEqual(root[0].get("tests"), "1")
        self.assertEqual(root.findtext("testsuite/testcase/error"), "no\n\ttrace")

    def test_what_XML_cannot_have_is_shown(self) -> None:
        name = 'all: \0\x1b\ud800\uffff <&>" \N{GREEK SMALL LETTER ALPHA}'
        root = self.read(FileReport("x_test.lua", [Result(0, name, "", None, "ok")]))
        self.assertEqual(
            root[0][1].get("name"),
            'all: \\x00\\x1b\\xd800\\xffff <&>" \N{GREEK SMALL LETTER ALPHA}',
        )
