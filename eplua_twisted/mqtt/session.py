"""The connections of an MQTT client, one after another, and what paho tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.primitives import query
from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import (
    INTERNAL,
    TIMEOUT,
    OperationError,
    describe,
)
from eplua_twisted.mqtt.link import CONNACK, PUBREL, Link
from eplua_twisted.mqtt.paho import REFUSALS, PahoClient, Settings, refusal

REFUSED = -1
"""The granted QoS of a subscription that the broker refused (HC3)."""


class Connections:
    """
    From C{connect} to the end that the script or the broker makes; with
    C{reconnect} over many connections.

    Subclasses are resources.  What paho's callbacks are told is kept until paho has returned, and told to the
    script then: its handlers may call anything.

    @param connect: begins a connection for a L{Link}
    """

    log = Logger()
    id: int
    _listener: Events

    def abort(self) -> None:
        """Close now."""
        raise NotImplementedError

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        connect: Callable[[Link], Deferred[Any]],
    ) -> None:
        self._environment = environment
        self._settings = settings
        self._connect = connect
        self._state = "waiting"
        self._busy = False
        self._pressed = False
        self._events: list[tuple[Any, ...]] = []
        self._epoch = 0
        self._queued = 0
        self._unacknowledged: dict[int, int] = {}
        self._unacknowledged_bytes = 0
        self._subscriptions: dict[str, int] = {}
        self._asked: dict[int, list[tuple[str, int]]] = {}
        self._silent: set[int] = set()
        reactor = environment.reactor
        self._attempt_limit = Deadline(reactor, self._give_up)
        self._keep_alive = Deadline(reactor, self._look)
        self._goodbye_limit = Deadline(reactor, self.abort)
        self._link = self._new_link()
        paho = PahoClient(settings, lambda: self._link)
        paho.on_connect = self._on_connect
        paho.on_message = self._on_message
        paho.on_subscribe = self._on_subscribe
        paho.on_unsubscribe = self._on_unsubscribe
        paho.on_socket_register_write = self._on_register_write
        self._paho = paho
        paho.begin(settings)

    def _new_link(self) -> Link:
        return Link(self._settings.max_packet, self._pump, self._lost)

    @query("mqtt_reconnect")
    def attempt(self) -> None:
        """Try to get connected; what comes of it is an event."""
        if self._state != "waiting":
            return
        self._state = "connecting"
        if self._pressed:
            self._link.pause()
        if self._settings.timeout:
            self._attempt_limit.start(self._settings.timeout)
        self._link.attempt(self._connect(self._link))

    def _give_up(self) -> None:
        self._end(self._link, *TIMEOUT)

    # Packets.

    def _pump(self) -> None:
        """Let paho read what has arrived, packet by packet, then write."""
        if self._busy:
            return
        self._busy = True
        link = self._link
        try:
            while not self._pressed and link is self._link and not link.closed:
                if not self._read(link):
                    break
        finally:
            self._busy = False
        self._write()
        link.flush()

    def _write(self) -> None:
        """What paho wants to send goes to the link."""
        if self._paho.want_write():
            self._paho.loop_write()

    def _read(self, link: Link) -> bool:
        """@return: there may be more to read"""
        paho = self._paho
        try:
            kind = link.next_packets()
            if kind is None:
                return False
            if kind == PUBREL and link.accepted:
                # Answered by paho, also when it is of a message that was told
                # before the connection broke.
                paho.manual_ack_set(False)
                paho.loop_read()
                paho.manual_ack_set(True)
            elif link.accepted:
                while link.pending() and not link.closed:
                    paho.loop_read()
            else:
                self._read_first(link, kind)
        except OperationError as problem:
            self._broken(link, problem.code, problem.message)
            return False
        except Exception as problem:
            # What paho does not look for, such as a topic that is not UTF-8.
            self._broken(link, "protocol", f"the broker sent nonsense: {problem}")
            return False
        self._tell()
        self._write()
        if link.closed and link is self._link and self._state != "closing":
            self._broken(link, "protocol", "the broker broke the protocol")
        if self._state == "closing" and not self._unacknowledged:
            self._say_goodbye()
        return True

    def _read_first(self, link: Link, kind: int) -> None:
        if kind != CONNACK:
            raise OperationError("protocol", "the peer does not speak MQTT")
        code = refusal(link.peek(), self._settings.version)
        self._paho.loop_read()
        if link.accepted:
            self._write()
            link.release()
        elif code:
            word = REFUSALS.get(code, f"reason {code}")
            self._end(link, "refused", f"Connection refused: {word}", code)
        else:
            raise OperationError("protocol", "the broker sent a bad CONNACK")

    def _broken(self, link: Link, code: str, message: str) -> None:
        if link is not self._link:
            return
        if link.accepted:
            self.log.warn(
                "MQTT connection to {uri} closed: {message}",
                uri=self._settings.broker.uri,
                message=message,
            )
        self._end(link, code, message)

    def _on_register_write(self, client: object, data: object, link: object) -> None:
        if not self._busy:
            self._paho.loop_write()
            self._link.flush()

    # What paho tells.

    def _on_connect(
        self, client: object, data: object, flags: Any, reason: Any, properties: object
    ) -> None:
        if reason.is_failure:
            return
        self._stop_timers()
        self._state = "connected"
        self._epoch += 1
        self._queued = 0
        self._link.accept()
        self._paho.accepted()
        if self._epoch > 1 and not flags.session_present and self._subscriptions:
            _, packet_id = self._paho.subscribe(list(self._subscriptions.items()))
            assert packet_id is not None
            self._silent.add(packet_id)
            self._asked[packet_id] = list(self._subscriptions.items())
        self._schedule()
        present = bool(flags.session_present)
        self._events.append((b"connected", present, self._epoch))

    def _on_message(self, client: object, data: object, message: Any) -> None:
        qos = message.qos
        self._events.append(
            (
                b"message",
                message.topic.encode(),
                bytes(message.payload),
                message.mid if qos else None,
                qos,
                message.retain,
                message.dup,
            )
        )

    def _on_subscribe(
        self, client: object, data: object, packet_id: int, codes: Any, more: object
    ) -> None:
        self._link.answered(packet_id)
        results = [each.value if each.value < 128 else REFUSED for each in codes]
        for (topic, qos), result in zip(
            self._asked.pop(packet_id, ()), results, strict=False
        ):
            if result == REFUSED:
                self._subscriptions.pop(topic, None)
            elif topic:
                self._subscriptions[topic] = qos
        if packet_id in self._silent:
            self._silent.discard(packet_id)
            if REFUSED in results:
                self.log.warn("the broker refused to renew a subscription")
        else:
            self._events.append((b"subscribed", packet_id, *results))

    def _on_unsubscribe(
        self, client: object, data: object, packet_id: int, *more: object
    ) -> None:
        self._link.answered(packet_id)
        self._events.append((b"unsubscribed", packet_id))

    def _on_publish(
        self, client: object, data: object, packet_id: int, *more: object
    ) -> None:
        size = self._unacknowledged.pop(packet_id, None)
        if size is not None:
            self._unacknowledged_bytes -= size
            self._events.append((b"published", packet_id))

    def _tell(self) -> None:
        if self._events:
            events, self._events = self._events, []
            for event in events:
                self._listener.tell(*event)

    # Keep-alive.

    def _schedule(self) -> None:
        # The broker may have set another period (MQTT 5, 3.2.2.3.14).
        if self._paho.keepalive:
            self._keep_alive.restart(self._paho.keepalive / 4)

    def _look(self) -> None:
        link = self._link
        # While the script is behind, an answer may be here and not be read.
        if not self._pressed:
            self._paho.loop_misc()
        if link.closed:
            self._broken(link, "timeout", "no answer within the keep-alive period")
        else:
            self._schedule()

    def _stop_timers(self) -> None:
        """Those of a connection, and of the attempt to get one."""
        self._attempt_limit.cancel()
        self._keep_alive.cancel()

    # The end of a connection.

    def _lost(self, link: Link) -> None:
        """The carrier is gone, or was never there."""
        if link is not self._link or self._state in ("waiting", "closed"):
            return
        if link.accepted:
            # What has arrived before is still told.
            pressed, self._pressed = self._pressed, False
            self._pump()
            self._pressed = pressed
        assert link.over is not None
        description = describe(link.over)
        if description is None:
            self.log.failure("MQTT connection failed", link.over)
            description = INTERNAL
        self._end(link, *description)

    def _end(
        self, link: Link, code: str, message: str, refused_with: int | None = None
    ) -> None:
        """
        A connection is over; tell, and prepare the next one or go.

        @param refused_with: the code of the broker's CONNACK
        """
        if link is not self._link or self._state in ("waiting", "closed"):
            return
        accepted = link.accepted
        self._stop_timers()
        again = self._settings.reconnect and self._state != "closing"
        self._state = "waiting" if again else "closed"
        self._link = self._new_link()
        self._link.inherit(link)
        if again:
            self._paho.reconnect()
        link.abort()
        self._tell()
        if not again:
            self._gone()
        if accepted:
            self._listener.tell(b"closed", to_bytes(message), to_bytes(code))
        else:
            self._listener.tell(
                b"error", to_bytes(message), to_bytes(code), refused_with
            )

    def _gone(self) -> None:
        self._state = "closed"
        self._stop_timers()
        self._goodbye_limit.cancel()
        self._environment.resources.remove(self.id)

    def _say_goodbye(self) -> None:
        """All is acknowledged, or need not be: leave."""
        link = self._link
        if link.closed or self._state != "closing":
            return
        self._stop_timers()
        self._paho.disconnect()
        self._write()
        link.finish()
