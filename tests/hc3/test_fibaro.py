"""What hc3-net-api.md and hc3-host.md say of fibaro, api and handlers."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from eplua_twisted import Runtime
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.setup import Setup
from tests.support import LuaTestCase, for_each_lua
from tests.support.hc3_scripts import HostTestCase


class FibaroTests(HostTestCase):
    def test_hub_is_the_same_plain_table(self) -> None:
        texts = self.quickapp(
            "fibaro.mine = 1 print(hub == fibaro, hub.mine, type(hub))"
        )
        self.assertEqual(texts, ["true 1 table"])

    def test_get_returns_value_and_time(self) -> None:
        texts = self.quickapp(
            """
            self:updateProperty("value", 7)
            local value, modified = fibaro.get(self.id, "value")
            print(value, math.type(modified), fibaro.getValue(self.id, "value"))
            print(fibaro.getValue(self.id, "nothing"), fibaro.getName(self.id), fibaro.getName(9999))
            print(fibaro.getType(self.id), fibaro.getRoomID(self.id) ~= nil, fibaro.getRoomNameByDeviceID(self.id) ~= nil)
            """,
            "--%%name=Q\n--%%type=com.fibaro.multilevelSwitch",
        )
        self.assertEqual(
            texts,
            ["7 integer 7", "nil Q nil", "com.fibaro.multilevelSwitch true true"],
        )

    def test_global_variables(self) -> None:
        texts = self.quickapp(
            """
            api.post("/globalVariables", {name = "G", value = "1"})
            fibaro.setGlobalVariable("G", "2")
            local value, modified = fibaro.getGlobalVariable("G")
            print(value, modified >= 0, fibaro.getGlobalVariable("None"))
            """
        )
        self.assertEqual(texts, ["2 true nil"])

    def test_colons_work_as_in_scenes_of_hc2(self) -> None:
        texts = self.quickapp(
            """
            api.post("/globalVariables", {name = "G", value = "1"})
            fibaro:setGlobalVariable("G", "3")
            print((fibaro:getGlobalVariable("G")), fibaro:getName(self.id))
            fibaro:debug("Tag", "text")
            function self.act(_, x) print("act", x) end
            fibaro:call(self.id, "act", 1)
            """,
            "--%%name=Q",
        )
        self.assertEqual(texts, ["3 Q", "text", "act 1"])

    def test_set_timeout_has_milliseconds_first_and_refs_are_interchangeable(
        self,
    ) -> None:
        self.quickapp(
            """
            clearTimeout(fibaro.setTimeout(10, function() print("never") end))
            fibaro.clearTimeout(setTimeout(function() print("never") end, 10))
            clearInterval(setTimeout(function() print("never") end, 10))
            fibaro.clearTimeout(setInterval(function() print("never") end, 10))
            fibaro.setTimeout(20, function() error("bad") end, function(e) print("caught") end)
            hub.setTimeout(30, function() print("hub") end)
            fibaro.clearTimeout(nil) fibaro.clearTimeout({})
            """
        )
        self.reactor.advance(0.1)
        self.assertEqual(self.texts, ["caught", "hub"])
        self.assertEqual(self.errors, [])

    def test_sleep_holds_back_the_script_and_never_the_reactor(self) -> None:
        self.begin(
            """
            function self.act() print("act") end
            setTimeout(function() print("timer") end, 10)
            fibaro.call(self.id, "act")
            local t = os.clock() fibaro.sleep(100) print("slept")
            """
        )
        self.assertEqual(self.texts, [])
        self.reactor.advance(0.05)
        self.assertEqual(self.texts, [])
        self.reactor.advance(0.05)
        self.turn(2)
        self.assertEqual(self.texts, ["slept", "act", "timer"])

    def test_sleep_after_something_slow_lasts_as_long(self) -> None:
        """The warning about it is no answer to what waits."""
        self.tell_of_slow(-1.0)
        self.begin("print(fibaro.sleep(100), 'slept')")
        self.reactor.advance(0.09)
        self.assertEqual(self.texts, [])
        self.reactor.advance(0.02)
        self.assertEqual(self.texts, ["nil slept"])

    def test_sleep_works_at_the_top_in_pcall_and_in_coroutines(self) -> None:
        done = self.runtime.run_string(
            """
            print(pcall(function() fibaro.sleep(10) return "in pcall" end))
            local co = coroutine.wrap(function(x)
              fibaro.sleep(10) local y = coroutine.yield(x + 1) fibaro.sleep(10) return y .. "!"
            end)
            print(co(1), co("end"))
            eplua.task.start(function() fibaro.sleep(10) print("in a task") end)
            """,
            "@test.lua",
        )
        self.reactor.pump([0.01] * 8)
        self.successResultOf(done)
        self.assertEqual(self.texts, ["true in pcall", "2 end!", "in a task"])

    def test_sleep_under_a_c_function_is_an_error_at_its_line(self) -> None:
        texts = self.quickapp(
            "print(select(2, pcall(string.gsub, 'a', 'a', function()\nfibaro.sleep(1) end)))"
        )
        self.assertEqual(len(texts), 1)
        self.assertIn("cannot wait here", texts[0])
        self.assertTrue(texts[0].startswith("test.lua:4: "), texts)

    def test_callbacks_never_run_inside_another_handler(self) -> None:
        texts = self.quickapp("setTimeout(function() print(2) end, 0) print(1)")
        self.turn()
        self.assertEqual(texts + self.texts, ["1", "2"])

    def test_refresh_state_subscriber(self) -> None:
        texts = self.quickapp(
            """
            local r = RefreshStateSubscriber()
            r:subscribe(function(e) return e.type == "CustomEvent" end,
                        function(e) print(e.type, e.data.name) r:stop() end)
            r:run()
            fibaro.postCustomEvent("mine", "d")
            fibaro.emitCustomEvent("mine")
            """
        )
        self.assertEqual(texts, ["CustomEvent mine"])

    def test_alarms_profiles_and_scenes(self) -> None:
        texts = self.quickapp(
            """
            print(fibaro.getHomeArmState(), fibaro.isHomeBreached())
            print(type(fibaro.getPartitions()), fibaro.getPartitionArmState(9999))
            print(pcall(fibaro.alarm, 1, "what"))
            print((fibaro.countScenes(9999)), type(fibaro.homeId()), fibaro.getIds({{id = 2}, {id = 9}})[1])
            print(#fibaro.getDevicesID({interfaces = {"quickApp"}}) >= 1, #fibaro.getDevicesID() >= 1)
            """
        )
        self.assertEqual(texts[0], "disarmed false")
        self.assertEqual(texts[1], "table nil")
        self.assertIn("Available parameters: arm, disarm", texts[2])
        self.assertEqual(texts[3], "0 string 9")
        self.assertEqual(texts[4], "true true")

    def test_plugin(self) -> None:
        texts = self.quickapp(
            """
            print(plugin.getDevice(self.id).name, plugin.getProperty(self.id, "value"))
            local c = plugin.createChildDevice({parentId = self.id, name = "C", type = "com.fibaro.binarySensor"})
            print(#plugin.getChildDevices(self.id)) plugin.deleteDevice(c.id)
            print(#plugin.getChildDevices(self.id))
            """,
            "--%%name=Q\n--%%type=com.fibaro.binarySwitch",
        )
        self.assertEqual(texts, ["Q false", "1", "0"])

    def test_logger_has_levels(self) -> None:
        texts = self.quickapp(
            "logger.warning('w') logger.setLevel(logger.ERROR) logger.debug('d') logger.error('e')"
        )
        self.assertEqual(texts, ["w", "e"])


class ApiTests(HostTestCase):
    def test_value_and_status(self) -> None:
        texts = self.quickapp(
            """
            local v, s = api.get("/globalVariables/None") print(v, s)
            v, s = api.post("/globalVariables", {name = "G", value = "1"}) print(v.name, s)
            v, s = api.put("/globalVariables/G", {value = "2"}) print(s)
            print(select(2, api.delete("/globalVariables/G")))
            print((api.get("/api/settings/info")) ~= nil, select(2, api.get("/nothing")))
            """
        )
        self.assertEqual(texts, ["nil 404", "G 201", "200", "200", "true 404"])

    def test_null_is_nil(self) -> None:
        texts = self.quickapp(
            """
            self:updateProperty("x", {a = json.util.null, b = 1})
            local x = api.get("/devices/" .. self.id).properties.x
            print(x.a, x.b)
            """
        )
        self.assertEqual(texts, ["nil 1"])

    def test_what_cannot_be_json_is_an_error_at_its_line(self) -> None:
        texts = self.quickapp(
            "print(select(2, pcall(function()\napi.post('/x', {print}) end)))"
        )
        self.assertIn("test.lua:4: bad argument #2 to 'api.post'", texts[0])


class LateController:
    """A controller whose answers the test gives."""

    address = "late"

    def __init__(self, real: Any) -> None:
        self.real = real
        self.asked: list[tuple[str, Deferred[Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def request(self, method: str, path: str, *rest: Any) -> Any:
        if not path.startswith("/late"):
            return self.real.request(method, path, *rest)
        self.asked.append((path, Deferred()))
        return self.asked[-1][1]


class LateTests(HostTestCase):
    def make_runtime(self, **options: Any) -> Runtime:
        self.late = LateController(SimulatedController(self.reactor))
        controller: Any = self.late
        setup = Setup(controller, on_line=self.logged.append)
        return super().make_runtime(hc3=setup, **options)

    def test_a_late_answer_holds_back_all_else_of_the_script(self) -> None:
        self.begin(
            """
            setTimeout(function() print("timer") end, 0)
            local value, status = api.get("/late/1") print(value.x, status)
            local v, s = api.get("/late/2") print(v, s)
            """
        )
        self.reactor.advance(1)
        self.assertEqual(self.texts, [])
        self.late.asked[0][1].callback((200, {"x": 5}))
        self.turn()
        self.assertEqual(self.texts, ["5 200"])
        self.late.asked[1][1].errback(OperationError("refused", "Connection refused"))
        self.turn(2)
        self.assertEqual(self.texts, ["nil 503", "timer"])
        self.assertWarned("Connection refused")

    def test_stop_ends_a_wait(self) -> None:
        self.begin("api.get('/late/1') print('never')")
        self.stop(self.runtime)
        self.assertEqual(self.texts, [])


class WithoutTests(LuaTestCase):
    def test_without_the_flag_one_line_names_it(self) -> None:
        for code in (
            "function QuickApp:onInit() end",
            "fibaro.debug('a')",
            "class 'A'",
            "hub.call(1)",
        ):
            failure = self.failureResultOf(self.runtime.run_string(code, "@test.lua"))
            first = failure.value.traceback.split("\n")[0]
            self.assertIn("--hc3", first)
            self.assertTrue(first.startswith("test.lua:1: "), first)


globals().update(for_each_lua(FibaroTests))
globals().update(for_each_lua(ApiTests))
globals().update(for_each_lua(LateTests))
globals().update(for_each_lua(WithoutTests))
