"""All subjects of the REST API, and the routing table that they make together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from eplua_twisted.hc3.alarms import Alarms
from eplua_twisted.hc3.collection import Collection
from eplua_twisted.hc3.device_routes import DeviceRoutes
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.energy import Energy
from eplua_twisted.hc3.first_house import Sun
from eplua_twisted.hc3.messages import Messages
from eplua_twisted.hc3.notifications import Notifications
from eplua_twisted.hc3.panels import SHAPES, Climate, Sprinklers
from eplua_twisted.hc3.plugin_routes import PluginRoutes
from eplua_twisted.hc3.profiles import Profiles
from eplua_twisted.hc3.proxy import Proxy
from eplua_twisted.hc3.quickapp_routes import QuickAppRoutes
from eplua_twisted.hc3.quickapps import QuickApps
from eplua_twisted.hc3.rooms import Rooms, Sections
from eplua_twisted.hc3.routing import Route
from eplua_twisted.hc3.scenes import Scenes
from eplua_twisted.hc3.settings import Settings
from eplua_twisted.hc3.system import System
from eplua_twisted.hc3.variables import CustomEvents, GlobalVariables

if TYPE_CHECKING:
    from eplua_twisted.hc3.fetch import Fetch


class Subjects:
    """
    The subjects that nobody but the routing table, and the Python API, needs by name.

    @ivar sun: knows when the sun rises
    """

    def __init__(
        self,
        devices: Devices,
        quickapps: QuickApps,
        scenes: Scenes,
        alarms: Alarms,
        fetch: Fetch | None,
    ) -> None:
        house = devices.house
        settings = Settings(house)
        self.sun = Sun(house, devices, settings)
        self.variables = GlobalVariables(house)
        self.custom_events = CustomEvents(house)
        self.notifications = Notifications(house)
        self.profiles = Profiles(devices, scenes, alarms)
        self.messages = Messages(house)
        self.system = System(house)
        self._all = (
            DeviceRoutes(devices),
            PluginRoutes(quickapps),
            QuickAppRoutes(quickapps),
            self.variables,
            self.custom_events,
            Rooms(house, devices),
            Sections(house),
            scenes,
            self.profiles,
            alarms,
            settings,
            Climate(house),
            Sprinklers(house),
            self.notifications,
            self.messages,
            Energy(house),
            self.system,
            Proxy(fetch),
            house.events,
        )
        self._lists = [Collection(house, shape) for shape in SHAPES]

    def routes(self) -> Iterator[Route]:
        """The whole routing table, subject after subject."""
        for subject in self._all:
            yield from subject.routes()
        for each in self._lists:
            yield from each.routes()
