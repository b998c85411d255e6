"""How paho is run."""

from __future__ import annotations

from typing import Protocol

from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import Scalar
from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.packets import CONNACK
from eplua_twisted.mqtt.paho import PahoClient, refusal
from eplua_twisted.mqtt.paho_socket import PahoSocket


class Owner(Protocol):
    """Who has a L{Driver}."""

    def refused(self, socket: PahoSocket, code: int) -> None:
        """@param code: of the CONNACK that did not accept the connection"""

    def broken(self, socket: PahoSocket, code: str, message: str) -> None:
        """The broker has sent what it must not."""

    def stopped(self) -> None:
        """Paho has closed its socket; the script has not been told yet."""

    def advanced(self, socket: PahoSocket) -> None:
        """Packets were read, and the script has been told."""


class Driver:
    """
    Lets paho read what has arrived, packet by packet, and write.

    What there is to tell of while paho is at work is noted, and told when it has
    returned: the script's handlers may call anything.

    @ivar events: tells the script; set when there is a number to tell it under
    @ivar busy: paho reads, or the script is told what it has read
    """

    events: Events

    def __init__(self, paho: PahoClient, version: int, owner: Owner) -> None:
        """@param version: of the protocol: 4 or 5"""
        self._paho = paho
        self._version = version
        self._owner = owner
        self._noted: list[tuple[bytes, tuple[Scalar, ...]]] = []
        self.busy = False
        self.paused = False
        paho.on_socket_register_write = self._on_register_write

    def read(self, socket: PahoSocket) -> None:
        """Read what has arrived, and tell the script, for as long as it keeps up."""
        if self.busy:
            return
        self.busy = True
        try:
            while not self.paused and not socket.closed and self._read(socket):
                pass
        finally:
            self.busy = False
        self.tell()
        self.write()
        socket.flush()

    def write(self) -> None:
        """What paho wants to send goes to its socket."""
        if self._paho.want_write():
            self._paho.loop_write()

    def _on_register_write(self, client: object, data: object, socket: object) -> None:
        if not self.busy and isinstance(socket, PahoSocket):
            self._paho.loop_write()
            socket.flush()

    def _read(self, socket: PahoSocket) -> bool:
        """@return: there may be more to read"""
        try:
            first = socket.select()
            if first is None:
                return False
            if not socket.accepted:
                return self._read_connack(socket, first)
            while socket.pending() and not socket.closed:
                self._paho.loop_read()
        except OperationError as problem:
            self._owner.broken(socket, problem.code, problem.message)
            return False
        except Exception as problem:  # noqa: BLE001 - paho raises what it likes
            # What paho does not look for, such as a topic that is not UTF-8.
            message = f"the broker sent nonsense: {problem}"
            self._owner.broken(socket, "protocol", message)
            return False
        self._advance(socket)
        return True

    def _read_connack(self, socket: PahoSocket, first: int) -> bool:
        if first != CONNACK:
            raise OperationError("protocol", "the peer does not speak MQTT")
        code = refusal(socket.peek(), self._version)
        self._paho.loop_read()
        if socket.accepted:
            self._advance(socket)
            return True
        if not code:
            raise OperationError("protocol", "the broker sent a bad CONNACK")
        self._owner.refused(socket, code)
        return False

    def _advance(self, socket: PahoSocket) -> None:
        if socket.closed:
            self._owner.stopped()
        self.tell()
        self.write()
        self._owner.advanced(socket)

    def note(self, name: bytes, *values: Scalar) -> None:
        """Tell the script, as soon as paho has returned."""
        self._noted.append((name, values))
        if not self.busy:
            self.tell()

    def tell(self) -> None:
        """Tell the script what was noted."""
        if self._noted:
            noted, self._noted = self._noted, []
            for name, values in noted:
                self.events.tell(name, *values)
