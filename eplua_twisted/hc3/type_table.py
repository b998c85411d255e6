"""The types of devices as data: what each adds to the type that it is based on."""

from __future__ import annotations

from dataclasses import dataclass, field

from eplua_twisted.hc3.plain import Record


@dataclass(frozen=True)
class DeviceType:
    """
    @ivar base: the type it is based on, without C{com.fibaro.}
    @ivar properties: what it adds, with their first values
    @ivar actions: what it adds, and how many arguments each takes
    @ivar interfaces: what it adds
    """

    base: str = "device"
    properties: Record = field(default_factory=dict)
    actions: dict[str, int] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()


_T = DeviceType


def _kind(role: str, category: str = "", control: int = 0) -> Record:
    kind: Record = {"deviceRole": role}
    if category:
        kind["categories"] = [category]
    if control:
        kind["deviceControlType"] = control
    return kind


def _sensor(role: str, category: str = "other", unit: str = "") -> Record:
    return _kind(role, category) | {"unit": unit}


_SETPOINTS: dict[str, Record] = {
    name: {
        f"{name}ThermostatSetpoint": 0,
        f"{name}ThermostatSetpointCapabilitiesMin": 4,
        f"{name}ThermostatSetpointCapabilitiesMax": 30,
        f"{name}ThermostatSetpointFuture": 0,
        f"{name}ThermostatSetpointStep": {"C": 0.5, "F": 1},
    }
    for name in ("heating", "cooling")
}
_MODES: Record = {
    "supportedThermostatModes": [],
    "thermostatMode": "",
    "thermostatModeFuture": "",
    "thermostatModeManufacturerData": [],
}
_HEAT = {"setHeatingThermostatSetpoint": 1, "setHeatingThermostatModeAndSetpoint": 1}
_COOL = {"setCoolingThermostatSetpoint": 1, "setCoolingThermostatModeAndSetpoint": 1}
_SET_MODE = {"setThermostatMode": 1}
_HEATING, _COOLING = "heatingThermostatSetpoint", "coolingThermostatSetpoint"
_MODE = "thermostatMode"
_COLORS = {
    "setColor": 1,
    "setColorComponents": 1,
    "startColorEnhancement": 1,
    "startColorFade": 1,
    "stopColorChange": 1,
}
_POSITION: Record = {
    "name": "FavoritePosition1",
    "label": "Favorite position",
    "value": 50,
}

DEVICE: Record = {
    "apiVersion": "1.3",
    "buildNumber": 1,
    "categories": ["other"],
    "dead": False,
    "deadReason": "",
    "deviceControlType": 1,
    "deviceIcon": 389,
    "deviceRole": "Other",
    "icon": {"path": "", "source": "HC"},
    "log": "",
    "logTemp": "",
    "manufacturer": "",
    "model": "",
    "saveLogs": True,
    "supportedDeviceRoles": ["Other"],
    "userDescription": "",
}
"""The properties of every device."""

QUICKAPP: Record = {
    "encrypted": False,
    "initialInterfaces": [],
    "quickAppUuid": "",
    "quickAppVariables": [],
    "typeTemplateInitialized": True,
    "uiCallbacks": [],
    "uiView": [],
    "useEmbededView": True,
    "useUiView": True,
    "viewLayout": {
        "$jason": {
            "body": {
                "header": {"style": {"height": "0"}, "title": "quickApp_device"},
                "sections": {"items": []},
            },
            "head": {"title": "quickApp_device"},
        }
    },
}
"""The properties of QuickApps and their children beside those of L{DEVICE}."""

