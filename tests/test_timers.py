"""Timers: order, drift, bounds and what may be passed."""

from __future__ import annotations

from typing import Any

from eplua_twisted import Limits, Runtime
from tests.support import LuaTestCase, for_each_lua


class TimerTests(LuaTestCase):
    def test_a_timeout_of_0_runs_after_the_handler(self) -> None:
        """A timeout of 0 runs after the current handler, never inside the call."""
        self.run_lua("setTimeout(print, 0, 'timer') print('chunk')")
        self.assertEqual(self.lines, [b"chunk"])
        self.turn()
        self.assertEqual(self.lines, [b"chunk", b"timer"])

    def test_order(self) -> None:
        """Equal times run in the order in which they were set."""
        self.run_lua("for i = 1, 200 do setTimeout(print, 5, i) end")
        self.reactor.advance(0.005)
        self.assertEqual(self.lines, [b"%d" % i for i in range(1, 201)])

    def test_earlier_one_set_later(self) -> None:
        self.run_lua("setTimeout(print, 20, 'b') setTimeout(print, 10, 'a')")
        self.reactor.pump([0.010, 0.010])
        self.assertEqual(self.lines, [b"a", b"b"])

    def test_arguments(self) -> None:
        """Arguments after the delay are the function's, nil included."""
        self.run_lua(
            "setTimeout(function(...) print(select('#', ...), ...) end, 1, nil, 2, nil)"
        )
        self.reactor.advance(0.001)
        self.assertEqual(self.lines, [b"3\tnil\t2\tnil"])

    def test_interval_does_not_drift(self) -> None:
        """Ticks are counted from the start, and late ones are skipped."""
        self.run_lua("setInterval(function() print('tick') end, 100)")
        self.reactor.advance(0.130)
        self.assertEqual(len(self.lines), 1)
        self.reactor.advance(0.069)
        self.assertEqual(len(self.lines), 1)
        self.reactor.advance(0.002)
        self.assertEqual(len(self.lines), 2)
        self.reactor.advance(0.555)
        self.assertEqual(len(self.lines), 3)
        self.reactor.advance(0.043)
        self.assertEqual(len(self.lines), 3)
        self.reactor.advance(0.002)
        self.assertEqual(len(self.lines), 4)

    def test_interval_survives_an_error(self) -> None:
        self.run_lua(
            "local n = 0 setInterval(function() n = n + 1 error('tick ' .. n) end, 10)"
        )
        self.reactor.pump([0.011] * 3)
        self.assertEqual(
            [text.splitlines()[0] for text in self.errors],
            ["test.lua:1: tick 1", "test.lua:1: tick 2", "test.lua:1: tick 3"],
        )

    def test_interval_of_zero_lets_the_reactor_turn(self) -> None:
        self.run_lua("setInterval(function() print('tick') end, 0)")
        self.turn(5)
        self.assertEqual(len(self.lines), 5)

    def test_interval_cleared_in_its_own_tick(self) -> None:
        self.run_lua(
            "local i i = setInterval(function() print('tick') clearInterval(i) end, 1)"
        )
        self.reactor.pump([0.001] * 5)
        self.assertEqual(self.lines, [b"tick"])

    def test_clear(self) -> None:
        """Either function clears either kind."""
        self.run_lua(
            "clearInterval(setTimeout(print, 1, 'a')) clearTimeout(setInterval(print, 1, 'b'))"
        )
        self.reactor.advance(1)
        self.assertEqual(self.lines, [])

    def test_clear_one_that_is_due_together(self) -> None:
        self.run_lua(
            "local b setTimeout(function() clearTimeout(b) end, 1) b = setTimeout(print, 1, 'b')"
        )
        self.reactor.advance(1)
        self.assertEqual(self.lines, [])

    def test_clear_what_is_no_timer(self) -> None:
        """nil, spent and foreign references do nothing."""
        self.run_lua(
            """
            local spent = setTimeout(function() end, 0)
            setTimeout(function()
              clearTimeout(spent) clearTimeout(nil) clearTimeout() clearTimeout(7)
              clearTimeout('x') clearTimeout({}) clearInterval(io.stdout)
              print('fine')
            end, 1)
            """
        )
        self.reactor.pump([0.001, 0.001])
        self.assertEqual(self.lines, [b"fine"])

    def test_many_cleared_timers_leave_no_heap(self) -> None:
        self.run_lua(
            "for i = 1, 10000 do clearTimeout(setTimeout(print, 1000000)) end print('done')"
        )
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_delays(self) -> None:
        """Floats and numeric strings are accepted, a negative time is none."""
        self.run_lua(
            "setTimeout(print, 1.5, 'float') setTimeout(print, '2', 'string') setTimeout(print, -5, 'negative')"
            " setTimeout(print, nil, 'nil')"
        )
        self.turn()
        self.assertEqual(self.lines, [b"negative", b"nil"])
        self.reactor.advance(0.0016)
        self.assertEqual(self.lines[2:], [b"float"])
        self.reactor.advance(0.0005)
        self.assertEqual(self.lines[3:], [b"string"])

    def test_bad_arguments(self) -> None:
        """They raise at the script's own line."""
        self.run_lua(
            "for _, a in ipairs({{nil, 1}, {'x', 1}, {print, 0/0}, {print, 1/0}, {print, 'soon'}, {print, {}}}) do\n"
            "  print(pcall(function() setTimeout(a[1], a[2]) end))\n"
            "end"
        )
        self.assertEqual(len(self.lines), 6)
        for line in self.lines:
            self.assertTrue(line.startswith(b"false\ttest.lua:2: bad argument #"), line)
        self.assertIn(
            b"#1 to 'setTimeout' (function: function expected, got nil)", self.lines[0]
        )
        self.assertIn(
            b'(milliseconds: a finite number expected, got "soon")', self.lines[4]
        )

    def test_error_is_logged_and_the_rest_goes_on(self) -> None:
        self.run_lua(
            "setTimeout(function() local x = nil + 1 end, 1) setTimeout(print, 1, 'on')"
        )
        self.reactor.advance(0.001)
        self.assertEqual(self.lines, [b"on"])
        self.assertEqual(len(self.errors), 1)
        self.assertIn("test.lua:1:", self.errors[0])
        self.assertIn("stack traceback:", self.errors[0])

    def test_reference(self) -> None:
        self.run_lua("local t = setTimeout(print, 1) print(t) clearTimeout(t) print(t)")
        self.assertEqual(self.lines, [b"Timer: set", b"Timer: over"])

    def test_a_turn_is_bounded(self) -> None:
        """Many due timers do not keep the reactor from its other work."""
        self.run_lua("for i = 1, 1000 do setTimeout(print, 0, i) end")
        self.turn()
        self.assertTrue(0 < len(self.lines) < 1000, len(self.lines))
        self.turn(10)
        self.assertEqual(self.lines, [b"%d" % i for i in range(1, 1001)])

    def test_unref(self) -> None:
        """A timer that is not referenced does not keep the program alive."""
        self.run_lua("t = setInterval(print, 10):unref()")
        idle = self.runtime.idle()
        self.turn(2)
        self.successResultOf(idle)

    def test_ref(self) -> None:
        self.run_lua("t = setTimeout(print, 10):unref():ref()")
        idle = self.runtime.idle()
        self.turn(2)
        self.assertNoResult(idle)
        self.reactor.pump([0.010, 0])
        self.successResultOf(idle)


globals().update(for_each_lua(TimerTests))


class BoundTests(LuaTestCase):
    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(limits=Limits(max_timers=10), **options)

    def test_bound(self) -> None:
        """One timer too many raises, and says which option moves the bound."""
        self.run_lua(
            "for i = 1, 10 do setTimeout(print, 1000) end print(pcall(function() setTimeout(print, 1) end))"
        )
        self.assertEqual(
            self.lines, [b"false\ttest.lua:1: 10 timers are set (option --max-timers)"]
        )
