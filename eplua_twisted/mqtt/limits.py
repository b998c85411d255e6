"""How much a broker takes: what it has announced, and what has to be found out."""

from __future__ import annotations

from dataclasses import dataclass

from paho.mqtt.properties import Properties

from eplua_twisted.errors import OperationError

LARGEST_WINDOW = 20
"""Messages of QoS 1 and 2 on their way at most: what brokers take unless told else."""

FIRST_WINDOW = 5
"""The first window for a broker that cannot say what it takes."""

GROWTH = 20
"""So many windows of acknowledgements make it wider by one."""


@dataclass(frozen=True)
class Limits:
    """
    What a broker of MQTT 5 has announced in its CONNACK (3.2.2.3).

    @ivar receive_maximum: messages of QoS 1 and 2 that may be on their way
    @ivar maximum_packet_size: bytes of a whole packet; C{None} for no limit
    """

    receive_maximum: int = 65535
    maximum_qos: int = 2
    retain_available: bool = True
    maximum_packet_size: int | None = None

    @classmethod
    def announced(cls, properties: Properties) -> Limits:
        """@param properties: of the CONNACK"""
        return cls(
            getattr(properties, "ReceiveMaximum", cls.receive_maximum),
            getattr(properties, "MaximumQoS", cls.maximum_qos),
            bool(getattr(properties, "RetainAvailable", cls.retain_available)),
            getattr(properties, "MaximumPacketSize", None),
        )

    def check_message(self, qos: int, retain: bool, size: int) -> None:
        """
        @param size: bytes of its topic and payload
        @raise OperationError: C{limit}: the broker does not take such a message
        """
        if qos > self.maximum_qos:
            raise OperationError(
                "limit",
                f"QoS {qos} is beyond the broker's Maximum QoS of {self.maximum_qos}"
                " (option qos)",
            )
        if retain and not self.retain_available:
            raise OperationError(
                "limit", "the broker keeps no retained messages (option retain)"
            )
        # The length of the topic, no properties, and the packet id.
        self.check_size(size + 3 + (2 if qos else 0))

    def check_size(self, size: int) -> None:
        """
        @param size: bytes of a packet after its length
        @raise OperationError: C{limit}: the broker does not take such a packet
        """
        most = self.maximum_packet_size
        if most is not None and 1 + _length_of(size) + size > most:
            raise OperationError(
                "limit",
                f"the packet is beyond the broker's Maximum Packet Size of {most} bytes",
            )


def _length_of(size: int) -> int:
    """Bytes of a variable byte integer."""
    return 1 if size < 128 else 2 if size < 16384 else 3 if size < 2097152 else 4


class Window:
    """
    How many messages of QoS 1 and 2 may be on their way at a time.

    A broker of MQTT 5 says what it takes.  One of 3.1.1 does not, and closes the
    connection when it is too much, on every attempt to send it again; or it drops what
    is too much, and nobody knows.  So the window begins small, grows slowly with
    acknowledgements, and is halved by a connection that is lost in its first window:
    before as many were acknowledged as the window is wide.

    @ivar size: messages that may be on their way
    @ivar proven: so many were acknowledged on this connection, so they are not too many
    @ivar too_wide: connections were lost with a single message on its way, one after
        another
    """

    def __init__(self) -> None:
        self.size = FIRST_WINDOW
        self.proven = False
        self.too_wide = False
        self._announced: int | None = None
        self._ceiling = LARGEST_WINDOW
        self._acknowledged = 0
        self._since_growth = 0
        self._single = 0

    @property
    def surely_few(self) -> int:
        """Messages on their way that are not too many for the broker."""
        if self.proven:
            return self.size
        if self._ceiling == LARGEST_WINDOW:
            return 2
        # Connections were lost that may have had too many on their way.
        return min(1, self.size - 1)

    def announced(self, most: int) -> None:
        """The broker has said how many it takes."""
        if self._announced is None:
            self.size = LARGEST_WINDOW
        self._announced = most
        self.size = min(self.size, self._limit)

    @property
    def _limit(self) -> int:
        most = self._announced
        return self._ceiling if most is None else min(self._ceiling, most)

    def acknowledged(self) -> bool:
        """
        A message has reached the broker.

        @return: the window has grown
        """
        self.too_wide = False
        self._single = 0
        self._acknowledged += 1
        self._since_growth += 1
        self.proven = self._acknowledged >= self.size
        if self._since_growth < GROWTH * self.size or self.size >= self._limit:
            return False
        self.size += 1
        self.proven = False
        self._acknowledged = self._since_growth = 0
        return True

    def lost(self, on_their_way: int) -> None:
        """
        The connection was lost.

        @param on_their_way: messages that were
        """
        if on_their_way > 1 and not self.proven:
            # So many may be what it was lost by: never again as many.
            self._ceiling = max(1, self.size - 1)
            self.size = max(1, self.size // 2)
            self._since_growth = 0
        elif on_their_way and not self._acknowledged:
            self._single += 1
            self.too_wide = self._single > 1
        elif self._ceiling < LARGEST_WINDOW:
            # It is lost for other reasons, too, so that these may have been the
            # reasons before.
            self._ceiling += 1
        self._acknowledged = 0
        self.proven = False
