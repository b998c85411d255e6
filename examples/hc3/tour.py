"""
The QuickApps beside this file, each with its device, which is simulated: prints what their
children and their views show.  Ends with 0 only if all of it worked.

C{tour.py [URI]}: where an MQTT broker is, if there is one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.task import react

from eplua_twisted import Runtime
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.python import DeviceView
from eplua_twisted.hc3.setup import Setup
from eplua_twisted.hc3.view_elements import shown_device
from eplua_twisted.hc3.view_text import device_text

HERE = Path(__file__).parent


def shown(app: DeviceView) -> list[str]:
    """What the children of a QuickApp show."""
    return [f"{each.name}: {each.value}" for each in app.children]


def view(app: DeviceView) -> list[str]:
    """The lines of a QuickApp's view, as C{eplua hc3 ui} prints them."""
    return [line.strip() for line in device_text(shown_device(app.data())).splitlines()]


class House:
    """A house with one QuickApp."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._runtimes: list[Runtime] = []
        self._waiting: Deferred[None] = Deferred()
        self.controller = SimulatedController(reactor)
        self.controller.subscribe(lambda event: self._changed())

    def _changed(self) -> None:
        waiting, self._waiting = self._waiting, Deferred()
        waiting.callback(None)

    async def device(self, name: str, *arguments: str) -> int:
        """@return: the port that the device listens on"""
        listens: Deferred[bytes] = Deferred()
        lines: list[bytes] = []

        def say(line: bytes) -> None:
            lines.append(line)
            if len(lines) == 1:
                listens.callback(line)

        runtime = Runtime(self._reactor, lua="5.3", output=say)
        self._runtimes.append(runtime)
        await runtime.run_file(str(HERE / "devices" / name), "0", *arguments)
        return int((await listens).split()[-1])

    async def quickapp(self, name: str, **variables: Any) -> DeviceView:
        """@return: its device"""
        setup = Setup(self.controller, variables=variables)
        runtime = Runtime(self._reactor, hc3=setup)
        self._runtimes.append(runtime)
        await runtime.run_file(str(HERE / name))
        return self.controller.devices[max(self._apps())]

    def _apps(self) -> list[int]:
        devices = self.controller.devices.values()
        return [
            each.id
            for each in devices
            if "viewLayout" in each.properties and not each.data()["parentId"]
        ]

    async def until(self, app: DeviceView, wanted: str) -> None:
        """Wait until the children, the view or the thermostat show this; 10 s at most."""
        while True:
            target = app.properties.get("heatingThermostatSetpoint")
            if wanted in [*shown(app), *view(app), f"Target: {target}"]:
                return
            await self._waiting.addTimeout(10, self._reactor)

    async def stop(self) -> None:
        # The QuickApps before their devices, which they would miss.
        for each in reversed(self._runtimes):
            await each.stop()


async def modbus(house: House, broker: str) -> list[str]:
    port = await house.device("modbus_meter.lua", "3")
    app = await house.quickapp(
        "modbus_meter.lua", host="127.0.0.1", port=port, interval=0.05, patience=0.05
    )
    await house.until(app, "Power: -350")
    relay = next(each for each in app.children if each.name == "Relay")
    relay.call("turnOn")
    await house.until(app, "Power: 1200")
    return [*shown(app), *view(app)]


async def lines(house: House, broker: str) -> list[str]:
    port = await house.device("line_receiver.lua")
    app = await house.quickapp("line_receiver.lua", host="127.0.0.1", port=port)
    await house.until(app, "Living room: 40")
    house.controller.press(app.id, "volume", "onChanged", 30)
    await house.until(app, "Living room: 30")
    await house.until(app, "Kitchen: 30")
    return [*shown(app), *view(app)]


async def websocket(house: House, broker: str) -> list[str]:
    port = await house.device("websocket_hub.lua")
    url = f"ws://127.0.0.1:{port}/live"
    app = await house.quickapp("websocket_hub.lua", url=url, token="secret")
    await house.until(app, "Hall temperature: 19.5")
    next(each for each in app.children if each.name == "Hall lamp").call("turnOn")
    await house.until(app, "Hall temperature: 20.0")
    return shown(app)


async def mqtt(house: House, broker: str) -> list[str]:
    for number in range(100):
        house.controller.add_device("com.fibaro.binarySwitch", f"Lamp {number}")
    app = await house.quickapp("mqtt_bridge.lua", broker=broker)
    await house.until(app, "201 messages published")
    return view(app)


async def http(house: House, broker: str) -> list[str]:
    port = await house.device("http_heat_pump.lua", "2")
    app = await house.quickapp(
        "http_heat_pump.lua", host="127.0.0.1", port=port, password="secret", retry=0.05
    )
    await house.until(app, "Pressure: 6")
    await house.until(app, "Target: 20")
    for target in ("20.5", "21.0", "21.5", "22.0"):
        house.controller.press(app.id, "b2", "onReleased")
        await house.until(app, f"Target: {target}")
    return [*shown(app), *view(app)]


async def tour(reactor: Any, broker: str) -> None:
    failed = 0
    for name, step in (
        ("Modbus over TCP, each third answer is lost", modbus),
        ("lines over TCP, a slider is moved", lines),
        ("a WebSocket with a token, a lamp is switched on", websocket),
        ("MQTT discovery of a hundred lamps", mqtt),
        ("HTTP with cookies that expire, and events", http),
    ):
        if step is mqtt and not broker:
            print("skipped MQTT: no broker (name one: tour.py mqtt://HOST)")
            continue
        house = House(reactor)
        try:
            said = await step(house, broker)
            print(f"ok      QuickApp: {name}")
            print("".join(f"          {line}\n" for line in said), end="")
        except TimeoutError:
            failed += 1
            print(f"FAILED  QuickApp: {name}")
        finally:
            await house.stop()
    sys.exit(failed)


def main(broker: str = "") -> None:
    react(lambda reactor: Deferred.fromCoroutine(tour(reactor, broker)))


main(*sys.argv[1:2])
