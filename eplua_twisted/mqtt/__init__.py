"""C{mqtt.Client}: paho-mqtt on the reactor."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IProtocol

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar, to_text
from eplua_twisted.mqtt.client import MQTTClient
from eplua_twisted.mqtt.options import ConnectOptions
from eplua_twisted.mqtt.paho_socket import PahoSocket
from eplua_twisted.mqtt.stream import Stream
from eplua_twisted.mqtt.uri import Broker, parse
from eplua_twisted.streams.connecting import OneProtocolFactory
from eplua_twisted.streams.local import endpoint_to
from eplua_twisted.tls.options import TLSOptions


class MQTT(Module):
    """Makes the MQTT clients of one runtime."""

    resource_types = (MQTTClient,)

    @query("mqtt_parse")
    def parse(self, uri: bytes, port: int | None, secure: bool) -> str:
        """
        @param port: for a URI that has none
        @param secure: TLS is wanted, whatever the scheme says
        @return: the whole URI
        @raise OperationError: C{protocol}: what was expected
        """
        return parse(to_text(uri), port, secure).uri

    @query("mqtt_connect")
    def connect(self, listener: int, uri: bytes, *pairs: Scalar) -> int:
        """
        Begin to connect.

        @param listener: the ticket that is told the client's events: C{connected} or
            C{error}, then C{message}, C{subscribed}, C{unsubscribed}, C{published} and
            C{closed}, and for each request C{done} or C{failed}
        @param uri: what L{parse} returned
        @param pairs: the L{ConnectOptions}
        @return: the client's number
        @raise OperationError: C{protocol}: text that is not UTF-8; C{tls}: a
            certificate or key cannot be used
        """
        broker = parse(to_text(uri), None, False)
        options = ConnectOptions.from_pairs(pairs)
        creator = self._creator(broker, options) if broker.secure else None

        def begin(socket: PahoSocket) -> Deferred[IProtocol]:
            return self._begin(socket, broker, creator)

        client = MQTTClient(self._environment, broker, options, listener, begin)
        client.attempt()
        return client.id

    def _begin(
        self,
        socket: PahoSocket,
        broker: Broker,
        creator: IOpenSSLClientConnectionCreator | None,
    ) -> Deferred[IProtocol]:
        environment = self._environment
        protocol: IProtocol
        if broker.websocket:
            from eplua_twisted.mqtt.websocket import WebSocket

            protocol = WebSocket(socket, broker, environment.reactor)
        else:
            protocol = Stream(socket)
        endpoint = endpoint_to(environment, broker.host, broker.port)
        if creator is not None:
            from eplua_twisted.tls.transport import TLSClientEndpoint

            endpoint = TLSClientEndpoint(endpoint, creator, environment.reactor)
        return endpoint.connect(OneProtocolFactory(protocol))

    def _creator(
        self, broker: Broker, options: ConnectOptions
    ) -> IOpenSSLClientConnectionCreator:
        # OpenSSL is loaded by those who need it.
        from eplua_twisted.tls.creators import creator_of

        tls = options.tls or TLSOptions()
        return creator_of(self._environment, tls, broker.host, broker.port)
