"""What a device does itself when its actions are called, where no QuickApp does it."""

from __future__ import annotations

from collections.abc import Callable

from eplua_twisted.hc3.device_types import is_a
from eplua_twisted.hc3.plain import Plain, Record, is_number, same
from eplua_twisted.hc3.routing import Refused

FULL = 99
"""The value of a dimmer or a shutter that is all on, or open."""

Changes = Record
"""The properties that an action sets."""

Act = Callable[[Record, list[Plain]], Changes]
"""Takes a device and the arguments."""


def _argument(arguments: list[Plain]) -> Plain:
    """@raise Refused: 400: there is none"""
    if not arguments:
        raise Refused(400, "the action needs an argument")
    return arguments[0]


def _number(arguments: list[Plain]) -> int | float:
    """
    A number, which may be in a string.

    @raise Refused: 400: it is none
    """
    value = _argument(arguments)
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            raise Refused(400, f"{value!r} is no number") from None
        return int(number) if number.is_integer() else number
    if isinstance(value, (int, float)) and is_number(value):
        return value
    raise Refused(400, "the action needs a number")


def _is_dimmed(device: Record) -> bool:
    kind = str(device["type"])
    return is_a(kind, "multilevelSwitch") or is_a(kind, "remoteMultilevelSwitch")


def _switch(device: Record, on: bool) -> Changes:
    if is_a(str(device["type"]), "multimedia"):
        return {"power": on, "state": "PLAYING" if on else "STOPPED"}
    value: Plain = on
    if _is_dimmed(device):
        value = FULL if on else 0
    return {"value": value, "state": on}


def _is_on(device: Record) -> bool:
    properties = device["properties"]
    assert isinstance(properties, dict)
    return bool(properties.get("value"))


def _level(device: Record, arguments: list[Plain]) -> Changes:
    kind = str(device["type"])
    if is_a(kind, "baseShutter"):
        level = min(max(_number(arguments), 0), FULL)
        return {"value": level, "state": _shutter_state(level)}
    if _is_dimmed(device):
        level = min(max(_number(arguments), 0), FULL)
        return {"value": level, "state": level > 0}
    return {"value": _argument(arguments)}


def _shutter_state(level: float) -> str:
    if level == 0:
        return "Closed"
    return "Opened" if level >= FULL else "PartiallyOpened"


def _shutter(level: int) -> Act:
    def act(device: Record, arguments: list[Plain]) -> Changes:
        changes: Changes = {"state": _shutter_state(level)}
        if is_a(str(device["type"]), "rollerShutter"):
            changes["value"] = level
        return changes

    return act


def _set(name: str) -> Act:
    """An action that sets a property to its argument."""
    return lambda device, arguments: {name: _argument(arguments)}


def _set_number(name: str) -> Act:
    return lambda device, arguments: {name: _number(arguments)}


def _fixed(**changes: Plain) -> Act:
    return lambda device, arguments: dict(changes)


def _setpoint(name: str) -> Act:
    """A mode, and the temperature that goes with it."""

    def act(device: Record, arguments: list[Plain]) -> Changes:
        return {"thermostatMode": _argument(arguments), name: _number(arguments[1:])}

    return act


def _components(device: Record, arguments: list[Plain]) -> Changes:
    given = _argument(arguments)
    if not isinstance(given, dict):
        raise Refused(400, "the action needs the components of a color")
    properties = device["properties"]
    assert isinstance(properties, dict)
    before = properties.get("colorComponents")
    components = {**before, **given} if isinstance(before, dict) else given
    shown = [components.get(name, 0) for name in ("red", "green", "blue", "white")]
    return {
        "colorComponents": components,
        "color": ",".join(str(each) for each in shown),
    }


def _color(device: Record, arguments: list[Plain]) -> Changes:
    names = ("red", "green", "blue", "white")
    given = arguments
    if len(arguments) == 1 and isinstance(arguments[0], str):
        given = [part.strip() for part in arguments[0].split(",")]
    components: Record = {
        name: _number([value]) for name, value in zip(names, given, strict=False)
    }
    return _components(device, [components])


ACTIONS: dict[str, Act] = {
    "turnOn": lambda device, arguments: _switch(device, True),
    "turnOff": lambda device, arguments: _switch(device, False),
    "toggle": lambda device, arguments: _switch(device, not _is_on(device)),
    "setValue": _level,
    "setPosition": _set("position"),
    "setColor": _color,
    "setColorComponents": _components,
    "open": _shutter(FULL),
    "close": _shutter(0),
    "stop": lambda device, arguments: (
        {"state": "STOPPED"} if is_a(str(device["type"]), "multimedia") else {}
    ),
    "play": _fixed(state="PLAYING"),
    "pause": _fixed(state="PAUSED"),
    "setVolume": _set_number("volume"),
    "setMute": lambda device, arguments: {
        "mute": not any(same(_argument(arguments), no) for no in (0, False, "0"))
    },
    "setTone": _set_number("tone"),
    "setDefaultTone": _set_number("defaultTone"),
    "setThermostatMode": _set("thermostatMode"),
    "setHeatingThermostatSetpoint": _set_number("heatingThermostatSetpoint"),
    "setCoolingThermostatSetpoint": _set_number("coolingThermostatSetpoint"),
    "setHeatingThermostatModeAndSetpoint": _setpoint("heatingThermostatSetpoint"),
    "setCoolingThermostatModeAndSetpoint": _setpoint("coolingThermostatSetpoint"),
    "secure": _fixed(secured=255, value=True),
    "unsecure": _fixed(secured=0, value=False),
    "setDoorLockMode": _set("doorLockMode"),
    "arm": _fixed(armed=True),
    "disarm": _fixed(armed=False, alarm=False),
    "reset": _fixed(value=0),
    "setDisabled": _set("disabled"),
    "setDefaultWateringTime": _set_number("defaultWateringTime"),
    "setHumidityThreshold": _set_number("humidityThreshold"),
    "startWatering": lambda device, arguments: _switch(device, True),
    "forceWatering": lambda device, arguments: _switch(device, True),
    # What every device has.
    "setIcon": _set("deviceIcon"),
    "enable": _fixed(),
    "disable": _fixed(),
}
"""What sets properties; the other actions of the types only leave an event."""


def perform(device: Record, name: str, arguments: list[Plain]) -> Changes:
    """
    @return: the properties to set
    @raise Refused: 400: the arguments are wrong
    """
    act = ACTIONS.get(name)
    return {} if act is None else act(device, arguments)
