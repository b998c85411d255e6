"""C{mqtt.Client}: the resource, and what scripts ask of it."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import query
from eplua_twisted.border.reply import Events
from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.options import ConnectOptions
from eplua_twisted.mqtt.session import Connect, Session
from eplua_twisted.mqtt.uri import Broker


def _text(topic: bytes) -> str:
    try:
        return topic.decode()
    except UnicodeDecodeError:
        raise OperationError("protocol", "a topic must be UTF-8") from None


@implementer(IResource)
class MQTTClient:
    """A script's MQTT client: it has one L{Session}."""

    def __init__(
        self,
        environment: Environment,
        broker: Broker,
        options: ConnectOptions,
        listener: int,
        connect: Connect,
    ) -> None:
        """
        @param listener: the ticket that is told the events
        @param connect: begins a connection
        """
        self._resources = environment.resources
        self._session = Session(environment, broker, options, connect, self._gone)
        self.id = environment.resources.add(self)
        self._session.tell(Events(environment.bridge, listener, self.id))

    # Resources.

    def close(self) -> None:
        self._session.disconnect()

    def abort(self) -> None:
        self._session.abort()

    def pause(self) -> None:
        self._session.pause()

    def resume(self) -> None:
        self._session.resume()

    def _gone(self) -> None:
        self._resources.remove(self.id)

    # What scripts ask.

    @query("mqtt_reconnect")
    def attempt(self) -> None:
        """Try to get connected; what comes of it is an event."""
        self._session.attempt()

    @query("mqtt_disconnect")
    def disconnect(self) -> bool:
        """@return: a connection was open, so that C{closed} will be told"""
        return self._session.disconnect()

    @query("mqtt_publish")
    def publish(
        self, topic: bytes, payload: bytes, qos: int, retain: bool, callback: int
    ) -> int:
        """
        @param callback: the number that C{done} is told with when the message was sent,
            C{failed} if it cannot be; in MQTT 5 with QoS 1 and 2 it is C{published}
            that is told with it
        @return: the packet id
        @raise OperationError: C{protocol} for a bad topic, C{limit}, C{state}
        """
        name = _text(topic)
        return self._session.requests.publish(
            name, payload, qos, retain, len(topic) + len(payload), callback
        )

    @query("mqtt_subscribe")
    def subscribe(self, callback: int, *pairs: Any) -> int:
        """
        @param callback: the number that C{done} is told with when it was sent,
            C{failed} if it cannot be
        @param pairs: topic filters, each followed by its QoS
        @return: the packet id
        @raise OperationError: as L{publish}
        """
        filters = []
        size = 3
        for topic, qos in zip(pairs[::2], pairs[1::2], strict=True):
            filters.append((_text(topic), qos))
            size += len(topic) + 3
        return self._session.requests.subscribe(filters, size, callback)

    @query("mqtt_unsubscribe")
    def unsubscribe(self, callback: int, *topics: bytes) -> int:
        """
        @param callback: the number that C{done} is told with when it was sent,
            C{failed} if it cannot be
        @return: the packet id
        @raise OperationError: as L{publish}
        """
        names = [_text(each) for each in topics]
        size = 3 + sum(len(each) + 2 for each in topics)
        return self._session.requests.unsubscribe(names, size, callback)

    @query("mqtt_handled")
    def handled(self, number: int) -> None:
        """The script's handlers have returned from a message of QoS 1 or 2."""
        self._session.handled(number)

    @query("mqtt_is_connected")
    def is_connected(self) -> bool:
        return self._session.state == "connected"
