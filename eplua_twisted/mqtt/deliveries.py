"""Messages of QoS 1 and 2 on their way to the script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count


@dataclass(slots=True)
class Delivery:
    """
    One message that the script has been told of.

    @ivar content: a hash of what it says
    @ivar owed: acknowledgements: how often the broker has sent it on the present
        connection, and waits
    @ivar handled: the script's handlers have returned
    """

    packet_id: int
    qos: int
    content: int
    owed: int = 1
    handled: bool = False


class Deliveries:
    """
    What the broker has sent and the script has not handled yet, and the packet ids of
    QoS 2 whose message the broker may repeat.

    A message is acknowledged, with PUBACK or PUBREC, when the script's handlers have
    returned, so that a script which dies over it gets it again.  One of QoS 2 is told
    once, however often the broker sends it before its PUBREL (MQTT 3.1.1, 4.3.3).
    """

    def __init__(self, acknowledge: Callable[[int, int], None]) -> None:
        """@param acknowledge: called with packet id and QoS"""
        self._acknowledge = acknowledge
        self._numbers = count(1)
        self._told: dict[int, Delivery] = {}
        self._exactly_once: dict[int, Delivery] = {}

    def arrived(self, packet_id: int, qos: int, content: int) -> int | None:
        """
        The broker has sent a message.

        @param content: a hash of its topic and payload.  With another one it is not
            the same message again, whatever its packet id: the broker has lost what it
            knew of that one
        @return: the number for L{handled}; C{None}: the script has been told
        """
        known = self._exactly_once.get(packet_id) if qos == 2 else None
        if known is not None and known.content == content:
            known.owed += 1
            self._answer(known)
            return None
        delivery = Delivery(packet_id, qos, content)
        if qos == 2:
            self._exactly_once[packet_id] = delivery
        number = next(self._numbers)
        self._told[number] = delivery
        return number

    def handled(self, number: int) -> None:
        """The script's handlers have returned."""
        delivery = self._told.pop(number, None)
        if delivery is not None:
            delivery.handled = True
            self._answer(delivery)

    def _answer(self, delivery: Delivery) -> None:
        while delivery.handled and delivery.owed:
            delivery.owed -= 1
            self._acknowledge(delivery.packet_id, delivery.qos)

    def released(self, packet_id: int) -> None:
        """PUBREL has come: the next message of this packet id is another one."""
        delivery = self._exactly_once.pop(packet_id, None)
        if delivery is not None:
            delivery.owed = 0

    def lost(self) -> None:
        """
        The connection was lost: there is nothing to acknowledge on the next one before
        the broker has sent it again.
        """
        for delivery in self._exactly_once.values():
            delivery.owed = 0
        self._told = {
            number: each for number, each in self._told.items() if each.qos == 2
        }

    def forget(self) -> None:
        """The broker has a new session, which knows of none of these."""
        self._exactly_once.clear()
        self._told.clear()
