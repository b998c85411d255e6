"""The options of C{eplua test}, and which files it finds."""

from __future__ import annotations

from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.console import options_first
from eplua_twisted.tools.test.files import find
from eplua_twisted.tools.test.options import Options


class OptionTests(SynchronousTestCase):
    def test_what_is_asked_for(self) -> None:
        options = Options()
        given = options_first(
            options,
            [
                *("--fault", "split,reset", "--fault=delay,split", "--seed", "7"),
                *("--jobs=3", "--timeout", "500ms", "--lua=5.3", "--hc3", "a_test.lua"),
                *("--real-time", "--match", "door", "--junit", "out.xml"),
            ],
        )
        options.parseOptions(given)
        order = options.order("a_test.lua")
        self.assertEqual(order.faults, ["split", "reset", "delay"])
        self.assertEqual((order.seed, order.timeout, order.match), (7, 0.5, "door"))
        self.assertEqual((order.lua, order.hc3, order.instant), ("5.3", True, False))
        self.assertEqual((options.jobs, options["junit"]), (3, "out.xml"))
        self.assertEqual(options.paths, ("a_test.lua",))

    def test_here_by_default(self) -> None:
        options = Options()
        options.parseOptions([])
        self.assertEqual(options.paths, (".",))

    def test_wrong_ones(self) -> None:
        for given, said in (
            ("--fault=splid", "unknown --fault=splid; known: split, delay, reset"),
            ("--jobs=0", "--jobs: a number from 1 to 64 expected, got '0'"),
            ("--jobs=x", "--jobs: a number from 1 to 64 expected, got 'x'"),
            ("--seed=-1", "--seed: a number from 0"),
            ("--timeout=0", "--timeout: more than 0 expected"),
            ("--timeout=soon", "--timeout: a time such as 90"),
            ("--start=noon", "--start: a moment such as"),
            ("--lua=5.1", "unknown Lua version '5.1'"),
        ):
            problem = self.assertRaises(UsageError, Options().parseOptions, [given])
            self.assertTrue(str(problem).startswith(said), problem)


class FindTests(SynchronousTestCase):
    def test_finds(self) -> None:
        """Below folders in their order, and what is named, each once."""
        root = Path(self.mktemp())
        for name in (
            *("b_test.lua", "a/x_test.lua", "a/.git/y_test.lua", "a/test.lua"),
            *("node_modules/z_test.lua", "named.lua"),
        ):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        (root / "folder_test.lua").mkdir()
        found = find([str(root), str(root / "named.lua"), str(root / "b_test.lua")])
        self.assertEqual(
            [str(Path(each).relative_to(root)) for each in found],
            ["a/x_test.lua", "b_test.lua", "named.lua"],
        )

    def test_what_is_not_there(self) -> None:
        self.assertRaises(FileNotFoundError, find, ["/none/such_test.lua"])
