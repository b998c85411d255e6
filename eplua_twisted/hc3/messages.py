"""What QuickApps and scenes have written: C{/debugMessages}."""

from __future__ import annotations

from collections import deque

from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Record, integer, text
from eplua_twisted.hc3.routing import Refused, Request, Route

MAX_MESSAGES = 2000
"""Messages that are kept."""

PAGE = 50
"""How many are answered when nobody says."""

TYPES = ("debug", "trace", "warning", "error")


class Messages:
    """The subject C{debugMessages}."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._messages: deque[Record] = deque(maxlen=MAX_MESSAGES)
        self._next = 1

    def routes(self) -> list[Route]:
        here = "/debugMessages"
        return [
            Route("GET", here, self._list, "the last messages, the newest first"),
            Route("POST", here, self._add, "write one"),
            Route("DELETE", here, self._clear, "forget them"),
            Route("GET", f"{here}/tags", self._tags, "their tags"),
        ]

    def write(self, kind: str, tag: str, message: str) -> None:
        """@param kind: C{debug}, C{trace}, C{warning} or C{error}"""
        self._messages.append(
            {
                "id": self._next,
                "timestamp": self._house.now,
                "type": kind,
                "tag": tag,
                "message": message,
            }
        )
        self._next += 1

    def _list(self, request: Request) -> Answer:
        """C{types}, C{filter} and C{tag}: only these; C{offset} and C{from}: older ones."""
        query = request.query
        wanted = [each for each in query.get("types", "").split(",") if each]
        tags = [
            each
            for each in query.get("filter", query.get("tag", "")).split(",")
            if each
        ]
        below = integer(query.get("last") or query.get("offset") or "0")
        size = integer(query.get("limit") or str(PAGE))
        if below is None or size is None or below < 0 or size < 0:
            raise Refused(400, "last and limit have to be whole numbers")
        found = [
            each
            for each in reversed(self._messages)
            if (not wanted or each["type"] in wanted)
            and (not tags or each["tag"] in tags)
            and (not below or int(str(each["id"])) < below)
        ]
        page = found[:size]
        following = page[-1]["id"] if len(found) > size and page else 0
        return 200, {"nextLast": following, "messages": [*page]}

    def _add(self, request: Request) -> Answer:
        fields = request.fields
        kind = text(fields.get("messageType")) or text(fields.get("type")) or "debug"
        if kind not in TYPES:
            raise Refused(400, f"{kind!r} is none of {', '.join(TYPES)}")
        self.write(kind, text(fields.get("tag")), text(fields.get("message")))
        return 201, None

    def _clear(self, request: Request) -> Answer:
        self._messages.clear()
        return 204, None

    def _tags(self, request: Request) -> Answer:
        return 200, [*sorted({text(each["tag"]) for each in self._messages})]
