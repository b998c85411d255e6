"""C{/plugins}: what QuickApps ask of the box for themselves."""

from __future__ import annotations

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.device_types import PREFIX
from eplua_twisted.hc3.hosts import UI_ACTION
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer, items, record, text, texts
from eplua_twisted.hc3.quickapps import QuickApps
from eplua_twisted.hc3.routing import Refused, Request, Route
from eplua_twisted.hc3.type_table import TYPES

EVENTS = frozenset(
    (
        "centralSceneEvent",
        "sceneActivationEvent",
        "accessControlEvent",
        "zwaveAlarmEvent",
        "videoGateIncomingCallEvent",
        "userEvent",
    )
)
"""What C{plugins/publishEvent} may tell, as HC3 writes it, with a small letter."""


class PluginRoutes:
    """The subject C{plugins} of the REST API."""

    def __init__(self, quickapps: QuickApps) -> None:
        self._quickapps = quickapps
        self._devices = quickapps.devices
        self._house = quickapps.house

    def routes(self) -> list[Route]:
        one = "/plugins/{id}/variables"
        return [
            Route("GET", "/plugins", self._list, "the QuickApps"),
            Route("GET", "/plugins/installed", self._installed, "installed plugins"),
            Route("GET", "/plugins/types", self._types, "the types that they may have"),
            Route("GET", "/plugins/ipCameras", self._none, "the models of cameras"),
            Route("GET", "/plugins/getView", self._view, "the view of `id`"),
            Route(
                "POST", "/plugins/updateView", self._update_view, "change an element"
            ),
            Route("POST", "/plugins/updateProperty", self._update, "set a property"),
            Route("POST", "/plugins/createChildDevice", self._add_child, "add a child"),
            Route(
                "DELETE",
                "/plugins/removeChildDevice/{id}",
                self._remove_child,
                "remove a child",
            ),
            Route("POST", "/plugins/restart", self._restart, "start a QuickApp anew"),
            Route("POST", "/plugins/publishEvent", self._publish, "publish an event"),
            Route("GET", "/plugins/callUIEvent", self._ui_event, "use an element"),
            Route("POST", "/plugins/callUIEvent", self._ui_event, "use an element"),
            Route("POST", "/plugins/interfaces", self._interfaces, "add or take away"),
            Route("GET", "/plugins/{id}", self._get, "a QuickApp"),
            Route("GET", one, self._variables, "what a QuickApp has stored"),
            Route("POST", one, self._add_variable, "store something new"),
            Route("DELETE", one, self._remove_variables, "forget all of it"),
            Route("GET", f"{one}/{{name}}", self._variable, "one of them"),
            Route("PUT", f"{one}/{{name}}", self._set_variable, "change it"),
            Route("DELETE", f"{one}/{{name}}", self._remove_variable, "forget it"),
        ]

    def _list(self, request: Request) -> Answer:
        return 200, [
            each
            for each in self._house.devices
            if "quickApp" in texts(each["interfaces"]) and not each["parentId"]
        ]

    def _none(self, request: Request) -> Answer:
        return 200, []

    def _installed(self, request: Request) -> Answer:
        kinds = {str(each["type"]) for each in self._house.devices if each["isPlugin"]}
        return 200, [{"type": each} for each in sorted(kinds)]

    def _types(self, request: Request) -> Answer:
        return 200, [{"type": PREFIX + each, "label": each} for each in TYPES]

    def _get(self, request: Request) -> Answer:
        return 200, self._quickapps.find(request.number("id"))

    # The view.

    def _view(self, request: Request) -> Answer:
        device = self._devices.find(integer(request.query.get("id")))
        return 200, record(device["properties"]).get("viewLayout")

    def _update_view(self, request: Request) -> Answer:
        fields = request.fields
        device = self._device(fields)
        component = text(fields.get("componentName"))
        name = text(fields.get("propertyName"))
        if not component or not name:
            raise Refused(400, "componentName and propertyName are needed")
        value = fields.get("newValue")
        properties = record(device["properties"])
        for view in ("viewLayout", "uiView"):
            _set_element(properties.get(view), component, name, value)
        self._house.dirty()
        self._house.events.tell(
            "PluginChangedViewEvent",
            {
                "deviceId": device["id"],
                "componentName": component,
                "propertyName": name,
                "newValue": copied(value),
                "pluginType": device["type"],
            },
            ("device", device["id"]),
            request.source,
        )
        return 200, None

    def _ui_event(self, request: Request) -> Answer:
        fields: Record = dict(request.fields)
        query: Record = dict(request.query)
        given = {**query, **fields}
        given.setdefault("deviceId", given.get("deviceID"))
        device = self._device(given)
        number = int(str(device["id"]))
        element, kind = text(given.get("elementName")), text(given.get("eventType"))
        if not element or not kind:
            raise Refused(400, "elementName and eventType are needed")
        value = given.get("value")
        values = given.get("values", [] if value is None else [value])
        event: Record = {
            "deviceId": number,
            "elementName": element,
            "eventType": kind,
            "values": values if isinstance(values, list) else [values],
        }
        root = self._devices.root(device)
        if root in self._devices.hosts:
            self._devices.hosts.ui_event(root, number, event)
        else:
            # It runs elsewhere: its stand-in on a box tells it so.
            arguments = [kind, element, *items(event["values"])]
            self._devices.call(number, UI_ACTION, arguments, request.source)
        return 200, None

    # Properties, interfaces, children.

    def _device(self, fields: Record) -> Record:
        """
        The device of C{deviceId}.

        @raise Refused: 400: there is no number; 404: there is no such device
        """
        number = integer(fields.get("deviceId"))
        if number is None:
            raise Refused(400, "deviceId is needed")
        return self._devices.find(number)

    def _update(self, request: Request) -> Answer:
        fields = request.fields
        device = self._device(fields)
        name = text(fields.get("propertyName"))
        if not name:
            raise Refused(400, "propertyName is needed")
        number = int(str(device["id"]))
        self._devices.set_property(number, name, fields.get("value"), request.source)
        return 200, None

    def _interfaces(self, request: Request) -> Answer:
        fields = request.fields
        device = self._device(fields)
        action = fields.get("action")
        if action not in ("add", "delete", "remove"):
            raise Refused(400, "action has to be add or delete")
        names = texts(fields.get("interfaces"))
        number = int(str(device["id"]))
        self._devices.change_interfaces(number, names, action == "add")
        return 200, None

    def _add_child(self, request: Request) -> Answer:
        return 200, self._quickapps.add_child(request.fields, request.source)

    def _remove_child(self, request: Request) -> Answer:
        number = request.number("id")
        if not self._devices.find(number)["parentId"]:
            raise Refused(404, f"device {number} is no child")
        self._devices.remove(number, request.source)
        return 204, None

    def _restart(self, request: Request) -> Answer:
        device = self._device(request.fields)
        self._devices.hosts.restart(self._devices.root(device))
        return 200, None

    def _publish(self, request: Request) -> Answer:
        """C{type} (or C{eventType}), C{source} (or C{deviceId}), C{data}."""
        fields = request.fields
        kind = text(fields.get("type")) or text(fields.get("eventType"))
        if kind[:1].lower() + kind[1:] not in EVENTS:
            raise Refused(400, f"{kind!r} is no event that a QuickApp may publish")
        number = integer(fields.get("source", fields.get("deviceId")))
        device = self._devices.find(number)
        data = {"id": device["id"], **record(copied(fields.get("data")))}
        kind = kind[:1].upper() + kind[1:]
        self._house.events.tell(kind, data, ("device", device["id"]), request.source)
        return 200, None

    # The storage.

    def _variables(self, request: Request) -> Answer:
        number = self._quickapps.root(request.number("id"))
        return 200, list(self._house.lists("storage", number))

    def _variable(self, request: Request) -> Answer:
        name = request.parameters["name"]
        return 200, self._quickapps.variable(request.number("id"), name)

    def _add_variable(self, request: Request) -> Answer:
        number = request.number("id")
        return 201, self._quickapps.set_variable(number, request.fields, True)

    def _set_variable(self, request: Request) -> Answer:
        fields: Record = {**request.fields, "name": request.parameters["name"]}
        number = request.number("id")
        return 200, self._quickapps.set_variable(number, fields, False)

    def _remove_variables(self, request: Request) -> Answer:
        self._quickapps.remove_variable(request.number("id"), None)
        return 204, None

    def _remove_variable(self, request: Request) -> Answer:
        name = request.parameters["name"]
        self._quickapps.remove_variable(request.number("id"), name)
        return 204, None


def _set_element(view: Plain, component: str, name: str, value: Plain) -> None:
    """Set a property of all elements of that name in a view, however deep they are."""
    if isinstance(view, list):
        for each in view:
            _set_element(each, component, name, value)
    elif isinstance(view, dict):
        if view.get("name") == component:
            view[name] = copied(value)
        for part in ("$jason", "body", "sections", "items", "components"):
            _set_element(view.get(part), component, name, value)
