"""
What goes through the socket: a JSON object in each line.

The service begins with a greeting: L{PROTOCOL} under C{eplua}, the Lua version under
C{lua}, the names of its scripts under C{scripts}.  A client asks
C{{"id": 1, "enter": CODE}}, C{{"id": 2, "complete": TEXT}}, or
C{{"id": 3, "script": NAME}}, where its next entries run.  It is answered once, with
C{{"id": 1, "result": ...}}, with C{{"id": 1, "error": TEXT}}, or with
C{{"id": 1, "unfinished": true}} where more lines are needed.
C{{"id": 1, "cancel": true}} has no answer of its own.
"""

from __future__ import annotations

import json

from twisted.protocols.basic import LineReceiver

LONGEST = 2_000_000
"""Bytes of a line."""

Message = dict[str, object]

PROTOCOL = 1
"""By it clients know whose socket it is, and which version of this."""


def encoded(message: Message) -> bytes:
    """@return: its line; what is no UTF-8 in a text goes as it is escaped by JSON"""
    return json.dumps(message).encode() + b"\n"


class Lines(LineReceiver):
    """Either end: hands over the objects, and closes on a line that is none."""

    MAX_LENGTH = LONGEST
    delimiter = b"\n"

    def lineReceived(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict):
            self.received(message)
        else:
            self.refuse("a line of JSON with an object expected")

    def received(self, message: Message) -> None:
        """An object has come."""
        raise NotImplementedError

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(f"a line has at most {LONGEST} bytes")

    def refuse(self, why: str) -> None:
        """The other end does not keep to the protocol."""
        self.say({"id": None, "error": why})
        self.close()

    def say(self, message: Message) -> None:
        """Send an object."""
        self.send(encoded(message))

    def send(self, line: bytes) -> None:
        """Send what L{encoded} has made."""
        if self.transport is not None:
            self.transport.write(line)

    def close(self) -> None:
        """Close when all is written."""
        if self.transport is not None:
            self.transport.loseConnection()
