"""Several QuickApps on one controller."""

from __future__ import annotations

import os
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import Limits, OperationError, RuntimeStopped
from eplua_twisted.clocks import QUIET, InstantClock
from eplua_twisted.hc3.log_lines import LogLine
from eplua_twisted.hc3.setup import Setup
from eplua_twisted.programs import Programs
from tests.memory import MemoryReactor


class ProgramsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.logged: list[LogLine] = []
        self.errors: list[str] = []
        self.failed: list[Exception] = []
        self.directory = self.mktemp()
        os.makedirs(self.directory)

    def run_all(
        self,
        *codes: str,
        run_for: float | None = None,
        clock: Any = None,
        **options: Any,
    ) -> Any:
        """Begin them; whether and when all is over."""
        paths = []
        for place, code in enumerate(codes):
            paths.append(os.path.join(self.directory, f"q{place}.lua"))
            with open(paths[-1], "w") as file:
                file.write(code)
        reactor: Any = self.reactor
        programs = self.programs = Programs(
            reactor,
            clock or reactor,
            paths,
            Setup(on_line=self.logged.append),
            self.failed.append,
            run_for,
            reactor=reactor,
            on_error=self.errors.append,
            clock=clock,
            **options,
        )

        async def run() -> None:
            await programs.begin()
            await programs.idle()
            await programs.stop()

        from twisted.internet.defer import Deferred

        over = Deferred.fromCoroutine(run())
        self.addCleanup(self.end, programs)
        self.turn()
        return over

    def end(self, programs: Programs) -> None:
        stopped = programs.stop()
        self.reactor.pump([0, 0, 6, 0])
        self.successResultOf(stopped)

    def turn(self) -> None:
        for _ in range(40):
            self.reactor.advance(0)

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.logged]

    def test_they_call_each_other_and_end_together(self) -> None:
        over = self.run_all(
            "function QuickApp:ping(from) print('ping') fibaro.call(from, 'pong', self.id) end",
            """
            function QuickApp:onInit()
              for _, d in ipairs(api.get("/devices?interface=quickApp")) do
                if d.id ~= self.id then fibaro.call(d.id, "ping", self.id) end
              end
            end
            function QuickApp:pong(from) print("pong", from ~= self.id) end
            """,
        )
        self.assertEqual(self.texts, ["ping", "pong true"])
        self.reactor.pump([0] * 10)
        self.successResultOf(over)

    def test_what_the_inspector_asks(self) -> None:
        """Each by its file; one is stopped, and the others go on."""
        begin = "function QuickApp:onInit() setInterval(print, 1000) end"
        self.run_all(begin, begin)
        first, second = self.programs.named().items()
        self.assertTrue(first[0].endswith("q0.lua"), first)
        failed = self.failureResultOf(self.programs.reload(first[0]), OperationError)
        self.assertIn("restarted by their controller", str(failed.value))
        stopped = self.programs.stop_script(first[0])
        self.reactor.pump([0] * 4)
        self.successResultOf(stopped)
        self.assertRaises(RuntimeStopped, first[1].stats)
        self.assertEqual(second[1].stats().open, {"Timer": 1})

    def test_one_that_fails_is_told_and_the_others_go_on(self) -> None:
        self.run_all("this is no Lua", "function QuickApp:onInit() print('second') end")
        self.assertEqual(self.texts, ["second"])
        self.assertEqual(len(self.failed), 1)
        self.assertIn("q0.lua:1:", str(self.failed[0]))

    def test_time_that_is_moved_waits_for_one_that_is_not_there_yet(self) -> None:
        """With --instant: one that fails takes turns to stop, a restart too."""
        clock = InstantClock(self.reactor)
        over = self.run_all(
            "error('main')",
            """
            function QuickApp:onInit()
              setTimeout(function()
                local n = self:getVariable("n")
                print("timer", n)
                if n == "" then self:setVariable("n", 1) plugin.restart(self.id) end
              end, 3000)
            end
            """,
            run_for=7,
            clock=clock,
        )
        self.reactor.pump([QUIET] * 20)
        self.assertEqual(self.texts, ["timer ", "timer 1"])
        self.successResultOf(over)

    def test_one_that_sleeps_does_not_hold_back_the_others(self) -> None:
        self.run_all(
            "function QuickApp:onInit() setTimeout(function() fibaro.sleep(1000) print('slept') end, 0) end",
            "function QuickApp:onInit() setTimeout(function() print('timer') end, 100) end",
        )
        self.reactor.pump([0.1] * 11)
        self.turn()
        self.assertEqual(self.texts, ["timer", "slept"])

    def test_restart_keeps_the_device_its_variables_and_new_files(self) -> None:
        self.run_all(
            """
            function QuickApp:onInit()
              local n = self:getVariable("n") if n == "" then n = 0 end
              self:setVariable("n", n + 1)
              print("start", n + 1, self.id, LIB)
              if n == 0 then
                api.post("/quickApp/" .. self.id .. "/files", {name = "lib", content = "LIB = 'new'"})
              end
            end
            """
        )
        self.reactor.pump([0.1] * 20)
        self.turn()
        self.assertEqual(len(self.texts), 2, self.texts)
        first, second = (each.split() for each in self.texts)
        self.assertEqual((first[1], first[3]), ("1", "nil"))
        self.assertEqual((second[1], second[2], second[3]), ("2", first[2], "new"))

    def test_restart_that_is_asked_for_twice_is_one(self) -> None:
        """As when children are given variables, one after the other."""
        self.run_all(
            """
            function QuickApp:onInit()
              print("start")
              if self:getVariable("again") ~= "" then return end
              self:setVariable("again", "no")
              for _ = 1, 3 do plugin.restart() end
            end
            """
        )
        self.reactor.pump([0.1] * 20)
        self.turn()
        self.assertEqual(self.texts, ["start", "start"])
        self.assertEqual(self.failed, [])

    def test_run_for_ends_all(self) -> None:
        over = self.run_all(
            "function QuickApp:onInit() setInterval(function() print('tick') end, 1000) end",
            run_for=2.5,
        )
        self.reactor.pump([0.5] * 6 + [0] * 10)
        self.assertEqual(self.texts, ["tick", "tick"])
        self.successResultOf(over)

    def test_one_that_fails_in_any_handler_is_reported_and_all_go_on(self) -> None:
        """Each error has the tag of its QuickApp, and file and line."""
        self.run_all(
            """
            class "Child"(QuickAppChild)
            function Child:__init(d) QuickAppChild.__init(self, d) end
            function Child:onInit() error("in a child") end
            function Child:turnOn() error("in a child's action") end
            function QuickApp:onInit()
              local c = self:createChildDevice({name = "C", type = "com.fibaro.binarySwitch"}, Child)
              fibaro.call(c.id, "turnOn") fibaro.call(self.id, "act")
              api.post("/plugins/callUIEvent", {deviceId = self.id, elementName = "pressed",
                eventType = "onReleased", values = {}})
              setTimeout(function() print("first goes on") end, 10)
              error("in onInit")
            end
            function QuickApp:act() error("in an action") end
            function QuickApp:pressed() error("in a press") end
            """,
            "function QuickApp:onInit() setTimeout(function() print('second goes on') end, 20) end",
        )
        self.reactor.advance(0.02)
        self.turn()
        said = [each.text for each in self.logged if each.level == "DEBUG"]
        self.assertEqual(said, ["first goes on", "second goes on"])
        tag = self.logged[0].tag
        places = {each.split(": ")[1].split("\n")[0]: each for each in self.errors}
        self.assertEqual(
            set(places),
            {
                f"in {each}"
                for each in (
                    "a child",
                    "a child's action",
                    "onInit",
                    "an action",
                    "a press",
                )
            },
        )
        for each in self.errors:
            self.assertTrue(each.startswith(f"[{tag}] "), each)
            self.assertRegex(each, r"q0\.lua:\d+: in ")

    def test_one_that_never_returns_from_a_handler_is_ended_and_all_go_on(self) -> None:
        """The limit of the runtime ends the handler, not the QuickApp."""
        self.run_all(
            """
            function QuickApp:act() while true do end end
            function QuickApp:onInit()
              fibaro.call(self.id, "act")
              setTimeout(function() print("first goes on") end, 10)
            end
            """,
            "function QuickApp:onInit() setTimeout(function() print('second goes on') end, 20) end",
            limits=Limits(max_callback_time=20),
        )
        self.reactor.advance(0.02)
        self.turn()
        said = [each.text for each in self.logged if each.level == "DEBUG"]
        self.assertEqual(said, ["first goes on", "second goes on"])
        (error,) = self.errors
        self.assertRegex(error, r"^\[QUICKAPP\d+\] .*q0\.lua:2: .*20 ms")
