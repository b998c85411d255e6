"""Scripts whose time is moved: timers, C{os.time} and C{os.date} follow, the network not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.internet.task import Clock
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import Limits
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.clocks import QUIET, Awaited, InstantClock, ScaledClock
from eplua_twisted.tap import Options
from eplua_twisted.time_options import parse_moment, parse_seconds
from tests.memory import MemoryReactor
from tests.support import LuaTestCase, for_each_lua

CHRISTMAS = datetime(2026, 12, 24, 18, 30, tzinfo=UTC).timestamp()


class ClockTestCase(LuaTestCase):
    """A runtime on a clock that is not the reactor's."""

    def make_clock(self) -> Any:
        return Clock()

    def setUp(self) -> None:
        LuaTestCase.setUp(self)
        self.clock = self.make_clock()
        self.runtime = self.make_runtime(clock=self.clock)


class ForeignClockTests(ClockTestCase):
    """Any clock of Twisted's, which a test moves."""

    def test_timers_and_tasks_follow(self) -> None:
        self.run_lua(
            "setTimeout(print, 1000, 'timeout') setInterval(print, 600, 'interval')"
            " task.start(function() task.sleep(1100) print('slept') end)"
        )
        self.reactor.advance(5)
        self.assertEqual(self.lines, [])
        self.clock.pump([0.6, 0.4, 0.1])
        self.assertEqual(self.lines, [b"interval", b"timeout", b"slept"])

    def test_time_of_day_follows(self) -> None:
        self.clock.advance(CHRISTMAS + 0.9)
        self.run_lua(
            "print(os.time(), os.date('!%F %T'), os.date('!*t').hour, #os.date() > 0)"
        )
        self.assertEqual(self.lines, [b"1798137000\t2026-12-24 18:30:00\t18\ttrue"])

    def test_a_given_time_is_as_it_was(self) -> None:
        self.run_lua(
            "print(os.date('!%F', 0), os.time{year = 2000, month = 1, day = 2, hour = 3} > 9e8)"
        )
        self.assertEqual(self.lines, [b"1970-01-01\ttrue"])

    def test_errors_are_those_of_lua(self) -> None:
        self.run_lua("print(pcall(os.time, 'x')) print(pcall(os.date, '%F', {}))")
        for line in self.lines:
            self.assertIn(b"bad argument", line)

    def test_time_limits_are_the_network_s(self) -> None:
        self.run_lua("net.UDPSocket({timeout = 300}):receive({error = print})")
        self.clock.advance(10)
        self.turn()
        self.assertEqual(self.lines, [])
        self.reactor.advance(0.3)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])

    def test_what_comes_next_needs_no_time(self) -> None:
        """A task that yields goes on while the clock stands."""
        self.run_lua("task.start(function() coroutine.yield() print('on') end)")
        self.turn(2)
        self.assertEqual(self.lines, [b"on"])

    def test_all_timers_count(self) -> None:
        """Against the bound, in stats, and as what keeps the program alive."""
        runtime = self.make_runtime(clock=Clock(), limits=Limits(max_timers=2))
        code = (
            "setTimeout(print, 1) net.UDPSocket({timeout = 9}):receive({error = print})"
            " print(eplua.stats().Timer, pcall(setTimeout, print, 1))"
        )
        self.successResultOf(runtime.run_string(code, "@test.lua"))
        self.assertEqual(self.lines[0].split(b"\t")[:2], [b"2", b"false"])
        self.assertNoResult(runtime.idle())

    def test_stop_after(self) -> None:
        codes: list[int] = []
        runtime = self.make_runtime(clock=self.clock, on_exit=codes.append)
        self.successResultOf(runtime.run_string("setInterval(print, 1000)"))
        runtime.stop_after(3.5)
        self.clock.pump([1] * 3)
        self.reactor.pump([0, 10, 0])
        self.assertEqual((len(self.lines), codes), (3, []))
        self.clock.advance(0.5)
        self.reactor.pump([0, 0])
        self.assertEqual(codes, [0])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nothing_is_left_on_the_clock(self) -> None:
        self.run_lua("setInterval(print, 1000) setTimeout(print, 50)")
        self.runtime.stop_after(60)
        self.stop(self.runtime)
        self.assertEqual(self.clock.getDelayedCalls(), [])


globals().update(for_each_lua(ForeignClockTests))


