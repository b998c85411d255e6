"""The QuickApps of examples/hc3 do what they say, and outlive what their names threaten."""

from __future__ import annotations

import json
from functools import partial

from tests.support.hc3_examples import Device, QuickAppTestCase
from tests.support.mqtt import Mosquitto


class ModbusTests(QuickAppTestCase):
    async def begin(self, port: int, patience: float = 0.05) -> None:
        await self.quickapp(
            "modbus_meter.lua", port=port, interval=0.05, patience=patience
        )

    async def test_children_show_what_the_meter_measures(self) -> None:
        device = await self.device("modbus_meter.lua")
        await self.begin(device.port, patience=10)
        await self.until(lambda: self.value("Power") == -350)
        await self.until(lambda: self.value("Energy") == 42.0)
        self.assertEqual(self.properties("Energy")["unit"], "kWh")
        self.call("Relay", "turnOn")
        await self.until(lambda: self.value("Power") == 1200)
        self.assertIs(self.value("Relay"), True)
        self.assertEqual(self.view("state"), "read, 0 sent again")

    async def test_lost_answers_are_asked_for_again(self) -> None:
        device = await self.device("modbus_meter.lua", 3)
        await self.begin(device.port)
        await self.until(lambda: self.value("Power") == -350)
        self.call("Relay", "turnOn")
        await self.until(lambda: self.value("Power") == 1200)
        await self.until(lambda: self.view("state") > "read, 3")
        self.assertEqual([each.text for each in self.logged], [])

    async def test_a_meter_that_answers_nothing_and_one_that_starts_again(self) -> None:
        device = await self.device("modbus_meter.lua", 1)
        await self.begin(device.port, patience=0.01)
        await self.until(lambda: self.view("state") == "no answer")
        await device.stop()
        await self.until(lambda: self.view("state") == "Connection refused")
        await device.start()
        await self.until(lambda: self.value("Power") == -350)
        self.assertEqual(self.errors, [])


class LineTests(QuickAppTestCase):
    async def begin(self, port: int, interval: float = 10) -> None:
        await self.quickapp(
            "line_receiver.lua", port=port, interval=interval, retry=0.01
        )

    async def test_zones_are_children(self) -> None:
        """Actions, the view, and a remote control: all of them are seen."""
        device = await self.device("line_receiver.lua")
        await self.begin(device.port)
        await self.until(lambda: self.value("Living room") == 40)
        self.call("Kitchen", "setValue", 25)
        await self.until(lambda: self.value("Kitchen") == 25)
        await self.until(lambda: self.properties("Kitchen")["state"])
        self.press("volume", "onChanged", 30)
        await self.until(lambda: self.value("Kitchen") == 30)
        await self.remote_control(device.port, "ZONE 1 VOLUME 55")
        await self.until(lambda: self.value("Living room") == 55)
        self.press("off")
        await self.until(lambda: not self.properties("Kitchen")["state"])
        self.assertEqual((self.logged, self.errors), ([], []))

    async def remote_control(self, port: int, line: str) -> None:
        await self.runtime.run_string(
            f"""
            local socket = net.TCPSocket()
            socket:connect("127.0.0.1", {port}, {{
                success = function()
                    socket:write("{line}\\r", {{ success = function() socket:close() end }})
                end,
                error = error,
            }})
            """,
            "@test.lua",
        )

    async def test_what_the_receiver_refuses_is_told_and_others_go_on(self) -> None:
        device = await self.device("line_receiver.lua")
        await self.begin(device.port)
        await self.until(lambda: self.value("Living room") == 40)
        self.call("Living room", "setValue", 300)
        self.call("Living room", "setValue", 50)
        await self.until(lambda: self.value("Living room") == 50)
        self.assertTrue(self.said("refuses ZONE 1 VOLUME 300: ERROR volumes"))

    async def test_a_receiver_that_starts_again(self) -> None:
        """Its children are the same ones; so they are when the QuickApp starts anew."""
        device = await self.device("line_receiver.lua")
        await self.begin(device.port)
        await self.until(lambda: self.value("Living room") == 40)
        numbers = [each.id for each in self.children]
        await device.stop()
        await self.until(lambda: self.said("Connection refused"))
        self.call("Kitchen", "turnOn")
        await self.until(lambda: self.said("nobody is told: ZONE 2 POWER ON"))
        await device.start()
        await self.until(lambda: self.view("state") == "connected")
        self.call("Living room", "setValue", 41)
        await self.until(lambda: self.value("Living room") == 41)
        await self.restart()
        await self.until(lambda: self.view("state") == "connected")
        self.call("Living room", "setValue", 42)
        await self.until(lambda: self.value("Living room") == 42)
        self.assertEqual([each.id for each in self.children], numbers)

    async def test_a_receiver_that_says_nothing(self) -> None:
        device = await self.device("line_receiver.lua", "deaf")
        await self.begin(device.port, interval=0.01)
        await self.until(lambda: self.view("state") == "no sign of life")
        await device.stop()
        await device.start()
        await self.until(lambda: self.value("Living room") == 40)
        self.assertEqual(self.errors, [])


