"""C{mqtt.Client}: paho-mqtt on the reactor."""

from __future__ import annotations

from functools import partial
from secrets import token_hex
from typing import Any

from twisted.internet.defer import Deferred

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.client import MQTTClient
from eplua_twisted.mqtt.link import Link, StreamFactory
from eplua_twisted.mqtt.paho import Settings, Will
from eplua_twisted.mqtt.uri import Broker, parse
from eplua_twisted.streams.endpoints import client_endpoint

CONNECT_TIMEOUT = 10.0
MAX_QUEUE = 1000
MAX_PACKET = 64 * 1024 * 1024


class MQTT(Module):
    """Makes the MQTT clients of one runtime."""

    resource_types = (MQTTClient,)

    @query("mqtt_parse")
    def parse(self, uri: bytes, port: int | None, secure: bool) -> tuple[str, bool]:
        """
        @return: the whole URI, and whether it is TLS
        @raise OperationError: C{protocol}: what was expected
        """
        broker = parse(to_text(uri), port, secure)
        return broker.uri, broker.secure

    @query("mqtt_connect")
    def connect(
        self,
        listener: int,
        uri: bytes,
        client_id: bytes | None,
        version: int,
        clean: bool,
        keep_alive: int,
        username: bytes | None,
        password: bytes | None,
        will_topic: bytes | None,
        will_payload: bytes,
        will_qos: int,
        will_retain: bool,
        timeout: float | None,
        reconnect: bool,
        max_queue: int | None,
        max_packet: int | None,
        *tls: Any,
    ) -> int:
        """
        Begin to connect.

        @param listener: the ticket that is answered with the client's events:
            C{connected} or C{error}, then C{message}, C{subscribed},
            C{unsubscribed}, C{published}, C{done} and C{closed}
        @param uri: what L{parse} returned
        @param client_id: a random one by default
        @param keep_alive: seconds, 0 for none
        @param tls: what C{tls.flatten} in Lua returns
        @return: the client's number
        @raise OperationError: C{protocol}: text that is not UTF-8; C{tls}: a
            certificate or key cannot be used
        """
        broker = parse(to_text(uri), None, False)
        will = None
        if will_topic is not None:
            topic = _text(will_topic, "lastWill.topic")
            will = Will(topic, will_payload, will_qos, will_retain)
        settings = Settings(
            broker,
            _random_id() if client_id is None else _text(client_id, "clientId"),
            version,
            clean,
            keep_alive,
            None if username is None else _text(username, "username"),
            password,
            will,
            CONNECT_TIMEOUT if timeout is None else seconds(timeout),
            reconnect,
            max_queue or MAX_QUEUE,
            max_packet or MAX_PACKET,
        )
        creator = self._creator(broker, tls) if broker.secure else None
        begin = partial(self._begin, broker, creator)
        client = MQTTClient(self._environment, settings, listener, begin)
        client.attempt()
        return client.id

    def _begin(self, broker: Broker, creator: Any, link: Link) -> Deferred[Any]:
        environment = self._environment
        factory: Any
        if broker.websocket:
            from eplua_twisted.mqtt.websocket import WebSocketFactory

            factory = WebSocketFactory(link, broker.uri, environment.reactor)
        else:
            factory = StreamFactory(link)
        endpoint = client_endpoint(environment.streams, broker.host, broker.port)
        if creator is not None:
            from eplua_twisted.tls.transport import TLSClientEndpoint

            endpoint = TLSClientEndpoint(endpoint, creator, environment.reactor)
        attempt: Deferred[Any] = endpoint.connect(factory)
        return attempt

    def _creator(self, broker: Broker, pairs: tuple[Any, ...]) -> Any:
        from eplua_twisted.tls.context import client_creator
        from eplua_twisted.tls.options import TLSOptions

        options = TLSOptions.from_lua(*pairs)
        allowed = self._environment.allow_unauthorized
        return client_creator(options, broker.host, broker.port, allowed)


def _random_id() -> str:
    """Of letters and digits, at most 23: what every broker takes (3.1.3.1)."""
    return "eplua" + token_hex(8)


def _text(value: bytes, name: str) -> str:
    """UTF-8, as MQTT has its strings (3.1.1, 1.5.3)."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise OperationError("protocol", f"{name}: not UTF-8") from None
    return text