class ScaledClockTests(ClockTestCase):
    def make_clock(self) -> ScaledClock:
        return ScaledClock(self.reactor, 60.0, CHRISTMAS)

    def test_time_passes_so_much_faster(self) -> None:
        self.run_lua(
            "setInterval(function() print(os.date('!%T')) end, 60000)"
            " setTimeout(print, 150000, 'timeout')"
        )
        self.reactor.pump([0.5] * 6)
        self.assertEqual(
            self.lines, [b"18:31:00", b"18:32:00", b"timeout", b"18:33:00"]
        )

    def test_begins_now(self) -> None:
        clock = ScaledClock(self.reactor, 2.0)
        self.assertTrue(clock.time_of_day() > CHRISTMAS - 366 * 86400)

    def test_slower(self) -> None:
        deadline = Deadline(ScaledClock(self.reactor, 0.5), lambda: fired.append(1))
        fired: list[int] = []
        deadline.start(1)
        self.reactor.advance(1.9)
        self.assertEqual(fired, [])
        self.reactor.advance(0.2)
        self.assertEqual(fired, [1])

    def test_call_that_is_moved(self) -> None:
        """C{reset} and C{cancel} are those of any delayed call."""
        fired: list[str] = []
        later = self.clock.callLater(60, fired.append, "later")
        sooner = self.clock.callLater(600, fired.append, "sooner")
        self.clock.callLater(60, fired.append, "never").cancel()
        later.reset(120)
        sooner.reset(30)
        self.reactor.advance(0.5)
        self.assertEqual(fired, ["sooner"])
        self.reactor.advance(1)
        self.assertEqual(fired, ["sooner"])
        self.reactor.advance(0.5)
        self.assertEqual(fired, ["sooner", "later"])


class InstantClockTests(ClockTestCase):
    def make_clock(self) -> InstantClock:
        return InstantClock(self.reactor, CHRISTMAS)

    def test_nothing_is_waited_for(self) -> None:
        self.run_lua(
            "local n = 0 setInterval(function() n = n + 1 print(os.date('!%T'))"
            " if n == 3 then os.exit() end end, 3600 * 1000)"
        )
        self.turn(8)
        self.assertEqual(self.lines, [b"19:30:00", b"20:30:00", b"21:30:00"])

    def test_an_earlier_call_comes_first(self) -> None:
        """Also when it is made while a later one is set."""
        self.runtime.stop_after(600)
        self.run_lua(
            "setTimeout(function() setTimeout(function() print(os.date('!%T')) end, 2000)"
            " end, 0)"
        )
        self.turn(8)
        self.assertEqual(self.lines, [b"18:30:02"])

    def test_a_cancelled_call_does_not_move_time(self) -> None:
        self.run_lua(
            "clearTimeout(setTimeout(print, 9000)) setTimeout(function()"
            " print(os.date('!%T')) end, 2000)"
        )
        self.turn(8)
        self.assertEqual(self.lines, [b"18:30:02"])

    def test_an_interval_of_0_lets_the_reactor_turn(self) -> None:
        self.run_lua("setInterval(print, 0, 'tick')")
        self.turn(3)
        self.assertTrue(0 < len(self.lines) <= 3, self.lines)

    def test_a_request_is_waited_for(self) -> None:
        """However long it takes, with its own time limit."""
        self.run_lua(
            "net.HTTPClient():request('http://127.0.0.1:8080/', {success = function(r)"
            " print(r.status, os.date('!%T')) end}) setTimeout(print, 1000, 'timer')"
        )
        self.turn(2)
        peer = self.reactor.accept()
        self.turn(2)
        self.reactor.pump([1.0] * 9)
        self.assertEqual(self.lines, [])
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.turn(2)
        self.assertEqual(self.lines, [b"200\t18:30:00"])
        self.reactor.pump([QUIET] * 4)
        self.assertEqual(self.lines[1:], [b"timer"])

    def test_patience_ends(self) -> None:
        """An answer that does not come may wait for a timer of the script."""
        clock = InstantClock(self.reactor, CHRISTMAS, 0.2)
        self.runtime = self.make_runtime(clock=clock)
        self.run_lua(
            "net.HTTPClient():request('http://127.0.0.1:8080/', {error = print})"
            " setTimeout(print, 60000, 'timer')"
        )
        self.turn(2)
        self.reactor.accept()
        self.reactor.pump([QUIET] * 7)
        self.assertEqual(self.lines, [])
        self.reactor.pump([QUIET] * 2)
        self.assertEqual(self.lines, [b"timer"])

    def test_a_stream_without_end_does_not_hold_time(self) -> None:
        self.run_lua(
            "net.HTTPClient():request('http://127.0.0.1:8080/', {data = print, options = {"
            "timeout = 0}}) setTimeout(print, 60000, 'timer')"
        )
        self.turn(2)
        peer = self.reactor.accept()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npiece")
        self.reactor.pump([QUIET] * 4)
        self.assertEqual(self.lines, [b"piece", b"timer"])

    def test_what_is_open_has_to_be_quiet(self) -> None:
        self.run_lua(
            "local s = net.TCPSocket() s:connect('127.0.0.1', 80, {success = function()"
            " local function go() s:read({success = function(d) print(d) go() end}) end go()"
            " setTimeout(print, 60000, 'a minute later') end})"
        )
        self.turn(2)
        peer = self.reactor.accept()
        self.turn()
        for _ in range(5):
            peer.send(b"still here")
            self.reactor.advance(QUIET)
        self.assertEqual(self.lines, [b"still here"] * 5)
        self.reactor.pump([QUIET] * 3)
        self.assertEqual(self.lines[5:], [b"a minute later"])

    def test_two_runtimes_share_it(self) -> None:
        """What one of them awaits holds the time of both."""
        other = self.make_runtime(clock=self.clock)
        code = "net.HTTPClient():request('http://127.0.0.1:8080/', {error = print})"
        self.successResultOf(other.run_string(code))
        self.run_lua("setTimeout(print, 1000, 'timer')")
        self.turn(2)
        self.reactor.accept()
        self.reactor.pump([QUIET] * 5)
        self.assertEqual(self.lines, [])
        self.stop(other)
        self.reactor.pump([QUIET] * 3)
        self.assertEqual(self.lines, [b"timer"])

    def test_a_stopped_runtime_is_forgotten(self) -> None:
        """The clock holds nothing of it."""
        seen: list[str] = []

        class Watched(InstantClock):
            def watch(self, network: Awaited) -> None:
                seen.append("watch")
                InstantClock.watch(self, network)

            def unwatch(self, network: Awaited) -> None:
                seen.append("unwatch")
                InstantClock.unwatch(self, network)

        self.stop(self.make_runtime(clock=Watched(self.reactor)))
        self.assertEqual(seen, ["watch", "unwatch"])