TYPES: dict[str, DeviceType] = {
    "device": _T("", DEVICE),
    # What does something.
    "actor": _T(),
    "binarySwitch": _T(
        "actor",
        _kind("Light", "lights", 2)
        | {
            "value": False,
            "state": False,
            "isLight": True,
            "autoOffDefaultTime": 900,
            "autoOffTimestamp": 0,
            "supportedDeviceRoles": ["Light", "Valve", "Fan", "Other"],
        },
        {"turnOn": 0, "turnOff": 0, "toggle": 0, "setAutoOff": 0},
        ("autoTurnOff", "light"),
    ),
    "multilevelSwitch": _T(
        "binarySwitch", {"value": 0}, {"setValue": 1}, ("levelChange",)
    ),
    "colorController": _T(
        "multilevelSwitch",
        _kind("Rgb", control=51) | {"color": "", "colorComponents": {}},
        _COLORS,
    ),
    "multiPositionSwitch": _T(
        "binarySwitch", {"position": "", "availablePositions": []}, {"setPosition": 1}
    ),
    "sprinkler": _T(
        "binarySwitch",
        _kind("Drencher", "climate")
        | {
            "humidity": 0,
            "humidityThreshold": 0,
            "defaultWateringTime": 1800,
            "wateringEndTimestamp": 0,
        },
        {
            "startWatering": 0,
            "forceWatering": 0,
            "setDefaultWateringTime": 1,
            "setHumidityThreshold": 1,
        },
    ),
    "soundSwitch": _T(
        "actor",
        {
            "value": False,
            "volume": 0,
            "tone": 0,
            "defaultTone": 0,
            "supportedTones": [],
        },
        {"turnOn": 0, "turnOff": 0, "setTone": 1, "setDefaultTone": 1, "setVolume": 1},
    ),
    "genericZwaveDevice": _T("device", {"value": False}, {"turnOn": 0, "turnOff": 0}),
    "baseShutter": _T(
        "actor",
        _kind("BlindsWithoutPositioning", "gates", 60) | {"state": "Unknown"},
        {"open": 0, "close": 0, "stop": 0},
    ),
    "rollerShutter": _T(
        "baseShutter",
        _kind("BlindsWithPositioning", "blinds", 53)
        | {
            "value": 0,
            "calculatedState": "Unknown",
            "favoritePositions": [_POSITION],
            "favoritePositionsNativeSupport": False,
        },
        {"setValue": 1, "setFavoritePosition": 1, "configureFavoritePositions": 1},
        ("favoritePosition",),
    ),
    "barrier": _T(
        "actor", _kind("GateWithPositioning", "gates") | {"state": "Unknown"}
    ),
    # Remote controls.
    "remoteController": _T(
        "actor",
        _kind("Other", "remotes") | {"centralSceneSupport": []},
        interfaces=("zwaveCentralScene",),
    ),
    "remoteSceneController": _T("remoteController"),
    "remoteSwitch": _T("actor", {"value": False}),
    "remoteBaseShutter": _T(
        "actor",
        _kind("BlindsWithoutPositioning", "gates"),
        {"open": 0, "close": 0, "stop": 0},
    ),
    "remoteMultilevelSwitch": _T(
        "remoteSwitch",
        _kind("Light", "lights", 2) | {"value": 0, "isLight": True},
        {"turnOn": 0, "turnOff": 0, "toggle": 0, "setValue": 1},
        ("light",),
    ),
    "remoteColorController": _T("remoteMultilevelSwitch", _kind("Rgb"), _COLORS),
    # What tells yes or no.
    "sensor": _T(),
    "accelerometer": _T("sensor", {"value": {"x": 0, "y": 0, "z": 0}}),
    "binarySensor": _T(
        "sensor",
        _kind("BinarySensor") | {"value": False, "lastBreached": 0},
        interfaces=("fibaroBreach",),
    ),
    "securitySensor": _T("binarySensor", _kind("SecuritySensor", "security")),
    "motionSensor": _T("securitySensor", _kind("MotionSensor")),
    "presenceSensor": _T("securitySensor", _kind("PresenceSensor")),
    "doorWindowSensor": _T("securitySensor", _kind("OpeningSensor")),
    "doorSensor": _T("doorWindowSensor"),
    "windowSensor": _T("doorWindowSensor"),
    "rollerShutterSensor": _T("doorWindowSensor", _kind("PositionSensor", "blinds")),
    "lifeDangerSensor": _T("binarySensor", _kind("SafetySensor", "safety")),
    "floodSensor": _T("lifeDangerSensor", _kind("LeakDetector")),
    "waterLeakSensor": _T("floodSensor"),
    "fireDetector": _T("lifeDangerSensor", _kind("FireDetector")),
    "heatDetector": _T("lifeDangerSensor", _kind("HeatDetector") | {"state": "Normal"}),
    "gasDetector": _T("lifeDangerSensor", _kind("GasDetector")),
    "smokeSensor": _T("gasDetector", _kind("SmokeSensor")),
    "coDetector": _T("gasDetector", _kind("CODetector")),
    "rainDetector": _T("binarySensor", _kind("RainSensor", "safety")),
    # What tells how much.
    "multilevelSensor": _T(
        "sensor", _sensor("MultilevelSensor") | {"value": 0, "lastChanged": 0}
    ),
    "temperatureSensor": _T(
        "multilevelSensor",
        _sensor("TemperatureSensor", "climate", "C")
        | {"offset": 0, "showFireAlarm": True, "showFreezeAlarm": False},
    ),
    "humiditySensor": _T("multilevelSensor", _sensor("HumiditySensor", "climate", "%")),
    "lightSensor": _T("multilevelSensor", _sensor("LightSensor", "other", "lux")),
    "rainSensor": _T("multilevelSensor", _sensor("RainSensor", "safety", "mm/h")),
    "windSensor": _T("multilevelSensor", _sensor("WindSensor", "safety", "m/s")),
    "seismometer": _T("multilevelSensor", _sensor("Other", "safety")),
    "powerSensor": _T(
        "multilevelSensor",
        _sensor("Other")
        | {"power": 0, "showEnergy": True, "includeInEnergyPanel": True},
        interfaces=("power",),
    ),
    "meter": _T(
        "multilevelSensor",
        _sensor("Meter") | {"rateType": "consumption"},
        {"reset": 0},
    ),
    "electricMeter": _T("meter", _kind("ElectricMeter")),
    "energyMeter": _T(
        "electricMeter",
        _sensor("EnergyMeter", unit="kWh")
        | {"storeEnergyData": True, "saveToEnergyPanel": True},
    ),
    "powerMeter": _T(
        "electricMeter",
        _sensor("PowerMeter", unit="W") | {"includeInEnergyPanel": True},
    ),
    "gasMeter": _T("meter", _kind("GasMeter")),
    "waterMeter": _T("meter", _kind("WaterMeter")),
    "heatingMeter": _T("meter", _kind("HeatingMeter")),
    "coolingMeter": _T("meter", _kind("CoolingMeter")),
    # Climate.
    "hvacSystem": _T(
        "device", _kind("Other", "climate") | {"unit": "C", "setpointExpiryDate": 0}
    ),
    "hvacSystemHeat": _T(
        "hvacSystem",
        _MODES | _SETPOINTS["heating"],
        _HEAT | _SET_MODE,
        (_HEATING, _MODE),
    ),
    "hvacSystemCool": _T(
        "hvacSystem",
        _MODES | _SETPOINTS["cooling"],
        _COOL | _SET_MODE,
        (_COOLING, _MODE),
    ),
    "hvacSystemAuto": _T(
        "hvacSystem",
        _MODES | _SETPOINTS["heating"] | _SETPOINTS["cooling"],
        _HEAT | _COOL | _SET_MODE,
        (_COOLING, _HEATING, _MODE),
    ),
    "thermostatDanfoss": _T(
        "hvacSystem",
        _MODES | {"climatePanelTimestamp": 0},
        _SET_MODE
        | {
            "setClimatePanelOverrideSchedule": 1,
            "removeClimatePanelOverrideSchedule": 0,
        },
        ("climatePanelExtension", _MODE),
    ),
    "thermostatHorstmann": _T("thermostatDanfoss"),
    "weather": _T(
        "device",
        {
            "ConditionCode": 3200,
            "Humidity": 0,
            "Temperature": 0,
            "WeatherCondition": "unavailable",
            "Wind": 0,
        },
    ),
    # Sound and picture.
    "multimedia": _T(
        "device",
        _kind("Other", "multimedia")
        | {"volume": 0, "mute": False, "power": False, "state": ""},
        {"turnOn": 0, "turnOff": 0, "setVolume": 1, "setMute": 1},
    ),
    "player": _T(
        "multimedia", actions={"play": 0, "pause": 0, "stop": 0, "next": 0, "prev": 0}
    ),
    "receiver": _T(
        "multimedia", actions={"play": 0, "pause": 0, "stop": 0, "next": 0, "prev": 0}
    ),
    # Security.
    "securityMonitoring": _T("device", _kind("Other", "security")),
    "doorLock": _T(
        "securityMonitoring",
        {
            "value": False,
            "secured": 0,
            "doorLockMode": "",
            "availableDoorLockModes": [],
            "supportedDoorLockModes": [],
        },
        {"secure": 0, "unsecure": 0, "setDoorLockMode": 1},
    ),
    "alarmPartition": _T(
        "securityMonitoring", {"alarm": False, "armed": False}, {"arm": 0, "disarm": 0}
    ),
    "satelZone": _T(
        "securitySensor", {"alarm": False, "tamper": False}, {"setDisabled": 1}
    ),
    "camera": _T(
        "securityMonitoring", {"displayOnMainPage": 1}, {"sendPhotoToUser": 1}
    ),
    "ipCamera": _T(
        "camera",
        {"ip": "", "username": "", "password": "", "jpgPath": "", "refreshTime": 3},
        {"moveLeft": 0, "moveRight": 0, "moveUp": 0, "moveDown": 0, "moveStop": 0},
    ),
    "intercom": _T("securityMonitoring"),
    # All else.
    "alarm": _T(),
    "deviceController": _T(),
    "genericDevice": _T(),
    "zwavePrimaryController": _T(),
    "iOS_device": _T("device", {"lastLoggedUser": 0, "pushEnabled": True}),
}
"""By their names without C{com.fibaro.}"""