class WebSocketTests(QuickAppTestCase):
    async def begin(self, port: int, **variables: object) -> None:
        await self.quickapp(
            "websocket_hub.lua",
            **{
                "url": f"ws://127.0.0.1:{port}/live",
                "token": "secret",
                "retry": 0.01,
                **variables,
            },
        )

    async def test_what_the_hub_pushes(self) -> None:
        device = await self.device("websocket_hub.lua")
        await self.begin(device.port)
        await self.until(lambda: self.value("Hall temperature") == 19.5)
        self.assertEqual(len(self.children), 3)
        self.call("Hall lamp", "turnOn")
        await self.until(lambda: self.value("Hall temperature") == 20)
        self.assertEqual(
            (self.value("Hall lamp"), self.value("Hall motion")), (True,) * 2
        )
        self.call("Hall motion", "turnOn")
        await self.until(lambda: self.said("Hall motion: the hub refuses: a sensor"))
        self.assertTrue(self.said("no message: hello, this is no JSON"))
        self.assertEqual(self.errors, [])

    async def test_a_hub_that_closes_and_one_that_starts_again(self) -> None:
        device = await self.device("websocket_hub.lua")
        await self.begin(device.port)
        await self.until(lambda: self.value("Hall temperature") == 19.5)
        numbers = [each.id for each in self.children]
        self.call("Hall lamp", "turnOn")
        await self.until(lambda: self.value("Hall temperature") == 20)
        self.call("Hall lamp", "turnOff")
        await self.until(lambda: self.said("Hall lamp: not known whether it was done"))
        await self.until(lambda: self.value("Hall lamp") is False)
        await device.stop()
        await self.until(lambda: self.said("Connection refused"))
        self.call("Hall lamp", "turnOn")
        await self.until(lambda: self.said("Hall lamp: the hub is not connected"))
        await device.start()
        await self.until(lambda: self.value("Hall temperature") == 19.5)
        self.assertEqual([each.id for each in self.children], numbers)
        self.assertEqual(self.errors, [])

    async def test_a_token_that_is_refused(self) -> None:
        """A new one, and a press: it is connected."""
        device = await self.device("websocket_hub.lua")
        await self.begin(device.port, token="old", retry=1000)
        await self.until(lambda: "401" in self.view("state"))
        await device.stop()
        await device.start("old")
        self.press("connect")
        await self.until(lambda: self.value("Hall temperature") == 19.5)
        self.assertEqual(self.errors, [])

    async def test_a_hub_that_falls_silent(self) -> None:
        device = await self.device("websocket_hub.lua")
        await self.begin(device.port, silence=0.02)
        await self.until(lambda: self.said("the hub says nothing"))
        self.logged.clear()
        await self.until(lambda: self.said("the hub says nothing"))
        self.assertEqual(self.value("Hall temperature"), 19.5)


