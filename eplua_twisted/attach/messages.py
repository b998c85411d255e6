"""
What goes through the socket: a JSON object in each line.

The service begins with L{GREETING}.  A client asks C{{"id": 1, "enter": CODE}} or
C{{"id": 2, "complete": TEXT}}; it is answered once, with C{{"id": 1, "result": ...}}, with
C{{"id": 1, "error": TEXT}}, or with C{{"id": 1, "unfinished": true}} where more lines are
needed.  C{{"id": 1, "cancel": true}} has no answer of its own.
"""

from __future__ import annotations

import json

from twisted.protocols.basic import LineOnlyReceiver

LONGEST = 2_000_000
"""Bytes of a line."""

Message = dict[str, object]

GREETING: Message = {"eplua": 1}
"""By it clients know whose socket it is, and which version of this."""


class Lines(LineOnlyReceiver):
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
        """Send an object; what is no UTF-8 in a text goes as it is escaped by JSON."""
        if self.transport is not None:
            self.transport.write(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """Close when all is written."""
        if self.transport is not None:
            self.transport.loseConnection()
