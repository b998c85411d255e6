"""os.exit: nothing of the script runs after it."""

from __future__ import annotations

from typing import Any

from eplua_twisted import Runtime, RuntimeStopped
from tests.support import LuaTestCase, for_each_lua


class ExitTests(LuaTestCase):
    def setUp(self) -> None:
        self.codes: list[int] = []
        super().setUp()

    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(on_exit=self.codes.append, **options)

    def exits(self, code: str) -> None:
        """Run code that exits: nothing is printed after it, whatever tries."""
        result = self.runtime.run_string(code, "@test.lua")
        result.addErrback(lambda failure: failure.trap(RuntimeStopped))
        self.reactor.pump([0.001, 0, 0])
        self.assertEqual(self.errors, [])

    def test_codes(self) -> None:
        for code, number in (("", 0), ("true", 0), ("false", 1), ("3", 3), ("'4'", 4)):
            self.runtime = self.make_runtime()
            self.exits(f"os.exit({code}) print('after')")
            self.assertEqual((self.codes[-1], self.lines), (number, []))

    def test_bad_code(self) -> None:
        self.run_lua("print(pcall(os.exit, 'x'))")
        self.assertIn(b"#1 to 'exit'", self.lines[0])

    def test_pcall(self) -> None:
        """Not even through pcall, nested, or in a loop."""
        self.exits(
            """
            print("before")
            while true do
              pcall(function() pcall(os.exit, 7) print("in pcall") end)
              print("after")
            end
            """
        )
        self.assertEqual((self.codes, self.lines), ([7], [b"before"]))

    def test_xpcall(self) -> None:
        self.exits("xpcall(os.exit, function() print('handler') end, 7) print('after')")
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_coroutine(self) -> None:
        """Not in the coroutine, nor in those that resumed it."""
        self.exits(
            """
            local inner = coroutine.create(function() pcall(os.exit, 7) print("inner") end)
            local outer = coroutine.wrap(function() coroutine.resume(inner) print("outer") end)
            pcall(outer)
            print("main")
            """
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_task(self) -> None:
        self.exits(
            "task.start(function() pcall(os.exit, 7) print('task') end) print('main')"
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_timer(self) -> None:
        """Not in other callbacks that are due at the same time."""
        self.exits("setTimeout(os.exit, 1, 7) setTimeout(print, 1, 'after')")
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_sorting(self) -> None:
        """Through a C function on the stack."""
        self.exits(
            "pcall(table.sort, {1, 2, 3}, function() os.exit(7) end) print('after')"
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_call_learns_of_it(self) -> None:
        self.run_lua("function f() os.exit(7) end")
        call = self.runtime.call("f")
        self.turn(2)
        self.failureResultOf(call, RuntimeStopped)


globals().update(for_each_lua(ExitTests))
