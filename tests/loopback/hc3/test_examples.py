"""The QuickApps of examples/hc3 do what they say, and outlive what their names threaten."""

from __future__ import annotations

from tests.support.hc3_examples import QuickAppTestCase


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
