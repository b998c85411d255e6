"""What tests of scripts expect, and what is said when it is otherwise."""

from __future__ import annotations

import re

from eplua_twisted.files import types_directory
from eplua_twisted.testing import Outcome, Testing
from tests.support import LuaTestCase, for_each_lua

PRELUDE = 'local test = require("eplua.test") local expect = test.expect\n'


class TestingTestCase(LuaTestCase):
    """One test of a script, in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.outcomes: list[Outcome] = []

    def run_test(self, body: str, before: str = "") -> Outcome:
        """Run the body of a test; C{before} is in the main chunk."""
        testing = Testing(0, self.outcomes.append)
        self.runtime = self.make_runtime(testing=testing)
        self.run_lua(f"{PRELUDE}{before}\ntest('it', function()\n{body}\nend)")
        testing.begin()
        for _ in range(20):
            self.reactor.advance(0.01)
        self.assertEqual(len(self.outcomes), 1)
        return self.outcomes.pop()

    def assertMet(self, *lines: str) -> None:
        self.assertEqual(self.run_test("\n".join(lines)), Outcome("ok"))

    def assertNotMet(self, line: str, *message: str) -> None:
        """It fails at its own line, and says so."""
        outcome = self.run_test(line)
        self.assertEqual(outcome.state, "failed")
        self.assertEqual(outcome.message, "test.lua:4: " + "\n".join(message))


class ExpectTests(TestingTestCase):
    def test_what_is_met(self) -> None:
        self.assertMet(
            "expect(1):equal(1.0)",
            "expect({1, {a = 'x'}}):equal({1, {a = 'x'}})",
            "expect(0/0):equal(0/0)",
            "expect(json.null):equal(json.null)",
            "local t = {} t.t = t local u = {} u.t = u expect(t):equal(u)",
            "expect(t):is(t)",
            "expect(t).never:is(u)",
            "expect({a = 1, b = {c = 2, d = 3}}):has({b = {c = 2}})",
            "expect('a-b'):matches('^%a%-')",
            "expect('100%'):contains('0%')",
            "expect({{1}, {2}}):contains({2})",
            "expect(0.1 + 0.2):near(0.3)",
            "expect(10):near(11, 1)",
            "expect(0):truthy()",
            "expect(false):falsy()",
            "expect('x'):isA('string')",
            "expect(3):isA('integer')",
            "expect(-1/0).never:isA('integer')",
            "expect(net.TCPSocket()):isA('TCPSocket')",
            "expect(function() error('oh (no)') end):raises('oh (no)')",
            "expect(function() error() end):raises()",
            "expect(function() end).never:raises()",
            "expect(nil, 'Host not found', 'dns'):fails('dns')",
            "expect(nil, 'Host not found', 'dns'):fails()",
            "expect(true).never:fails()",
        )

    def test_each_says_both_values(self) -> None:
        for line, message in (
            ("expect(3):equal(4)", "expected 3 to equal 4"),
            ("expect(3).never:equal(3)", "expected 3 not to equal 3"),
            ("expect(nil):equal(false)", "expected nil to equal false"),
            ("expect({}):is(1)", "expected {} to be the same as 1"),
            ("expect('a\\n'):matches('b')", 'expected "a\\n" to match "b"'),
            ("expect({1}):contains(2)", "expected {1} to contain 2"),
            ("expect():truthy()", "expected nothing to be true, or anything but nil"),
            ("expect(0):falsy()", "expected 0 to be nil or false"),
            ("expect(1):fails('eof')", 'expected 1 to fail with the code "eof"'),
        ):
            self.assertNotMet(line, message)

    def test_more_is_said_where_it_helps(self) -> None:
        self.assertNotMet(
            "expect(1):near(2)",
            "expected 1 to be within 1e-09 of 2",
            "  it is off by 1",
        )
        self.assertNotMet(
            "expect(1):isA('table')", "expected 1 to be a table", "  it is a number"
        )
        self.assertNotMet(
            "expect('hello'):equal('help')",
            'expected "hello" to equal "help"',
            "  they differ at byte 4",
        )
        self.assertNotMet(
            "expect({a = {1, 2}, b = 3, x = 1}):equal({a = {1, 3}, b = 3, y = 'z'})",
            'expected {a = {1, 2}, b = 3, x = 1} to equal {a = {1, 3}, b = 3, y = "z"}',
            "  at .a[2]: 2, expected 3",
            '  at .y: nil, expected "z"',
            "  at .x: 1, expected nil",
        )

    def test_large_values_have_lines_of_their_own(self) -> None:
        outcome = self.run_test(
            "local a, b = {}, {} for i = 1, 40 do a[i], b[i] = i * 1000, i * 1000 end\n"
            "b[40] = 1 expect(a):equal(b)"
        )
        lines = outcome.message.split("\n")
        self.assertEqual(
            lines[0], "test.lua:5: expected what it got to equal what was expected"
        )
        self.assertEqual(lines[1], "  got       {")
        self.assertIn("  expected  {", lines)
        self.assertEqual(lines[-1], "  at [40]: 40000, expected 1")

    def test_only_so_many_differences_are_said(self) -> None:
        outcome = self.run_test(
            "local a, b = {}, {} for i = 1, 20 do a[i], b[i] = i, -i end expect(a):equal(b)"
        )
        lines = outcome.message.split("\n")
        self.assertEqual(sum(line.startswith("  at [") for line in lines), 8)
        self.assertEqual(lines[-1], "  and 12 more")

    def test_values_that_cannot_be_told(self) -> None:
        """Objects, what is in itself, what raises when it is told, and control bytes."""
        outcome = self.run_test(
            "local t = {name = '\\0\\27'} t.t = t\n"
            "t.o = setmetatable({}, {__tostring = function() error('no') end})\n"
            "expect(t):equal(1)"
        )
        self.assertEqual(
            outcome.message,
            'test.lua:6: expected {name = "\\x00\\x1b", o = table, t = <a table above>}'
            " to equal 1",
        )

    def test_wrong_calls_raise_at_their_line(self) -> None:
        for line, message in (
            ("expect(1).equal(1)", "call it with a colon: expect(value):equal(...)"),
            (
                "expect(1):eqal(1)",
                "expect(value) has no 'eqal'; known: contains, equal",
            ),
            ("expect(1):matches(2)", "bad argument #1 to 'matches' (string expected"),
            ("expect('x'):matches('[')", "bad argument #1 to 'matches' (malformed"),
            ("expect(1):raises()", "a function expected, got 1"),
            ("expect(1):has(2)", "bad argument #1 to 'has' (table expected, got 2)"),
            ("test('x')", "bad argument #2 to 'test' (test: function expected"),
            ("test('x', function() end)", "a test cannot be declared within a test"),
            ("test('x', {skp = 1}, print)", 'unknown option "skp"; known: skip'),
            ("test.fail('so')", "so"),
            ("test.tcp({expect = 'x'})", '(step "expect": {expect = TEXT}, '),
            ("test.tcp({{send = 'x'}, {}})", "(step 2: {expect = TEXT}, {send = TEXT}"),
            ("test.tcp({{snd = 'x', close = true}})", "got {close = true, snd = "),
            (
                "test.tcp({{expect = 5, close = true}})",
                "got {close = true, expect = 5}",
            ),
            ("test.websocket({{}})", "(message: string expected, got 1)"),
            ("test.websocket({a = {}})", "(answer: string expected, got table)"),
            ("test.tcp({{close = false}})", "got {close = false})"),
        ):
            outcome = self.run_test(line)
            self.assertEqual(outcome.state, "failed", line)
            self.assertTrue(
                outcome.message.startswith("test.lua:4: "), (line, outcome.message)
            )
            self.assertIn(message, outcome.message)

    def test_definitions_of_editors_have_all(self) -> None:
        said = self.run_test("expect(1):none()").message.partition("known: ")[2]
        text = (types_directory() / "testing" / "test.lua").read_text()
        methods = re.findall(r"^function Expectation:(\w+)", text, re.MULTILINE)
        self.assertEqual(said.split(", "), sorted([*methods, "never"]))

    def test_who_asked_is_said_where_it_is_not_the_test(self) -> None:
        outcome = self.run_test(
            "check(1)", "local function check(x)\n  expect(x):equal(2)\nend"
        )
        self.assertEqual(outcome.message, "test.lua:3: expected 1 to equal 2")
        self.assertIn("\ttest.lua:6: in ", outcome.traceback)
        outcome = self.run_test("expect(1):equal(2)")
        self.assertEqual(outcome.traceback, outcome.message)

    def test_a_caught_failure_is_one(self) -> None:
        self.assertEqual(
            self.run_test("pcall(function() expect(1):equal(2) end)").message,
            "test.lua:4: expected 1 to equal 2",
        )


class RunningTests(TestingTestCase):
    def test_hooks(self) -> None:
        """C{before} in order, C{after} the last one first; all wait, whatever fails."""
        outcome = self.run_test(
            "print('test') test.after(function() print('own') end) error('oh')",
            "test.before(function() task.sleep(5) print('first') end)"
            "test.before(function() print('second') end)"
            "test.after(function() task.sleep(5) print('last') end)"
            "test.after(function() print('after') error('too') end)",
        )
        self.assertEqual(
            self.lines, [b"first", b"second", b"test", b"own", b"after", b"last"]
        )
        self.assertEqual(outcome.message, "test.lua:4: oh")
        self.assertIn("stack traceback:", outcome.traceback)

    def test_a_test_whose_before_fails_does_not_run(self) -> None:
        outcome = self.run_test(
            "print('test')", "test.before(function() error('broken') end)"
        )
        self.assertEqual(
            (outcome.state, outcome.message), ("failed", "test.lua:2: broken")
        )
        self.assertEqual(self.lines, [])

    def test_skip(self) -> None:
        """In a test that runs; what comes after it does not."""
        self.assertEqual(
            self.run_test("test.skip('no broker') print('no')"),
            Outcome("skipped", "no broker"),
        )
        self.assertEqual(self.lines, [])
        outcome = self.run_test(
            "setTimeout(function() test.skip() end, 0) task.sleep(9)"
        )
        self.assertEqual(outcome.state, "ok")
        self.assertIn("only a test that runs is skipped so", self.errors[-1])

    def test_declared(self) -> None:
        """All are known by name and line; one that is skipped says why."""
        testing = Testing(None, self.outcomes.append)
        self.runtime = self.make_runtime(testing=testing)
        self.run_lua(
            PRELUDE + "test('a', print)\ntest('b', {skip = 'old'}, print)\n"
            "test('c', {skip = true}, print) test('d', {skip = false}, print)"
        )
        self.assertEqual(
            [(each.name, each.place, each.skip) for each in testing.declared],
            [
                ("a", "test.lua:2", None),
                ("b", "test.lua:3", "old"),
                ("c", "test.lua:4", ""),
                ("d", "test.lua:4", None),
            ],
        )

    def test_what_is_left_open_is_named(self) -> None:
        outcome = self.run_test(
            "local server = net.TCPServer() server:start('127.0.0.1', 0, print)"
            " setInterval(print, 60000) setTimeout(print, 60000)",
            "setTimeout(print, 60000)",
        )
        self.assertEqual(outcome.state, "ok")
        self.assertEqual(len(outcome.left), 2)
        self.assertRegex(outcome.left[0], r"^TCPServer 127\.0\.0\.1:\d+$")
        self.assertEqual(outcome.left[1], "2 timers")

    def test_not_all_of_much_that_is_left_open(self) -> None:
        outcome = self.run_test(
            "for i = 1, 300 do net.TCPServer():start('127.0.0.1', 0, print) end"
        )
        self.assertEqual(len(outcome.left), 21)
        self.assertEqual(outcome.left[-1], "280 more")

    def test_gives_up_where_it_waits(self) -> None:
        testing = Testing(0, self.outcomes.append)
        self.runtime = self.make_runtime(testing=testing)
        self.run_lua(PRELUDE + "test('it', function()\n\ntask.queue():get() end)")
        testing.begin()
        self.turn()
        testing.give_up("too late")
        self.assertEqual(self.outcomes[0].message, "test.lua:4: too late")

    def test_only_where_there_are_tests(self) -> None:
        self.assertRaisedAtLine(
            "require('eplua.test')", "module 'eplua.test' not found"
        )


globals().update(for_each_lua(ExpectTests))
globals().update(for_each_lua(RunningTests))
