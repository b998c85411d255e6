"""A QuickApp of a file, as controllers take it."""

from __future__ import annotations

from eplua_twisted.hc3.fqa import Form
from eplua_twisted.hc3.interfaces import QuickAppDescription
from eplua_twisted.hc3.view_rows import properties_of


def description_of(form: Form) -> QuickAppDescription:
    """A QuickApp as the controller takes it."""
    description: QuickAppDescription = {
        "name": form.name,
        "type": form.type,
        # What reads its view finds one.
        "properties": {**properties_of([], form.name), **form.properties},
        "interfaces": form.interfaces,
        "files": [
            {"name": file.name, "isMain": file.main, "content": file.content}
            for file in form.files
        ],
    }
    if form.number is not None:
        description["id"] = form.number
    if form.room is not None:
        description["roomID"] = form.room
    return description
