"""One MQTT session, over one or more connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IProtocol
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline, StallDeadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import (
    CLOSED,
    EOF,
    INTERNAL,
    NOT_CONNECTED,
    TIMEOUT,
    OperationError,
    describe,
)
from eplua_twisted.mqtt.deliveries import Deliveries
from eplua_twisted.mqtt.driver import Driver
from eplua_twisted.mqtt.keep_alive import KeepAlive
from eplua_twisted.mqtt.limits import Limits
from eplua_twisted.mqtt.options import ConnectOptions
from eplua_twisted.mqtt.paho import REFUSALS, PahoClient
from eplua_twisted.mqtt.paho_socket import PahoSocket
from eplua_twisted.mqtt.requests import Requests
from eplua_twisted.mqtt.uri import Broker

GOODBYE_TIMEOUT = 5.0
"""Seconds without progress after which a session that leaves is cut off."""

DOUBT = 0.05
"""Seconds after which a broker that has not closed the connection will not do so."""

State = Literal["waiting", "connecting", "connected", "closing", "closed"]

Connect = Callable[[PahoSocket], Deferred[IProtocol]]
"""Begins a connection for a socket."""


class Session:
    """
    From C{connect} to the end that the script or the broker makes; with C{reconnect}
    over many connections.

    The states, and what comes after each:

     - waiting: connecting (L{attempt}), closed (L{disconnect})
     - connecting: connected (the broker has accepted), waiting or closed (it has not,
       with and without C{reconnect}), closed (L{disconnect})
     - connected: closing (L{disconnect}), waiting or closed (the connection is lost)
     - closing: closed (all is acknowledged and sent, or nothing moves any more)
    """

    log = Logger()

    def __init__(
        self,
        environment: Environment,
        broker: Broker,
        options: ConnectOptions,
        connect: Connect,
        gone: Callable[[], None],
    ) -> None:
        """@param gone: called when it is closed"""
        self._broker = broker
        self._options = options
        self._connect = connect
        self._gone = gone
        self.state: State = "waiting"
        self._connections = 0
        self._dismissed: str | None = None
        self._socket = self._new_socket()
        ids: set[int] = set()
        paho = PahoClient(options, broker, self, ids)
        paho.on_connect = self._on_connect
        paho.on_disconnect = self._on_disconnect
        self._paho = paho
        self._driver = Driver(paho, options.protocol_version, self)
        self._requests = Requests(options, paho, ids, self._driver.note)
        self._deliveries = Deliveries(paho.acknowledge)
        reactor = environment.reactor
        self._attempt_limit = Deadline(reactor, self._give_up)
        self._doubt = Deadline(reactor, paho.trust)
        self._keep_alive = KeepAlive(reactor, paho, self._looked)
        self._goodbye_limit = StallDeadline(reactor, self._unfinished, self.abort)

    def _new_socket(self) -> PahoSocket:
        options = self._options
        return PahoSocket(
            options.max_message_size,
            options.protocol_version,
            self._arrived,
            self._lost,
        )

    # What the owner asks.

    def tell(self, events: Events) -> None:
        """@param events: tells the script, from now on"""
        self._driver.events = events

    def attempt(self) -> None:
        """Try to get connected; what comes of it is an event."""
        if self.state != "waiting":
            return
        self.state = "connecting"
        self._socket = self._new_socket()
        if self._driver.paused:
            self._socket.pause()
        self._paho.begin()
        if self._options.timeout:
            self._attempt_limit.start(self._options.timeout)
        self._socket.attempt(maybeDeferred(self._connect, self._socket))

    @property
    def requests(self) -> Requests:
        """
        What can be asked of the broker just now.

        @raise OperationError: C{state}: it is over; C{limit}: too much waits
        """
        if self.state in ("closing", "closed"):
            raise OperationError(*NOT_CONNECTED)
        self._requests.check_room(self._socket.amount)
        return self._requests

    def handled(self, number: int) -> None:
        """The script has handled a message of QoS 1 or 2."""
        self._deliveries.handled(number)

    def disconnect(self) -> bool:
        """
        Leave; what was published is sent, and acknowledged while there is progress.

        @return: a connection was open, so that C{closed} will be told
        """
        if self.state == "connected":
            self.state = "closing"
            self._goodbye_limit.start(GOODBYE_TIMEOUT)
            if not self._driver.busy:
                self._leave()
        elif self.state != "closing":
            self._close()
            self._socket.abort()
            return False
        return True

    def abort(self) -> None:
        """Close now."""
        if self.state in ("connected", "closing"):
            self.state = "closing"
            self._end(self._socket, *CLOSED)
        elif self.state != "closed":
            self.disconnect()

    def pause(self) -> None:
        """Stop reading."""
        self._driver.paused = True
        self._keep_alive.pause()
        self._socket.pause()

    def resume(self) -> None:
        """Read again."""
        self._driver.paused = False
        self._keep_alive.resume()
        self._socket.resume()
        self._driver.read(self._socket)

    # What paho tells; see also the two Owner protocols.

    def _on_connect(
        self,
        client: object,
        data: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            return
        self._attempt_limit.cancel()
        self.state = "connected"
        self._socket.accepted = True
        self._connections += 1
        present = flags.session_present
        if not present:
            self._deliveries.forget()
        limits = None
        if self._options.protocol_version == 5 and properties is not None:
            limits = Limits.announced(properties)
        self._driver.note(b"connected", present)
        self._requests.accepted(present, limits, self._connections == 1)
        self._keep_alive.start()

    def _on_disconnect(
        self,
        client: object,
        data: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: object,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._dismissed = str(reason)

    def arrived(
        self,
        topic: bytes,
        payload: bytes,
        packet_id: int,
        qos: int,
        retain: bool,
        dup: bool,
    ) -> None:
        if self.state == "closing":
            # The script has left: the broker keeps what is not acknowledged.
            return
        if not qos:
            self._driver.note(b"message", topic, payload, None, qos, retain, dup, None)
            return
        if not packet_id:
            raise OperationError("protocol", "a message has no packet id")
        number = self._deliveries.arrived(packet_id, qos, hash((topic, payload)))
        if number is not None:
            self._driver.note(
                b"message", topic, payload, packet_id, qos, retain, dup, number
            )

    def next_socket(self) -> PahoSocket:
        return self._socket

    def acknowledged(self, packet_id: int, reason: int) -> None:
        self._requests.acknowledged(packet_id, reason)

    def answered(self, packet_id: int, codes: Sequence[int]) -> None:
        self._requests.answered(packet_id, codes)

    def released(self, packet_id: int) -> None:
        self._deliveries.released(packet_id)

    @property
    def doubts(self) -> bool:
        return self._requests.doubts

    def doubted(self) -> None:
        self._doubt.restart(DOUBT)

    # What the driver, the keep-alive and the socket tell.

    def _arrived(self) -> None:
        self._driver.read(self._socket)

    def refused(self, socket: PahoSocket, code: int) -> None:
        word = REFUSALS.get(code, f"reason {code}")
        self._end(socket, "refused", f"Connection refused: {word}", code)

    def broken(self, socket: PahoSocket, code: str, message: str) -> None:
        if socket.accepted:
            self.log.warn(
                "MQTT connection to {uri} closed: {message}",
                uri=self._broker.uri,
                message=message,
            )
        self._end(socket, code, message)

    def stopped(self) -> None:
        # What the script asks for now is for the next connection.
        self._requests.lost()

    def advanced(self, socket: PahoSocket) -> None:
        if self.state == "closing":
            self._leave()
        elif not socket.closed:
            return
        elif self._dismissed is not None:
            self.broken(socket, EOF[0], f"the broker disconnected: {self._dismissed}")
        else:
            self.broken(socket, "protocol", "the broker broke the protocol")

    def _looked(self) -> None:
        if self._socket.closed:
            self.broken(
                self._socket, "timeout", "no answer within the keep-alive period"
            )

    def _give_up(self) -> None:
        self._end(self._socket, *TIMEOUT)

    def _lost(self, socket: PahoSocket) -> None:
        """The connection is gone, or there never was one."""
        if socket is not self._socket or self.state in ("waiting", "closed"):
            return
        # What has arrived before is still told.
        driver = self._driver
        paused, driver.paused = driver.paused, False
        driver.read(socket)
        driver.paused = paused
        assert socket.over is not None
        description = describe(socket.over)
        if description is None:
            self.log.failure("MQTT connection failed", socket.over)
            description = INTERNAL
        self._end(socket, *description)

    # The end.

    def _end(
        self,
        socket: PahoSocket,
        code: str,
        message: str,
        refused_with: int | None = None,
    ) -> None:
        """
        A connection is over, or an attempt at one: tell, and wait for the next one or
        close.

        @param refused_with: the code of the broker's CONNACK
        """
        # What has come before is told before, whatever the handlers make of it.
        self._driver.tell()
        if socket is not self._socket or self.state in ("waiting", "closed"):
            return
        again = self._options.reconnect and self.state != "closing"
        self._requests.lost()
        self._deliveries.lost()
        self._dismissed = None
        if again:
            self._stop_timers()
            self.state = "waiting"
        else:
            self._close()
        socket.abort()
        what = to_bytes(code), to_bytes(message)
        if socket.accepted:
            self._driver.note(b"closed", *what)
        else:
            self._driver.note(b"error", *what, refused_with)

    def _stop_timers(self) -> None:
        self._attempt_limit.cancel()
        self._doubt.cancel()
        self._keep_alive.stop()
        self._goodbye_limit.cancel()

    def _close(self) -> None:
        self.state = "closed"
        self._stop_timers()
        self._gone()

    def _unfinished(self) -> tuple[int, int]:
        """What has to be acknowledged and sent yet, before it has left."""
        return self._requests.unacknowledged, self._socket.amount

    def _leave(self) -> None:
        """Say goodbye, if all is acknowledged."""
        if self._requests.unacknowledged or self._socket.closed:
            return
        self._keep_alive.stop()
        self._paho.disconnect()
        self._driver.write()
        self._socket.finish()