class OptionTests(SynchronousTestCase):
    def test_times(self) -> None:
        table = {
            "90": 90,
            "1.5h": 5400,
            "15m": 900,
            "2d": 172800,
            "20s": 20,
            "5ms": 0.005,
        }
        for text, seconds in table.items():
            self.assertEqual(parse_seconds(text), seconds, text)
        for text in ("", "x", "-1", "1w", "1 h", "nan", "inf", "1e3", "99999999d"):
            self.assertRaises(ValueError, parse_seconds, text)

    def test_moments(self) -> None:
        for text in ("2026-12-24T18:30Z", "2026-12-24 19:30+01:00"):
            self.assertEqual(parse_moment(text), CHRISTMAS, text)
        today = datetime.now().astimezone()
        self.assertEqual(
            datetime.fromtimestamp(parse_moment("06:05")).astimezone(),
            today.replace(hour=6, minute=5, second=0, microsecond=0),
        )
        for text in ("", "x", "25:00", "2026-13-01", "6", "0001-01-01", "9" * 30):
            self.assertRaises(ValueError, parse_moment, text)

    def options(self, *arguments: str) -> Options:
        options = Options()
        options.parseOptions([*arguments, "script.lua"])
        return options

    def test_refused(self) -> None:
        for arguments, text in (
            (("--instant", "--speed", "2"), "--instant and --speed"),
            (("--speed", "0"), "--speed: a number"),
            (("--speed", "nan"), "--speed: a number"),
            (("--speed", "fast"), "--speed: a number"),
            (("--start", "soon"), "--start: a moment"),
            (("--run-for", "long"), "--run-for: a time"),
        ):
            problem = self.assertRaises(UsageError, self.options, *arguments)
            self.assertIn(text, str(problem))

    def test_clocks(self) -> None:
        reactor: Any = MemoryReactor()
        for arguments, kind in (
            ((), type(None)),
            (("--run-for", "2h"), type(None)),
            (("--speed", "2"), ScaledClock),
            (("--start", "06:00"), ScaledClock),
            (("--instant", "--start", "06:00"), InstantClock),
        ):
            options = self.options(*arguments)
            self.assertIs(type(options.clock(reactor)), kind)
        self.assertEqual(self.options("--run-for", "2h").run_for, 7200)
