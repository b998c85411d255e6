"""The fields that the records of each table have."""

from __future__ import annotations

from eplua_twisted.hc3.alarms import PARTITION
from eplua_twisted.hc3.notifications import NOTIFICATION
from eplua_twisted.hc3.panels import CLIMATE, SHAPES, SPRINKLERS
from eplua_twisted.hc3.plain import Record
from eplua_twisted.hc3.profiles import PROFILE
from eplua_twisted.hc3.rooms import ROOM, SECTION
from eplua_twisted.hc3.scenes import SCENE
from eplua_twisted.hc3.variables import CUSTOM_EVENT, GLOBAL_VARIABLE

FIELDS: dict[str, Record] = {
    shape.table: shape.defaults
    for shape in (
        *SHAPES,
        CLIMATE,
        NOTIFICATION,
        PARTITION,
        PROFILE,
        ROOM,
        SCENE,
        SECTION,
        SPRINKLERS,
    )
}
FIELDS["globalVariables"] = GLOBAL_VARIABLE
FIELDS["customEvents"] = CUSTOM_EVENT
