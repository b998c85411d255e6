"""Scenes: what they are, and that they run."""

from __future__ import annotations

from functools import partial

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.collection import Collection, Shape
from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.hosts import Outbox
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer, ISceneHost
from eplua_twisted.hc3.plain import Record, integer, items, record
from eplua_twisted.hc3.routing import Refused, Request, Route

NO_TRIGGERS = '"conditions":"{}"'

SCENE = Shape(
    "scenes",
    "/scenes",
    "scene",
    {
        "name": "",
        "type": "lua",
        "mode": "automatic",
        "icon": "scene_lua",
        "iconExtension": "png",
        "maxRunningInstances": 2,
        "hidden": False,
        "protectedByPin": False,
        "stopOnAlarm": False,
        "enabled": True,
        "restart": True,
        "categories": [1],
        "scenarioData": {},
        "description": "",
        "content": '{"conditions":"{}","actions":""}',
        "roomId": 0,
        "sortOrder": 0,
        "started": False,
        "isRunning": False,
        "isScenarioDataCorrect": True,
        "created": 0,
        "updated": 0,
    },
    event="Scene",
    removed=204,
)


class Scenes(Collection):
    """
    The subject C{scenes}.  One that nobody runs begins and ends at once.
    """

    def __init__(self, house: House, outbox: Outbox) -> None:
        super().__init__(house, SCENE)
        self._outbox = outbox
        self._hosts: dict[int, ISceneHost] = {}

    def routes(self) -> list[Route]:
        one = "/scenes/{id}"
        begun = "begin a scene"
        return [
            *super().routes(),
            Route(
                "POST", "/scenes/hasTriggers", self._triggers, "which have conditions"
            ),
            Route("GET", f"{one}/execute", self._execute, begun),
            Route("POST", f"{one}/execute", self._execute, begun),
            Route("GET", f"{one}/executeSync", self._execute, begun),
            Route("POST", f"{one}/executeSync", self._execute, begun),
            Route("GET", f"{one}/kill", self._kill, "end a scene"),
            Route("POST", f"{one}/kill", self._kill, "end a scene"),
            Route("POST", f"{one}/copy", self._copy, "copy a scene"),
            Route("POST", f"{one}/convert", self._convert, "make it a Lua scene"),
            Route("POST", f"{one}/copyAndConvert", self._copy, "copy a scene"),
        ]

    def add(self, fields: Record, source: int | None = None) -> Record:
        now = self.house.now
        return super().add({**fields, "created": now, "updated": now}, source)

    def modify(self, number: int, fields: Record, source: int | None = None) -> Record:
        given = {**fields, "updated": self.house.now}
        for name in ("isRunning", "started"):
            given.pop(name, None)
        return super().modify(number, given, source)

    def remove(self, number: int, source: int | None = None) -> None:
        super().remove(number, source)
        self._hosts.pop(number, None)

    # Who runs them.

    def attach(self, scene_id: int, host: object) -> None:
        """@raise OperationError: C{state}: there is none, or somebody runs it already"""
        if self.table.get(scene_id) is None:
            raise OperationError("state", f"there is no scene {scene_id}")
        if scene_id in self._hosts:
            raise OperationError("state", f"scene {scene_id} is run already")
        self._hosts[scene_id] = ISceneHost(host)

    def detach(self, scene_id: int) -> None:
        """Nobody runs it any more."""
        self._hosts.pop(scene_id, None)
        self.set_running(scene_id, False)

    def set_running(self, scene_id: int, running: bool) -> None:
        """It has begun, or ended; harmless when there is no such scene."""
        row = self.table.get(scene_id)
        if row is None or row.get("isRunning") is running:
            return
        row["isRunning"] = row["started"] = running
        self.tell("Started" if running else "Finished", row)
        self.house.events.tell(
            "SceneRunningInstancesEvent",
            {"id": scene_id, "runningInstances": int(running)},
            ("scene", scene_id),
        )

    def execute(self, scene_id: int, arguments: Record) -> None:
        """@raise Refused: 404: there is none; 400: it is switched off"""
        row = self.table.find(scene_id)
        if row.get("enabled") is False:
            raise Refused(400, f"scene {scene_id} is switched off")
        host = self._hosts.get(scene_id)
        if host is None:
            self.set_running(scene_id, True)
            self.set_running(scene_id, False)
        else:
            given = record(copied(arguments))
            self._outbox.put(partial(host.execute, scene_id, given))

    def kill(self, scene_id: int) -> None:
        """@raise Refused: 404: there is none"""
        self.table.find(scene_id)
        host = self._hosts.get(scene_id)
        if host is not None:
            self._outbox.put(partial(host.kill, scene_id))

    # The routes.

    def _execute(self, request: Request) -> Answer:
        self.execute(request.number("id"), record(request.fields.get("args")))
        return 202, None

    def _kill(self, request: Request) -> Answer:
        self.kill(request.number("id"))
        return 202, None

    def _triggers(self, request: Request) -> Answer:
        numbers = [integer(each) for each in items(request.fields.get("sceneIds"))]
        return 200, [
            {
                "id": each["id"],
                "hasTriggers": '"conditions":"{}"' not in str(each["content"]),
            }
            for each in self.table
            if each["id"] in numbers
        ]

    def _copy(self, request: Request) -> Answer:
        row = self.table.find(request.number("id"))
        copy = record(copied(row))
        fields = request.fields
        copy["name"] = fields.get("newName") or f"{row['name']} copy"
        if integer(fields.get("roomId")) is not None:
            copy["roomId"] = fields["roomId"]
        copy["isRunning"] = copy["started"] = False
        return 201, self.add(copy, request.source)

    def _convert(self, request: Request) -> Answer:
        return 200, self.modify(request.number("id"), {"type": "lua"}, request.source)
