"""A simulated controller as Python programs and their tests use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.plain import Plain, Record, record
from eplua_twisted.hc3.routing import Refused


class DeviceView:
    """
    A device.  What is read is a copy; L{set} and L{call} change it.

    @ivar id: its number
    """

    def __init__(self, devices: Devices, device_id: int) -> None:
        self._devices = devices
        self.id = device_id

    def __repr__(self) -> str:
        return f"<device {self.id} {self.name!r} {self.type}>"

    @property
    def _device(self) -> Record:
        """@raise OperationError: C{state}: it was removed"""
        found = self._devices.house.devices.get(self.id)
        if found is None:
            raise OperationError("state", f"there is no device {self.id}")
        return found

    @property
    def name(self) -> str:
        return str(self._device["name"])

    @property
    def type(self) -> str:
        """As HC3 writes it, C{com.fibaro.binarySwitch}."""
        return str(self._device["type"])

    @property
    def properties(self) -> Record:
        """All properties, by name."""
        return record(copied(self._device["properties"]))

    @property
    def value(self) -> Plain:
        """The property C{value}; C{None} if it has none."""
        return self.properties.get("value")

    @property
    def children(self) -> list[DeviceView]:
        """The children of a QuickApp's device."""
        return [
            DeviceView(self._devices, int(str(each["id"])))
            for each in self._devices.children(self.id)
        ]

    def data(self) -> Record:
        """All of it, as the REST API tells it."""
        return record(copied(self._device))

    def set(self, name: str, value: Plain) -> None:
        """Set a property, as hardware does: who listens is told."""
        assert self._device
        self._devices.set_property(self.id, name, copied(value))

    def call(self, action: str, *arguments: Plain) -> None:
        """
        Call an action: the QuickApp gets it later, a device without one does it now.

        @raise OperationError: C{state}: it has no such action, or not with these
        """
        assert self._device
        try:
            self._devices.call(self.id, action, [copied(each) for each in arguments])
        except Refused as refused:
            raise OperationError("state", refused.message) from None


class DeviceViews(Mapping[int, DeviceView]):
    """All devices, by their numbers."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    def __getitem__(self, device_id: int) -> DeviceView:
        if self._devices.house.devices.get(device_id) is None:
            raise KeyError(device_id)
        return DeviceView(self._devices, device_id)

    def __iter__(self) -> Iterator[int]:
        for each in self._devices.house.devices:
            yield int(str(each["id"]))

    def __len__(self) -> int:
        return len(self._devices.house.devices)

    def named(self, name: str) -> DeviceView:
        """
        The first device of that name.

        @raise KeyError: there is none
        """
        for each in self.values():
            if each.name == name:
                return each
        raise KeyError(name)
