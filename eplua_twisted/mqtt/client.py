"""An MQTT client: what scripts ask of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paho.mqtt.enums import MQTTErrorCode
from twisted.internet.defer import Deferred
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import query
from eplua_twisted.border.reply import Events
from eplua_twisted.errors import EOF, NOT_CONNECTED, OperationError
from eplua_twisted.mqtt.link import MAX_UNSENT, Link
from eplua_twisted.mqtt.paho import Settings
from eplua_twisted.mqtt.session import Connections

CLOSE_TIMEOUT = 5.0
"""Seconds that a disconnect has to get what was published acknowledged and sent."""


@implementer(IResource)
class MQTTClient(Connections):
    """
    An MQTT client of a script, over all its connections.

    @param listener: the ticket that is answered with the events
    """

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        listener: int,
        connect: Callable[[Link], Deferred[Any]],
    ) -> None:
        super().__init__(environment, settings, connect)
        self.id = environment.resources.add(self)
        self._listener = Events(environment.bridge, listener, self.id)

    # Resources.

    @query("mqtt_disconnect")
    def disconnect(self) -> bool:
        """
        Leave; what was published is sent, and acknowledged while there is time.

        @return: a connection was open, so that C{closed} will be told
        """
        if self._state == "connected":
            self._state = "closing"
            self._goodbye_limit.start(CLOSE_TIMEOUT)
            if not self._unacknowledged and not self._busy:
                self._say_goodbye()
        elif self._state != "closing":
            link = self._link
            self._gone()
            link.abort()
            return False
        return True

    def close(self) -> None:
        self.disconnect()

    def abort(self) -> None:
        if self._link.accepted:
            self._state = "closing"
            self._end(self._link, *EOF)
        elif self._state != "closed":
            self.disconnect()

    def pause(self) -> None:
        self._pressed = True
        self._link.pause()

    def resume(self) -> None:
        self._pressed = False
        self._link.resume()
        self._pump()

    # What scripts ask.

    def _text(self, topic: bytes) -> str:
        try:
            return topic.decode()
        except UnicodeDecodeError:
            raise OperationError("protocol", "a topic must be UTF-8") from None

    def _check_room(self) -> None:
        if self._state in ("closing", "closed"):
            raise OperationError(*NOT_CONNECTED)
        if self._state == "connected":
            waiting = self._link.amount
            if waiting > MAX_UNSENT or self._unacknowledged_bytes > MAX_UNSENT:
                raise OperationError("limit", f"more than {MAX_UNSENT} bytes wait")
            return
        if self._queued >= self._settings.max_queue:
            raise OperationError(
                "limit", f"{self._queued} messages wait (option maxQueue)"
            )
        self._queued += 1

    @query("mqtt_publish")
    def publish(
        self, topic: bytes, payload: bytes, qos: int, retain: bool, callback: int
    ) -> int:
        """
        @param callback: answered with C{done} when the message is on its way
        @return: the packet id
        @raise OperationError: C{protocol} for a bad topic, C{limit}, C{state}
        """
        name = self._text(topic)
        self._check_room()
        if qos and self._paho.on_publish is None:
            # Not for QoS 0, where paho makes two objects for each call of it.
            self._paho.on_publish = self._on_publish
        info = self._paho.publish(name, payload, qos, retain)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            raise OperationError("limit", "no packet id is free")
        if qos:
            self._unacknowledged[info.mid] = len(payload)
            self._unacknowledged_bytes += len(payload)
        if callback:
            self._listener.tell(b"done", callback)
        return info.mid

    @query("mqtt_subscribe")
    def subscribe(self, callback: int, *pairs: Any) -> int:
        """
        @param pairs: topic filters, each followed by its QoS
        @return: the packet id
        @raise OperationError: as L{publish}
        """
        wanted = [
            (self._text(topic), qos)
            for topic, qos in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        self._check_room()
        try:
            _, packet_id = self._paho.subscribe(list(wanted))
        except ValueError as problem:
            raise OperationError("protocol", str(problem)) from None
        if packet_id is None:
            raise OperationError(*NOT_CONNECTED)
        self._asked[packet_id] = wanted
        if callback:
            self._listener.tell(b"done", callback)
        return packet_id

    @query("mqtt_unsubscribe")
    def unsubscribe(self, callback: int, *topics: bytes) -> int:
        """
        @return: the packet id
        @raise OperationError: as L{publish}
        """
        names = [self._text(each) for each in topics]
        self._check_room()
        _, packet_id = self._paho.unsubscribe(names)
        if packet_id is None:
            raise OperationError(*NOT_CONNECTED)
        for name in names:
            self._subscriptions.pop(name, None)
        for asked in self._asked.values():
            # The answer to an earlier subscribe may be still to come.
            asked[:] = [
                ("" if each[0] in names else each[0], each[1]) for each in asked
            ]
        if callback:
            self._listener.tell(b"done", callback)
        return packet_id

    @query("mqtt_handled")
    def handled(self, packet_id: int, epoch: int) -> None:
        """
        The script has handled a message of QoS 1: only now is it acknowledged.

        @param epoch: the connection that it came by; after another one has taken
            its place the broker sends it again
        """
        if epoch == self._epoch and self._state in ("connected", "closing"):
            self._paho.ack(packet_id, 1)

    @query("mqtt_is_connected")
    def is_connected(self) -> bool:
        return self._state == "connected"
