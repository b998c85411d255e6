"""What a script asks of the broker: messages, subscriptions, and their end."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from twisted.logger import Logger

from eplua_twisted.border.values import Scalar, to_bytes
from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.limits import Limits, Window
from eplua_twisted.mqtt.options import ConnectOptions
from eplua_twisted.mqtt.paho import REFUSED, PahoClient

MAX_OPEN = 60_000
"""Requests without an answer at most: MQTT has packet ids for 65535."""

MAX_FINISHED = 5_000
"""Messages of QoS 2 whose packet ids are remembered when they are finished."""

REFUSED_SUBSCRIPTION = -1
"""The granted QoS of a subscription that the broker refused (HC3)."""

Filters = list[tuple[str, int]]
"""Topic filters with their QoS."""


@dataclass(slots=True)
class Publish:
    """
    @ivar size: bytes of topic and payload
    @ivar callback: the number of the script's callback, 0 for none
    """

    packet_id: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    size: int
    callback: int


@dataclass(slots=True)
class Subscribe:
    """
    @ivar renewed: it repeats what a broker has lost; the script is not told
    @ivar withdrawn: topics that were unsubscribed before the answer came
    """

    packet_id: int
    filters: Filters
    size: int
    callback: int = 0
    renewed: bool = False
    withdrawn: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Unsubscribe:
    packet_id: int
    topics: list[str]
    size: int
    callback: int


Request = Publish | Subscribe | Unsubscribe


class Note(Protocol):
    """Has the script told of something."""

    def __call__(self, name: bytes, *values: Scalar) -> None: ...


class Requests:
    """
    Requests of one session, over all its connections.

    Each has its packet id at once.  It waits until the broker has accepted a
    connection; then it is given to paho, in order.  paho repeats messages without an
    acknowledgement itself; subscriptions without an answer are repeated here, under
    their packet ids, and those that the broker has lost are renewed.

    @ivar amount: bytes of all requests without an answer, those that wait included
    """

    log = Logger()

    def __init__(
        self,
        options: ConnectOptions,
        paho: PahoClient,
        ids: set[int],
        note: Note,
    ) -> None:
        """
        @param ids: where the packet ids are kept that paho does not know to be in use
        @param note: called with what the script is to be told, and its values
        """
        self._options = options
        self._five = options.protocol_version == 5
        self._paho = paho
        self._ids = ids
        self._note = note
        self._limits = Limits()
        self._window = Window()
        self._open = False
        self._queue: deque[Request] = deque()
        self._unanswered: dict[int, Subscribe | Unsubscribe] = {}
        self._unacknowledged: dict[int, Publish] = {}
        self._subscriptions: dict[str, int] = {}
        self._finished: OrderedDict[int, None] = OrderedDict()
        self._asked_for_room = False
        self.amount = 0

    # What the script asks.

    def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int,
        retain: bool,
        size: int,
        callback: int,
    ) -> int:
        """
        @param size: bytes of topic and payload
        @return: the packet id
        @raise OperationError: C{limit}
        """
        if self._open:
            if self._five:
                self._limits.check_message(qos, retain, size)
            if not qos:
                packet_id = self._paho.send_message(topic, payload, qos, retain)
                if callback:
                    self._note(b"done", callback)
                return packet_id
        packet_id = self._paho.new_id()
        return self._begin(
            Publish(packet_id, topic, payload, qos, retain, size, callback)
        )

    def subscribe(self, filters: Filters, size: int, callback: int) -> int:
        """
        @return: the packet id
        @raise OperationError: C{limit}
        """
        if self._open:
            self._limits.check_size(size)
        packet_id = self._paho.new_id()
        return self._begin(Subscribe(packet_id, filters, size, callback))

    def unsubscribe(self, topics: list[str], size: int, callback: int) -> int:
        """
        @return: the packet id
        @raise OperationError: C{limit}
        """
        if self._open:
            self._limits.check_size(size)
        for topic in topics:
            self._subscriptions.pop(topic, None)
        for request in (*self._unanswered.values(), *self._queue):
            if isinstance(request, Subscribe):
                request.withdrawn.update(topics)
        packet_id = self._paho.new_id()
        return self._begin(Unsubscribe(packet_id, topics, size, callback))

    def check_room(self, unsent: int) -> None:
        """
        @param unsent: bytes that wait besides
        @raise OperationError: C{limit}: there is no room for another request
        """
        most = self._options.max_write_buffer
        if self.amount + unsent > most:
            raise OperationError(
                "limit", f"more than {most} bytes wait (option maxWriteBuffer)"
            )
        waiting = len(self._queue)
        if waiting >= self._options.max_queue:
            raise OperationError("limit", f"{waiting} requests wait (option maxQueue)")
        if waiting + len(self._unanswered) + len(self._unacknowledged) >= MAX_OPEN:
            raise OperationError(
                "limit",
                f"{MAX_OPEN} requests wait for the broker's answer (no option moves"
                " this bound)",
            )

    def _begin(self, request: Request) -> int:
        self.amount += request.size
        if self._open:
            self._send(request)
        else:
            self._ids.add(request.packet_id)
            self._queue.append(request)
        return request.packet_id

    # What paho is asked.

    def _send(self, request: Request) -> None:
        packet_id = request.packet_id
        self._paho.use_id(packet_id)
        if isinstance(request, Publish):
            self._paho.send_message(
                request.topic, request.payload, request.qos, request.retain
            )
            if not request.qos:
                self.amount -= request.size
            else:
                self._unacknowledged[packet_id] = request
                self._finished.pop(packet_id, None)
                if self._five:
                    # The broker may refuse it yet: done with its acknowledgement.
                    return
        else:
            self._ids.add(packet_id)
            self._unanswered[packet_id] = request
            if isinstance(request, Subscribe):
                self._paho.subscribe(list(request.filters))
            else:
                self._paho.unsubscribe(list(request.topics))
        if request.callback:
            self._note(b"done", request.callback)
            request.callback = 0

    # Connections.

    def accepted(
        self, session_present: bool, limits: Limits | None, first: bool
    ) -> None:
        """
        The broker has accepted a connection.

        @param limits: what it has announced
        @param first: it is the first connection of the session
        """
        if limits is not None:
            self._limits = limits
            self._window.announced(limits.receive_maximum)
        self._repeat_unanswered(session_present)
        if not session_present and not first and self._subscriptions:
            filters = list(self._subscriptions.items())
            self._send(Subscribe(self._paho.new_id(), filters, 0, renewed=True))
        for message in self._paho.unsent():
            self._check_again(self._unacknowledged[message.mid])
        self._make_room()
        self._paho.resume(self._window.size)
        self._open = True
        queue, self._queue = self._queue, deque()
        for each in queue:
            self._ids.discard(each.packet_id)
            self._send_from_queue(each)

    def _repeat_unanswered(self, session_present: bool) -> None:
        """Send subscriptions again that have no answer."""
        unanswered, self._unanswered = self._unanswered, {}
        for request in unanswered.values():
            if isinstance(request, Subscribe) and request.renewed:
                self._forget(request)
                if not session_present:
                    # All are renewed anyway.
                    continue
            self._send(request)

    def _make_room(self) -> None:
        """
        Repeat the PUBRELs of what is finished, once, if a single message is too much.

        A broker that was killed comes back as it was when it last saved itself.  It
        waits then for the PUBREL of messages that were finished later, and has no room
        for another one, however often it is sent.  To others these PUBRELs say nothing.
        """
        if self._window.too_wide and not self._asked_for_room:
            for packet_id in self._finished:
                self._paho.release(packet_id)
        self._asked_for_room = self._window.too_wide

    def _send_from_queue(self, request: Request) -> None:
        try:
            if isinstance(request, Publish):
                self._limits.check_message(request.qos, request.retain, request.size)
            else:
                self._limits.check_size(request.size)
        except OperationError as problem:
            self._fail(request, problem)
        else:
            self._send(request)

    def _check_again(self, request: Publish) -> None:
        """A broker that was started anew may take less than it did."""
        try:
            self._limits.check_message(request.qos, request.retain, request.size)
        except OperationError as problem:
            self._paho.drop(request.packet_id)
            del self._unacknowledged[request.packet_id]
            self._fail(request, problem)

    def _fail(self, request: Request, problem: OperationError) -> None:
        """A request that was taken cannot be sent."""
        self.amount -= request.size
        if request.callback:
            code, message = to_bytes(problem.code), to_bytes(problem.message)
            self._note(b"failed", request.callback, code, message)
        else:
            self.log.warn(
                "MQTT request {id} was not sent: {message}",
                id=request.packet_id,
                message=problem.message,
            )

    def lost(self) -> None:
        """The connection is over."""
        if self._open:
            self._open = False
            self._window.lost(self._paho.on_their_way)

    @property
    def doubts(self) -> bool:
        """Whether what is on its way may be too much for a broker that cannot say so."""
        return not self._five and self._paho.on_their_way > self._window.surely_few

    @property
    def unacknowledged(self) -> int:
        """How many messages of QoS 1 and 2 the broker has not acknowledged."""
        return len(self._unacknowledged)

    # What the broker answers.

    def _forget(self, request: Request) -> None:
        self._ids.discard(request.packet_id)
        self.amount -= request.size

    def acknowledged(self, packet_id: int, reason: int) -> None:
        """@param reason: of MQTT 5; 0 in 3.1.1"""
        request = self._unacknowledged.pop(packet_id, None)
        if request is None:
            return
        self.amount -= request.size
        if request.qos == 2:
            self._finished[packet_id] = None
            if len(self._finished) > MAX_FINISHED:
                self._finished.popitem(last=False)
        if reason < REFUSED and self._window.acknowledged():
            self._paho.set_window(self._window.size)
        if self._five:
            self._note(b"published", packet_id, reason, request.callback)
        else:
            self._note(b"published", packet_id)

    def answered(self, packet_id: int, codes: Sequence[int]) -> None:
        """
        SUBACK or UNSUBACK has come.

        @param codes: one for each topic filter; none of an UNSUBACK in 3.1.1
        @raise OperationError: C{protocol}: more than were asked for
        """
        request = self._unanswered.pop(packet_id, None)
        if request is None:
            return
        self._forget(request)
        if isinstance(request, Subscribe):
            self._subscribed(request, codes)
            return
        if len(codes) > (len(request.topics) if self._five else 0):
            raise OperationError("protocol", "the broker sent a bad UNSUBACK")
        self._note(b"unsubscribed", packet_id, *([max(codes)] if codes else []))

    def _subscribed(self, request: Subscribe, codes: Sequence[int]) -> None:
        filters = request.filters
        if len(codes) > len(filters) or any(2 < each < REFUSED for each in codes):
            raise OperationError("protocol", "the broker sent a bad SUBACK")
        results = [each if each < REFUSED else REFUSED_SUBSCRIPTION for each in codes]
        for (topic, qos), result in zip(filters, results, strict=False):
            if result == REFUSED_SUBSCRIPTION:
                self._subscriptions.pop(topic, None)
            elif topic not in request.withdrawn:
                self._subscriptions[topic] = qos
        if not request.renewed:
            self._note(b"subscribed", request.packet_id, *results)
        elif REFUSED_SUBSCRIPTION in results:
            self.log.warn("the broker refused to renew a subscription")