WATCH = """
local client = mqtt.Client.connect("mqtt://127.0.0.1:%d", { cleanSession = true })
client:addEventListener("connected", function() client:subscribe("#") end)
client:addEventListener("message", function(event)
    print(event.topic .. " " .. event.payload)
end)
function say(topic, payload) client:publish(topic, payload) end
"""
"""Another program at the broker: prints what it has, and publishes."""


class MQTTTests(QuickAppTestCase):
    LAMPS = 200

    async def begin(self, broker: Mosquitto) -> None:
        """A house of many lamps and a sensor, a bridge, and somebody who watches."""
        self.lamps = [
            self.controller.add_device("com.fibaro.multilevelSwitch", f"Lamp {i}").id
            for i in range(self.LAMPS)
        ]
        self.motion = self.controller.add_device("com.fibaro.motionSensor", "Hall").id
        url = f"mqtt://127.0.0.1:{broker.port}"
        await self.quickapp("mqtt_bridge.lua", broker=url, retry=0.01)
        await self.until(lambda: self.view("state") == "403 messages published")

    async def watch(self, broker: Mosquitto) -> None:
        self.lines.clear()
        await self.runtime.run_string(WATCH % broker.port, "@watch.lua")

    async def heard(self, line: str) -> None:
        """The one who watches has heard this, by now or later."""
        while line.encode() not in self.lines:
            await self.line(len(self.lines) + 1)

    async def test_a_house_of_hundreds_of_devices(self) -> None:
        broker = await Mosquitto(self).start()
        await self.begin(broker)
        await self.watch(broker)
        await self.line(2 * self.LAMPS + 3)
        lamp = self.lamps[7]
        start = f"homeassistant/light/hc3_{lamp}/config ".encode()
        (said,) = [each for each in self.lines if each.startswith(start)]
        config = json.loads(said[len(start) :])
        self.assertEqual(
            (config["name"], config["brightness_command_topic"]),
            ("Lamp 7", f"hc3/{lamp}/set"),
        )
        await self.heard("hc3/status online")
        self.controller.devices[self.motion].set("value", True)
        await self.heard(f"hc3/{self.motion}/value ON")
        await self.runtime.call("say", f"hc3/{lamp}/set", "30")
        await self.heard(f"hc3/{lamp}/value 30")
        await self.runtime.call("say", f"hc3/{lamp}/set", "OFF")
        await self.heard(f"hc3/{lamp}/value 0")
        late = self.controller.add_device("com.fibaro.binarySwitch", "Late").id
        await self.heard(f"hc3/{late}/value OFF")
        self.controller.request("DELETE", f"/devices/{late}")
        await self.heard(f"homeassistant/switch/hc3_{late}/config ")
        self.assertEqual((self.logged, self.errors), ([], []))

    async def test_a_broker_that_goes_away_and_has_forgotten(self) -> None:
        broker = await Mosquitto(self).start()
        await self.begin(broker)
        await broker.stop()
        await self.until(lambda: self.said("no connection to the broker"))
        self.assertTrue(self.said("the broker is gone"))
        self.controller.devices[self.lamps[0]].set("value", 44)
        await broker.start()
        await self.until(lambda: self.view("state") == "403 messages published")
        await self.watch(broker)
        await self.heard(f"hc3/{self.lamps[0]}/value 44")
        # Somebody takes its name, which the broker takes for its end; it comes back.
        name = f"hc3-bridge-{self.main.id}"
        url = f"mqtt://127.0.0.1:{broker.port}"
        await self.runtime.run_string(
            f"mqtt.Client.connect('{url}', {{ clientId = '{name}' }})", "@other.lua"
        )
        await self.heard("hc3/status offline")
        self.lines.clear()
        await self.heard("hc3/status online")
        self.assertEqual(self.errors, [])

    async def test_home_assistant_that_starts(self) -> None:
        broker = await Mosquitto(self).start()
        await self.begin(broker)
        await self.watch(broker)
        await self.line(2 * self.LAMPS + 3)
        self.lines.clear()
        await self.runtime.call("say", "homeassistant/status", "online")
        await self.line(2 * self.LAMPS + 4)
        await self.runtime.call("say", f"hc3/{self.lamps[0]}/set", "what")
        await self.until(lambda: self.said("what is what?"))
        self.assertEqual(self.errors, [])


