"""What a QuickApp that runs here is on a real controller: a device without a program."""

from __future__ import annotations

from eplua_twisted.hc3.interfaces import QuickAppDescription
from eplua_twisted.hc3.plain import Record, record

MARK = "A QuickApp that runs elsewhere (eplua)"
"""C{userDescription} of such a device, by which it is found again."""

CODE = """\
-- This QuickApp runs elsewhere: what is called here is told by the events of the box.
function onAction(id, event) end

function onUIEvent(id, event)
    local value = event.values and event.values[1]
    api.post("/devices/" .. id .. "/action/UIAction",
        {args = {event.eventType, event.elementName, value}})
end
"""

TYPE = "com.fibaro.genericDevice"


def stand_in(description: QuickAppDescription) -> Record:
    """The package of such a device."""
    properties = dict(record(description.get("properties")))
    if description.get("view"):
        properties["viewLayout"] = description["view"]
    if description.get("uiView"):
        properties["uiView"] = description["uiView"]
    if description.get("uiCallbacks"):
        properties["uiCallbacks"] = description["uiCallbacks"]
    if description.get("variables"):
        properties["quickAppVariables"] = [
            {"name": name, "value": value}
            for name, value in description["variables"].items()
        ]
    properties["userDescription"] = MARK
    fqa: Record = {
        "name": description.get("name") or "QuickApp",
        "type": description.get("type") or TYPE,
        "apiVersion": "1.3",
        "initialProperties": properties,
        "initialInterfaces": [*(description.get("interfaces") or [])],
        "files": [
            {
                "name": "main",
                "type": "lua",
                "isMain": True,
                "isOpen": False,
                "content": CODE,
            }
        ],
    }
    if description.get("roomID") is not None:
        fqa["roomId"] = description["roomID"]
    return fqa
