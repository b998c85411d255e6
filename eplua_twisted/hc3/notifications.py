"""The notification center, and messages to phones."""

from __future__ import annotations

from collections import deque

from eplua_twisted.hc3.collection import Collection, Shape
from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer, items, text
from eplua_twisted.hc3.routing import Refused, Request, Route

NOTIFICATION = Shape(
    "notifications",
    "/notificationCenter",
    "notification",
    {
        "priority": "info",
        "type": "GenericSystemNotification",
        "created": 0,
        "wasRead": False,
        "canBeDeleted": True,
        "data": {},
    },
    required=("type",),
    event="Notification",
)

MAX_PUSHES = 1000
"""Messages to phones that are kept."""


class Notifications(Collection):
    """
    The subject C{notificationCenter}, and C{mobile/push}: nothing reaches a phone, the
    last messages are kept for those who look.

    @ivar pushes: the messages that phones would have got, the oldest first
    """

    def __init__(self, house: House) -> None:
        super().__init__(house, NOTIFICATION)
        self.pushes: deque[Record] = deque(maxlen=MAX_PUSHES)
        self._next_push = 1

    def routes(self) -> list[Route]:
        return [
            *super().routes(),
            Route("POST", "/mobile/push", self._push, "send a message to phones"),
            Route("POST", "/mobile/push/{id}", self._act, "do what a message offers"),
            Route("DELETE", "/mobile/push/{id}", self._forget, "take a message back"),
            Route("POST", "/users/action/sendMessage", self._push, "send a message"),
        ]

    def add(self, fields: Record, source: int | None = None) -> Record:
        return super().add({**fields, "created": self.house.now}, source)

    def _push(self, request: Request) -> Answer:
        fields = request.fields
        if not text(fields.get("title")) and not text(fields.get("message")):
            raise Refused(400, "a message needs a title or a message")
        known = {integer(each["id"]) for each in self.house.tables["iosDevices"]}
        given = [integer(each) for each in items(fields.get("mobileDevices"))]
        for each in given:
            if each not in known:
                raise Refused(404, f"there is no phone {each}")
        made: Record = {**fields, "id": self._next_push, "created": self.house.now}
        self._next_push += 1
        self.pushes.append(made)
        return 201, copied(made)

    def _find(self, request: Request) -> Record:
        number: Plain = request.number("id")
        for each in self.pushes:
            if each["id"] == number:
                return each
        raise Refused(404, f"there is no message {number}")

    def _act(self, request: Request) -> Answer:
        found = self._find(request)
        self.pushes.remove(found)
        return 200, None

    def _forget(self, request: Request) -> Answer:
        self.pushes.remove(self._find(request))
        return 200, None