class HTTPTests(QuickAppTestCase):
    async def begin(self, port: int, **variables: object) -> None:
        variables = {"password": "secret", "retry": 0.01, **variables}
        await self.quickapp("http_heat_pump.lua", port=port, **variables)

    def target(self) -> object:
        return self.main.properties["heatingThermostatSetpoint"]

    def shows(self, target: int) -> bool:
        return self.target() == target

    async def panel(self, device: Device, state: str) -> None:
        """Somebody sets it where it stands."""
        await self.runtime.run_string(
            f"""
            net.HTTPClient():request("http://127.0.0.1:{device.port}/panel", {{
                options = {{ method = "PUT", data = '{state}' }},
                error = error,
            }})
            """,
            "@panel.lua",
        )

    async def test_events_the_panel_and_actions(self) -> None:
        device = await self.device("http_heat_pump.lua")
        await self.begin(device.port)
        await self.until(lambda: self.value("Pressure") == 6)
        self.assertEqual(self.value("Outside"), -3.5)
        await self.until(lambda: self.view("state") == "connected, 1 logins")
        self.assertEqual(self.main.properties["thermostatMode"], "Heat")
        await self.panel(device, '{"target": 23}')
        await self.until(lambda: self.target() == 23)
        self.main.call("setHeatingThermostatSetpoint", 18)
        await self.until(lambda: self.target() == 18)
        self.press("b2")
        await self.until(lambda: self.target() == 18.5)
        self.main.call("setThermostatMode", "Off")
        await self.until(lambda: self.main.properties["thermostatMode"] == "Off")
        self.main.call("setHeatingThermostatSetpoint", 99)
        await self.until(lambda: self.said('the pump refuses it: "5 to 30 degrees"'))
        self.assertEqual(self.errors, [])

    async def test_cookies_that_expire(self) -> None:
        """Each is good for two requests; none of them is lost."""
        device = await self.device("http_heat_pump.lua", 2)
        await self.begin(device.port)
        await self.until(lambda: self.value("Pressure") == 6)
        for target in range(15, 25):
            self.main.call("setHeatingThermostatSetpoint", target)
            await self.until(partial(self.shows, target))
        self.assertGreater(int(self.view("state").split()[1]), 7)
        self.assertEqual((self.logged, self.errors), ([], []))

    async def test_a_long_poll_that_nobody_answers(self) -> None:
        """It is asked anew, and what is set then is seen."""
        device = await self.device("http_heat_pump.lua", 6)
        await self.begin(device.port, patience=0.02)
        await self.until(lambda: self.target() == 20)
        await self.until(lambda: device.said.count("GET /api/changes?since=1") > 5)
        await self.panel(device, '{"target": 23}')
        await self.until(lambda: self.target() == 23)
        self.assertEqual((self.logged, self.errors), ([], []))

    async def test_a_pump_that_starts_again_and_has_another_password(self) -> None:
        device = await self.device("http_heat_pump.lua")
        await self.begin(device.port)
        await self.panel(device, '{"target": 23}')
        await self.until(lambda: self.target() == 23)
        await device.stop()
        await self.until(lambda: self.view("state") == "Connection refused")
        await device.start()
        await self.until(lambda: self.target() == 20)
        await device.stop()
        await device.start(1000, "other")
        await self.until(lambda: self.said("login refused, status 403"))
        self.assertEqual(self.errors, [])
