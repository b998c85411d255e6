"""What hc3-net-api.md and hc3-host.md say of QuickApps, each as a test."""

from __future__ import annotations

from typing import Any

from twisted.logger import capturedLogs, formatEvent

from eplua_twisted.hc3.log_lines import COLOURS, MAX_KEPT
from eplua_twisted.hc3.setup import Setup
from tests.support import for_each_lua
from tests.support.hc3_scripts import HostTestCase


class QuickAppTests(HostTestCase):
    def test_quickapp_is_set_after_on_init_returned(self) -> None:
        texts = self.quickapp(
            "print(quickApp) setTimeout(function() print(quickApp == self) end, 0)"
        )
        self.turn()
        self.assertEqual(texts + self.texts, ["nil", "true"])

    def test_fields_are_those_of_the_device(self) -> None:
        texts = self.quickapp(
            "print(self.id == plugin.mainDeviceId, self.name, self.type, self.enabled)"
            " print(self.properties.value, type(self.interfaces), self.roomID ~= nil)",
            "--%%name=Lamp\n--%%type=com.fibaro.binarySwitch",
        )
        self.assertEqual(
            texts, ["true Lamp com.fibaro.binarySwitch true", "false table true"]
        )

    def test_get_variable_is_empty_when_missing_and_keeps_types(self) -> None:
        texts = self.quickapp(
            """
            print(self:getVariable("none") == "", self:getVariable("n") + 1, self:getVariable("s"))
            self:setVariable("t", {1, {a = true}})
            self:setVariable("n", 7)
            print(self:getVariable("t")[2].a, self:getVariable("n"))
            print(#api.get("/devices/" .. self.id).properties.quickAppVariables)
            """,
            '--%%var=n:5\n--%%var=s:"text"',
        )
        self.assertEqual(texts, ["true 6 text", "true 7", "3"])

    def test_log_methods_take_any_number_of_values_and_work_on_the_class(self) -> None:
        self.run_script(
            "QuickApp:debug('a', 1, nil, true) QuickApp:trace('t') "
            "QuickApp:warning('w') QuickApp:error('e') print('p', nil) _print('q')"
        )
        self.assertEqual(
            [(each.level, each.text) for each in self.logged],
            [
                ("DEBUG", "a 1 nil true"),
                ("TRACE", "t"),
                ("WARNING", "w"),
                ("ERROR", "e"),
                ("DEBUG", "p nil"),
                ("DEBUG", "q"),
            ],
        )

    def test_log_lines_are_debug_messages(self) -> None:
        self.run_script("QuickApp:warning('hot') fibaro.debug('T', 'x')")
        asked = self.runtime.hc3.request("GET", "/debugMessages")
        body: Any = self.successResultOf(asked)[1]
        self.assertEqual(
            [(each["type"], each["message"]) for each in body["messages"]],
            [("debug", "x"), ("warning", "hot")],
        )

    def test_long_lines_are_kept_short_and_shown_whole(self) -> None:
        self.run_script("print(string.rep('x', 1e6))")
        self.assertEqual(len(self.logged[0].text), 1e6)
        asked = self.runtime.hc3.request("GET", "/debugMessages")
        body: Any = self.successResultOf(asked)[1]
        self.assertEqual(len(body["messages"][0]["message"]), MAX_KEPT + 1)

    def test_tag_is_readable_and_writable(self) -> None:
        self.run_script("print(__TAG) __TAG = 'Mine' print('x') fibaro.debug('T', 'y')")
        tags = [each.tag for each in self.logged]
        self.assertRegex(tags[0], r"^QUICKAPP\d+$")
        self.assertEqual(tags[1:], ["Mine", "T"])
        self.assertEqual(self.logged[0].text, tags[0])

    def test_update_property_and_view_take_tables(self) -> None:
        texts = self.quickapp(
            """
            self:updateProperty("value", true)
            self:updateProperty("log", {1, 2})
            self:updateView("b1", "text", "New") self:updateView("nothing", "text", "x")
            print(fibaro.getValue(self.id, "value"), self.properties.value)
            local layout = json.encode(self:getView())
            print(layout:find("New", 1, true) ~= nil)
            """,
            '--%%type=com.fibaro.binarySwitch\n--%%u={button="b1", text="Old"}',
        )
        self.assertEqual(texts, ["true true", "true"])

    def test_children_are_not_among_the_quickapps(self) -> None:
        """Their interface is quickAppChild, also after a script has set them all."""
        texts = self.quickapp(
            """
            local child = self:createChildDevice({name = "a", type = "com.fibaro.binarySensor"})
            print(json.encode(child.interfaces))
            print(#api.get("/devices?interface=quickApp"))
            api.put("/devices/" .. child.id, {interfaces = {"quickAppChild", "battery"}})
            fibaro.call(child.id, "hello")
            """
        )
        self.assertEqual(
            texts,
            [
                '["fibaroBreach","quickAppChild"]',
                "1",
                "Class does not have 'hello' function defined - action ignored",
            ],
        )

    def test_actions_are_called_by_name_later(self) -> None:
        texts = self.quickapp(
            """
            function self.turnOn(_, a, b, c) print("on", a, b, c) end
            fibaro.call(self.id, "turnOn", 1, nil, "x")
            fibaro.call({self.id}, "missing")
            print("first")
            """
        )
        self.assertEqual(
            texts,
            [
                "first",
                "on 1 nil x",
                "Class does not have 'missing' function defined - action ignored",
            ],
        )

    def test_ui_callbacks_get_the_event_table(self) -> None:
        self.quickapp(
            """
            function self.pressed(_, event)
              print(event.elementName, event.eventType, event.deviceId == self.id, event.values[1])
            end
            function self.slid(_, event) print("method", event.values[1]) end
            """,
            '--%%u={{button="b1", text="On", onReleased="pressed"},{slider="slid", text=""}}',
        )
        number = self.number
        for element, kind, values in (
            ("b1", "onReleased", []),
            ("slid", "onChanged", [50]),
            ("none", "onReleased", []),
        ):
            self.ask(
                "POST",
                "/plugins/callUIEvent",
                {
                    "deviceId": number,
                    "elementName": element,
                    "eventType": kind,
                    "values": values,
                },
            )
        self.assertEqual(
            self.texts,
            [
                "b1 onReleased true nil",
                "method 50",
                "UI callback for element: none not found.",
            ],
        )

    def test_children_their_parent_and_on_init(self) -> None:
        texts = self.quickapp(
            """
            class 'Child'(QuickAppChild)
            function Child:__init(d) QuickAppChild.__init(self, d) print("init", self.parent) end
            function Child:onInit() print("onInit", self.name, self.parent == quickApp or self.parent.id) end
            function Child:turnOn() print("child on") end
            self:initChildDevices({["com.fibaro.binarySwitch"] = Child})
            local c = self:createChildDevice({name = "C", type = "com.fibaro.binarySwitch"}, Child)
            print(self.childDevices[c.id] == c, c.parentId == self.id, c:getVariable("x") == "")
            print(c:hasInterface("quickAppChild"))
            fibaro.call(c.id, "turnOn")
            """
        )
        self.assertEqual(texts[0], "init nil")
        self.assertRegex(texts[1], r"^onInit C \d+$")
        self.assertEqual(texts[2:], ["true true true", "true", "child on"])

    def test_stored_children_are_made_again(self) -> None:
        self.quickapp(
            "self:createChildDevice({name = 'C', type = 'com.fibaro.binarySwitch'})"
            " self:setVariable('v', 1)"
        )
        first = self.runtime
        number = self.number
        setup = Setup(first.hc3, on_line=self.logged.append)
        first.hc3.detach(number)
        self.runtime = self.make_runtime(hc3=setup)
        texts = self.quickapp(
            """
            class 'Child'(QuickAppChild)
            function Child:__init(d) QuickAppChild.__init(self, d) end
            function Child:onInit() print("again", self.name, self.parent == plugin.mainQA) end
            self:initChildDevices({["com.fibaro.binarySwitch"] = Child})
            for id, child in pairs(self.childDevices) do self:removeChildDevice(id) end
            print(#api.get("/devices?parentId=" .. self.id), next(self.childDevices))
            """,
            f"--%%id={number}",
        )
        self.assertEqual(texts, ["again C true", "0 nil"])

    def test_child_that_fails_does_not_keep_the_others(self) -> None:
        self.quickapp(
            """
            class 'Bad'(QuickAppChild)
            function Bad:__init(d) QuickAppChild.__init(self, d) end
            function Bad:onInit() error("bad child") end
            self:createChildDevice({name = "1", type = "com.fibaro.binarySwitch"}, Bad)
            self:createChildDevice({name = "2", type = "com.fibaro.binarySwitch"}, Bad)
            print("went on")
            """
        )
        self.assertEqual(len(self.errors), 2)
        self.assertIn("bad child", self.errors[0])
        self.assertRegex(self.errors[0], r"^\[QUICKAPP\d+\] test\.lua:6: ")

    def test_interfaces_are_added_and_deleted(self) -> None:
        texts = self.quickapp(
            """
            self:addInterfaces({"power", "energy"}) print(self:hasInterface("power"))
            self:deleteInterfaces({"power"})
            print(self:hasInterface("power"), self:hasInterface("energy"))
            """
        )
        self.assertEqual(texts, ["true", "false true"])

    def test_internal_storage(self) -> None:
        texts = self.quickapp(
            """
            print(self:internalStorageGet("k"))
            self:internalStorageSet("k", {a = 1}) self:internalStorageSet("k", {a = 2})
            print(self:internalStorageGet("k").a, self:internalStorageGet().k.a)
            self:internalStorageRemove("k") print(self:internalStorageGet("k"))
            self:internalStorageSet("z", 1) self:internalStorageClear()
            print(next(self:internalStorageGet()))
            """
        )
        self.assertEqual(texts, ["nil", "2 2", "nil", "nil"])

    def test_error_in_on_init_is_reported_with_tag_and_line_and_others_go_on(
        self,
    ) -> None:
        texts = self.quickapp(
            "setTimeout(function() print('timer') end, 0)\nself.nothing.x = 1"
        )
        self.assertEqual(len(self.errors), 1)
        self.assertRegex(self.errors[0], r"^\[QUICKAPP\d+\] test\.lua:4: ")
        self.assertEqual(texts[-1:], ["timer"])

    def test_a_slow_handler_is_told_of_with_its_place_in_the_script(self) -> None:
        """onInit, an action and a press; what is ours within them has no time of its own."""
        self.tell_of_slow(0.02)
        with capturedLogs() as logs:
            self.quickapp(
                "work() end\nfunction QuickApp:act() work() end\nfunction QuickApp:pressed() work()",
                "function work() local t = os.clock() repeat until os.clock() > t + 0.03 end\n"
                '--%%u={button="b", text="B", onReleased="pressed"}',
            )
            self.ask("POST", f"/devices/{self.number}/action/act")
            press = {"deviceId": self.number, "elementName": "b", "values": []}
            self.ask(
                "POST", "/plugins/callUIEvent", {**press, "eventType": "onReleased"}
            )
        places = [formatEvent(each).partition(": ")[0] for each in logs]
        for line in (3, 5, 6):
            self.assertIn(f"test.lua:{line}", places)

    def test_set_name_and_set_visible_change_the_device(self) -> None:
        texts = self.quickapp(
            """
            self:setName("New") self:setVisible(false) self:setEnabled(true) self:setIcon(12)
            local d = api.get("/devices/" .. self.id)
            print(d.name, d.visible, d.enabled, d.properties.deviceIcon, self.name)
            print(self:isTypeOf("com.fibaro.actor"), self:isTypeOf(self.type))
            """,
            "--%%type=com.fibaro.binarySwitch",
        )
        self.assertEqual(texts, ["New false true 12 New", "true true"])

    def test_properties_follow_what_others_change(self) -> None:
        self.quickapp(
            """
            function self.ask() print(self.properties.value, self:getVariable("v")) end
            self:setVariable("v", 1)
            """,
            "--%%type=com.fibaro.multilevelSwitch",
        )
        path = f"/devices/{self.number}"
        variables = [{"name": "v", "value": "new"}]
        self.ask(
            "PUT", path, {"properties": {"value": 33, "quickAppVariables": variables}}
        )
        self.ask("POST", f"{path}/action/ask")
        self.assertEqual(self.texts, ["33 new"])

    def test_a_view_is_there_without_elements_too(self) -> None:
        texts = self.quickapp(
            "print(type(api.get('/plugins/getView?id=' .. self.id)['$jason'].body.sections))"
        )
        self.assertEqual(texts, ["table"])

    def test_instance_is_never_equal_to_a_table(self) -> None:
        texts = self.quickapp(
            """
            class 'E' function E:__eq(other) return true end
            local e = E() print(e == {}, {} == e, e == E(), e ~= _G)
            """
        )
        self.assertEqual(texts, ["false false true true"])

    def test_init_of_quickapp_may_be_wrapped_and_runs_on_init(self) -> None:
        self.run_script(
            """
            local init = QuickApp.__init
            function QuickApp:__init(device)
              print("before", device.id) init(self, device) print("after", self.id)
            end
            function QuickApp:onInit() print("onInit") end
            """
        )
        texts = self.texts
        self.assertEqual(
            [each.split()[0] for each in texts], ["before", "onInit", "after"]
        )

    def test_action_handler_and_ui_handler_take_all(self) -> None:
        texts = self.quickapp(
            """
            function self.actionHandler(_, a) print("handler", a.actionName, a.args[1]) end
            fibaro.call(self.id, "anything", 5)
            """
        )
        self.assertEqual(texts, ["handler anything 5"])


globals().update(for_each_lua(QuickAppTests))


class ColourTests(HostTestCase):
    def test_each_level_has_its_colour(self) -> None:
        """Where the lines go to a terminal."""
        code = "QuickApp:debug() QuickApp:trace() QuickApp:warning() QuickApp:error()"
        for colour in (True, False):
            lines: list[bytes] = []
            self.runtime = self.make_runtime(
                hc3=Setup(colour=colour), output=lines.append
            )
            self.run_script(code)
            for line, number in zip(lines, COLOURS.values(), strict=True):
                self.assertEqual(b"\x1b[%bm[" % number.encode() in line, colour)
