"""Alarm partitions: arming them, and what breaches them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.hc3.collection import Collection, Shape
from eplua_twisted.hc3.device_types import is_a
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer, is_number, items, record
from eplua_twisted.hc3.routing import Refused, Request, Route

PARTITION = Shape(
    "alarmPartitions",
    "/alarms/v1/partitions",
    "partition",
    {
        "name": "",
        "armed": False,
        "breached": False,
        "armDelay": 0,
        "breachDelay": 0,
        "lastActionAt": 0,
        "secondsToArm": 0,
        "devices": [],
    },
    removed=204,
)

MAX_HISTORY = 1000
"""Entries of the history."""

MAX_DELAY = 3600
"""Seconds that arming, or telling of a breach, may be delayed."""


class Alarms(Collection):
    """The subject C{alarms/v1}."""

    def __init__(self, devices: Devices, clock: IReactorTime) -> None:
        super().__init__(devices.house, PARTITION)
        self._clock = clock
        self._arming: dict[int, Deadline] = {}
        self._breaching: dict[int, Deadline] = {}
        self._history: deque[Record] = deque(maxlen=MAX_HISTORY)
        devices.watchers.append(self._property_set)

    def routes(self) -> list[Route]:
        here, one = "/alarms/v1/partitions", "/alarms/v1/partitions/{id}"
        arm, disarm = "arm every partition", "disarm every partition"
        return [
            *super().routes(),
            Route("GET", f"{here}/breached", self._breached, "numbers of the breached"),
            Route(
                "POST", f"{here}/actions/tryArm", self._try_arm, "arm unless breached"
            ),
            Route("POST", f"{here}/actions/arm", self._arm, arm),
            Route("DELETE", f"{here}/actions/arm", self._disarm, disarm),
            Route("POST", f"{here}/actions/disarm", self._disarm, disarm),
            Route("DELETE", f"{here}/actions/disarm", self._disarm, disarm),
            Route(
                "POST", f"{one}/actions/tryArm", self._try_arm, "arm unless breached"
            ),
            Route("POST", f"{one}/actions/arm", self._arm, "arm it"),
            Route("DELETE", f"{one}/actions/arm", self._disarm, "disarm it"),
            Route("POST", f"{one}/actions/disarm", self._disarm, "disarm it"),
            Route("DELETE", f"{one}/actions/disarm", self._disarm, "disarm it"),
            Route("GET", "/alarms/v1/devices", self._devices, "what may breach them"),
            Route("GET", "/alarms/v1/history", self._list_history, "what has happened"),
        ]

    def remove(self, number: int, source: int | None = None) -> None:
        super().remove(number, source)
        self._forget(number)

    def _forget(self, number: int) -> None:
        """What was to happen to a partition does not."""
        for waiting in (self._arming, self._breaching):
            if number in waiting:
                waiting.pop(number).cancel()

    @property
    def delayed(self) -> int:
        """How many partitions wait for the end of a delay."""
        return len(self._arming) + len(self._breaching)

    def _after(self, delay: float, act: Callable[[], None]) -> Deadline:
        def over() -> None:
            act()
            self.house.settled()

        waiting = Deadline(self._clock, over)
        waiting.start(delay)
        return waiting

    # Arming.

    def set_armed(self, number: int, armed: bool, source: int | None = None) -> None:
        """
        Arm, after the partition's delay, or disarm.

        @raise Refused: 404: there is none
        """
        row = self.table.find(number)
        self._forget(number)
        delay = _seconds(row.get("armDelay"))
        if armed and delay and not row["armed"]:
            row["secondsToArm"] = delay
            act = partial(self._set_armed, number, True, source)
            self._arming[number] = self._after(delay, act)
        else:
            self._set_armed(number, armed, source)

    def _set_armed(self, number: int, armed: bool, source: int | None) -> None:
        self._arming.pop(number, None)
        row = self.table.find(number)
        row["secondsToArm"] = 0
        if row["armed"] == armed:
            return
        home = self._all_armed
        row.update(armed=armed, lastActionAt=self.house.now)
        self.house.dirty()
        self._tell("Armed", number, "armed", armed, source)
        if self._all_armed != home:
            self.house.events.tell(
                "HomeArmStateChangedEvent", {"newValue": self._all_armed}, source=source
            )
        if armed and self._breaching_devices(row):
            self._breach_soon(row)
        if not armed and row["breached"]:
            self._set_breached(number, False)

    @property
    def _all_armed(self) -> bool:
        return len(self.table) > 0 and all(bool(each["armed"]) for each in self.table)

    def _tell(
        self, what: str, number: int, field: str, value: bool, source: int | None = None
    ) -> None:
        data: Record = {"partitionId": number, field: value}
        self._history.append(
            {"timestamp": self.house.now, "type": f"Alarm{what}", **data}
        )
        self.house.events.tell(
            f"AlarmPartition{what}Event", data, ("alarmPartition", number), source
        )

    # Breaches.

    def _property_set(self, device_id: int, name: str, value: Plain) -> None:
        if name != "value" or value is not True:
            return
        for row in self.table:
            if (
                row["armed"]
                and not row["breached"]
                and device_id in items(row["devices"])
            ):
                self._breach_soon(row)

    def _breach_soon(self, row: Record) -> None:
        number = integer(row["id"]) or 0
        delay = _seconds(row.get("breachDelay"))
        if number in self._breaching:
            return
        if delay:
            act = partial(self._set_breached, number, True)
            self._breaching[number] = self._after(delay, act)
        else:
            self._set_breached(number, True)

    def _set_breached(self, number: int, breached: bool) -> None:
        self._breaching.pop(number, None)
        row = self.table.find(number)
        home = self._any_breached
        row["breached"] = breached
        self.house.dirty()
        self._tell("Breached", number, "breached", breached)
        if self._any_breached != home:
            self.house.events.tell("HomeBreachedEvent", {"breached": breached})

    @property
    def _any_breached(self) -> bool:
        return any(bool(each["breached"]) for each in self.table)

    def _breaching_devices(self, row: Record) -> list[Plain]:
        """The devices of a partition that would breach it now."""
        found: list[Plain] = []
        for number in items(row["devices"]):
            device = self.house.devices.get(integer(number))
            if device and record(device["properties"]).get("value") is True:
                found.append(device["id"])
        return found

    # The routes.

    def _chosen(self, request: Request) -> list[Record]:
        """The partition that a path names, or every one."""
        if "id" in request.parameters:
            return [self.table.find(request.number("id"))]
        return list(self.table)

    def _arm(self, request: Request) -> Answer:
        for row in self._chosen(request):
            self.set_armed(int(str(row["id"])), True, request.source)
        return 202, None

    def _disarm(self, request: Request) -> Answer:
        for row in self._chosen(request):
            self.set_armed(int(str(row["id"])), False, request.source)
        return 202, None

    def _try_arm(self, request: Request) -> Answer:
        rows = self._chosen(request)
        breached = {str(row["id"]): self._breaching_devices(row) for row in rows}
        found: Record = {number: each for number, each in breached.items() if each}
        if found:
            return 200, {"result": "armFailed", "breachedDevices": found}
        self._arm(request)
        delayed = any(row["secondsToArm"] for row in rows)
        return 202, {"result": "armDelayed" if delayed else "armed"}

    def _breached(self, request: Request) -> Answer:
        return 200, [each["id"] for each in self.table if each["breached"]]

    def _devices(self, request: Request) -> Answer:
        kinds = ("binarySensor", "alarmPartition")
        return 200, [
            each["id"]
            for each in self.house.devices
            if any(is_a(str(each["type"]), kind) for kind in kinds)
        ]

    def _list_history(self, request: Request) -> Answer:
        return 200, list(self._history)

    def modify(self, number: int, fields: Record, source: int | None = None) -> Record:
        for name in ("armDelay", "breachDelay"):
            _seconds(fields.get(name))
        kept = {
            name: value
            for name, value in fields.items()
            if name not in ("armed", "breached", "secondsToArm", "lastActionAt")
        }
        return super().modify(number, kept, source)

    def stop(self) -> None:
        """Nothing that waits happens."""
        for row in self.table:
            self._forget(int(str(row["id"])))


def _seconds(value: Plain) -> float:
    """
    A delay.

    @raise Refused: 400: it is none, or too long
    """
    if value is None:
        return 0.0
    if not isinstance(value, (int, float)) or not is_number(value):
        raise Refused(400, "a delay is a number of seconds")
    if not 0 <= value <= MAX_DELAY:
        raise Refused(400, f"a delay is from 0 to {MAX_DELAY} seconds")
    return float(value)
