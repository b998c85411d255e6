"""A TCP or UNIX stream connection: C{TCPSocket} is a Twisted C{Protocol}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Reply
from eplua_twisted.border.values import Scalar, to_text
from eplua_twisted.errors import EOF, NOT_CONNECTED, OperationError
from eplua_twisted.streams import read_buffer
from eplua_twisted.streams.endpoints import host_and_port, set_stream_options
from eplua_twisted.tcp.acceptor import Acceptor
from eplua_twisted.tcp.connector import TWICE, UNREAD, Connector, tls_creator
from eplua_twisted.tcp.options import SocketOptions
from eplua_twisted.tcp.sender import Sender
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.transports.interfaces import StreamTransport


@implementer(IResource, IHalfCloseableProtocol, IHandshakeListener)
class TCPSocket(Protocol):
    """
    One connection, from the attempt to its end.  It is the protocol itself, as a hop
    for each read would be measured.

    States: C{new}; C{connecting}, a TLS handshake included (from C{new} by L{connect},
    or when a client with TLS is accepted; from C{connected} by L{start_tls});
    C{connected}; C{closing} while the last bytes are sent (from C{connected} by
    L{close} or the peer's end; from C{connecting} when an attempt has failed whose
    transport is still there); C{closed}, while bytes that arrived can still be read.

    @ivar transport: of TLS, if it is spoken
    """

    transport: StreamTransport  # type: ignore[assignment]
    _state: Literal["new", "connecting", "connected", "closing", "closed"] = "new"
    # These are made when first needed, and let go when they have done their part.
    _connector: Connector | None = None
    _out: Sender | None = None
    _lost_by: BaseException | None = None
    _address = ("", 0)

    def __init__(
        self,
        environment: Environment,
        options: SocketOptions,
        server: Acceptor[TCPSocket] | None = None,
    ) -> None:
        self._environment = environment
        self._options = options
        self._server = server
        self._on_traffic = server.on_traffic if server is not None else None
        self._in = read_buffer.ReadBuffer(options.max_buffer)
        self._secure = options.tls is not None
        self._forgotten = False
        self._reading = True
        self._pressed = False
        self._due = 0  # reads that will be served in their turn
        self.id = environment.resources.add(self)

    # Getting connected.

    @operation("tcp_connect")
    def connect(self, host: bytes, port: int) -> Deferred[None]:
        """
        @return: fires with C{None}; fails with whatever kept it from connecting
        """
        if self._state != "new":
            raise OperationError("state", f"Already {self._state}")
        self._address = to_text(host), port
        return self._attempt(lambda connector: connector.connect(self, self._address))

    def _attempt(self, begin: Callable[[Connector], Deferred[None]]) -> Deferred[None]:
        self._state = "connecting"
        self._connector = Connector(
            self._environment, self._options, lambda: self.transport.abortConnection()
        )
        return begin(self._connector).addErrback(self._attempt_failed)

    def _attempt_failed(self, failure: Failure) -> Failure:
        self._connector = None
        if not self.connected or self._state == "closed":
            self._gone()
        else:
            # The transport is still on its way out.
            self._state = "closing"
        return failure

    def connectionMade(self) -> None:
        """Below TLS, if there is any."""
        options = self._options
        set_stream_options(self.transport, options.no_delay, options.keep_alive)
        if not self._secure:
            self._ready()
        elif self._connector is not None:
            self._connector.expect_handshake()
        elif self._server is not None:
            attempt = self._attempt(lambda connector: connector.shake_hands())
            attempt.addErrback(self._server.refused)

    def handshakeCompleted(self) -> None:
        """C{IHandshakeListener}"""
        if (connector := self._connector) is not None:
            # There is nothing left to cancel, even if a server's script closes it.
            self._ready()
            connector.handshake_completed()

    def _ready(self) -> None:
        """Connected, and the TLS handshake is done where there is one."""
        first, self._state = self._out is None, "connected"
        self._connector = None
        clock, options, secure = self._environment.reactor, self._options, self._secure
        self._out = Sender(clock, self.transport, options, secure, self.abort)
        self._regulate()
        if self._server is not None and first:
            self._server.connected(self)

    @operation("tcp_start_tls")
    def start_tls(self, *pairs: Scalar) -> Deferred[None]:
        """
        Speak TLS from now on; what was written before goes out as it is.

        @param pairs: names and values of L{TLSOptions}
        @return: fires with C{None} after the handshake; fails with C{tls},
            C{timeout}, and C{state} when bytes that are not TLS are still to be read
        """
        out = self._connected_out()
        if self._secure:
            raise OperationError(*TWICE)
        if out.is_shut or self._in.ended:
            raise OperationError(*NOT_CONNECTED)
        if len(self._in):
            # Else what somebody slipped in before would look as if TLS protected it.
            raise OperationError(*UNREAD)
        client, environment = self._server is None, self._environment
        options = TLSOptions.from_pairs(pairs)
        creator = tls_creator(environment, options, self._address, is_client=client)
        self._secure = True
        return self._attempt(
            lambda each: each.start_tls(self, out.when_empty, creator, is_client=client)
        )

    # Reading.

    @operation("tcp_read", gone=EOF, again=True)
    def read(self, reply: Reply) -> Deferred[bytes] | None:
        """
        @return: what has arrived, at least one byte; fails with C{eof} when the
            peer has closed, C{limit} when too many reads wait
        """
        return self._read(reply, read_buffer.ANYTHING)

    @operation("tcp_read_exactly", gone=EOF, direct=True)
    def read_exactly(self, reply: Reply, count: int) -> Deferred[bytes] | None:
        """@return: exactly C{count} bytes; fails as L{read} does"""
        return self._read(reply, read_buffer.Exactly(count))

    @operation("tcp_read_until", gone=EOF, direct=True)
    def read_until(self, reply: Reply, delimiter: bytes) -> Deferred[bytes] | None:
        """@return: what comes before the delimiter; fails as L{read} does"""
        return self._read(reply, read_buffer.Until(delimiter))

    @operation("tcp_read_all", gone=EOF, direct=True)
    def read_all(self, reply: Reply) -> Deferred[bytes] | None:
        """@return: all until the peer closes; fails as L{read} does"""
        return self._read(reply, read_buffer.EVERYTHING)

    def _read(self, reply: Reply, want: read_buffer.Want) -> Deferred[bytes] | None:
        if self._state in ("new", "connecting"):
            raise OperationError(*NOT_CONNECTED)
        bridge, seconds = self._environment.bridge, self._options.timeout or 0
        waiter: Deferred[bytes] | None = Deferred(self._withdraw) if seconds else None
        satisfied = self._in.ask(want, waiter or reply)
        if waiter is not None:
            limit(waiter, self._environment.reactor, seconds, bridge.in_turn)
        if satisfied or not self._reading:
            self._serve()
        return waiter

    @query("tcp_unread")
    def unread(self, ticket: int) -> None:
        """Nobody waits for a read any more: what it would get is for the next one."""
        self._withdraw(Reply(self._environment.bridge, ticket, self.id))

    def _withdraw(self, waiter: read_buffer.Firing) -> None:
        self._in.withdraw(waiter)
        self._serve()

    def dataReceived(self, data: bytes) -> None:
        if self._state == "closing":
            # Nobody reads it; the end of the peer may still be waited for.
            return
        if self._on_traffic is not None:
            self._on_traffic(self)
        if self._environment.bridge.busy or not self._in.pass_on(data):
            self._in.feed(data)
            self._serve()
        elif not self._reading or self._in.ready:
            self._serve()

    def gather(self, begins: bool) -> None:
        """TLS hands on what came at once in several calls: the script gets it in one."""
        self._in.gather(begins)
        if len(self._in):
            self._serve()

    def _serve(self) -> None:
        # Bytes are taken when Lua gets them: one that is cancelled has taken none.
        for _ in range(self._in.waiting - self._due):
            self._due += 1
            self._environment.bridge.in_turn(self._serve_one)
        self._regulate()

    def _serve_one(self) -> None:
        self._due -= 1
        again = self._in.serve() and self._in.ready
        (self._serve if again else self._regulate)()

    def _regulate(self) -> None:
        """Read from the peer exactly when it is wanted; go when all is over."""
        if self._forgotten and not self._in.waiting:
            self._in.clear()
        if self._state == "connected":
            reading = self._in.wants_more and not self._pressed
            if reading != self._reading:
                self._reading, transport = reading, self.transport
                (transport.resumeProducing if reading else transport.pauseProducing)()
        elif self._state == "closed" and len(self._in):
            # Kept until it is read, but no reason to go on.
            self._environment.resources.count(self.id, False)
        elif self._state == "closed" and self._out is None:
            self._gone()

    def pause(self) -> None:
        self._pressed = True
        self._regulate()

    def resume(self) -> None:
        self._pressed = False
        self._regulate()

    # Writing.

    @operation("tcp_write")
    def write(self, data: bytes) -> Deferred[None] | None:
        """
        @return: C{None}, or fires with it, when less than C{max_write_buffer}
            waits; fails with C{limit} at 16 times that, C{timeout}, C{state}
        """
        if self._state != "connected" or self._out is None:
            raise OperationError(*NOT_CONNECTED)
        if self._on_traffic is not None:
            self._on_traffic(self)
        return self._out.write(data)

    @operation("tcp_shutdown")
    def shutdown(self) -> Deferred[None]:
        """
        @return: fires with C{None} when all was sent, and the end of writing too;
            fails with what the connection was lost by, C{timeout}, C{state}
        """
        return self._connected_out().shutdown()

    def _connected_out(self) -> Sender:
        if self._state != "connected" or self._out is None:
            raise OperationError(*NOT_CONNECTED)
        return self._out

    def writeConnectionLost(self) -> None:
        """C{IHalfCloseableProtocol}: all was sent, and the end of writing too."""
        if self._out is not None:
            self._out.end_sent()
            if self._in.ended:
                self._close_in_order()

    # The end.

    def readConnectionLost(self) -> None:
        """The peer has ended its side; what we have still to send is sent."""
        if self._connector is not None:
            # Before the first record of TLS.
            self._connector.lost(Failure(ConnectionDone()))
            self.transport.abortConnection()
        self.gather(False)
        self._in.end()
        if (out := self._out) is not None:
            # Closing may be over at once.
            out.peer_ended()
            allowed = self._options.allow_half_open and not self._forgotten
            if out.is_shut or not allowed:
                self._close_in_order()
        self._serve()

    def _close_in_order(self) -> None:
        """Close when all that was written is sent, or has had its time."""
        if self._state == "connected" and self._out is not None:
            self._state = "closing"
            self._out.close(peer_ended=self._in.ended)

    @query("tcp_close")
    def close(self) -> None:
        """The script's C{close}: what waits is dropped, what was written is sent."""
        self._environment.bridge.forget(self.id)
        closed = CancelledError()
        if self._connector is not None:
            self._connector.cancel()
        self._in.drop(closed)
        if self._out is not None:
            self._out.fail(closed)
        if self._state == "connected" and not self._in.ended:
            # What still comes is dropped, so that it is not refused.
            self.transport.resumeProducing()
        self._close_in_order()
        self._in.end()
        self.forget()

    @query("tcp_forget")
    def forget(self) -> None:
        """The script has lost its object: what nobody reads is dropped."""
        self._forgotten = True
        if self._state in ("new", "closed"):
            self._gone()
        elif self._in.ended:
            self._close_in_order()
        else:
            self._regulate()

    def abort(self, reason: BaseException | None = None) -> None:
        """Close now; who waits is told the reason, by default C{closed}."""
        if self._connector is not None:
            self._connector.cancel()
        elif self._state in ("connected", "closing"):
            self._lost_by = reason or CancelledError()
            self.transport.abortConnection()
        else:
            self._gone()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gather(False)
        self._state = "closed"
        if self._server is not None:
            self._server.left(self)
        cause = self._lost_by or reason.value or ConnectionLost()
        if self._connector is not None:
            self._connector.lost(Failure(cause))
        self._in.end(None if isinstance(cause, ConnectionDone) else cause)
        self._serve()
        if self._out is not None:
            out, self._out = self._out, None
            out.lost(cause)
        self._regulate()

    def _gone(self) -> None:
        self._state = "closed"
        self._environment.resources.remove(self.id)

    # What a script can ask.

    @query("tcp_state")
    def describe(self) -> tuple[str, str | None, int | None]:
        """The state, and the peer's address and port."""
        if not self.connected:
            return self._state, None, None
        return self._state, *host_and_port(self.transport.getPeer())

    @query("tcp_local_address")
    def local_address(self) -> tuple[str | None, int | None]:
        return host_and_port(self._open_transport().getHost())

    @query("tcp_peer_address")
    def peer_address(self) -> tuple[str | None, int | None]:
        return host_and_port(self._open_transport().getPeer())

    def _open_transport(self) -> StreamTransport:
        if self._state not in ("connected", "closing"):
            raise OperationError(*NOT_CONNECTED)
        return self.transport

    @query("tcp_alpn")
    def alpn(self) -> tuple[bytes | None]:
        """The protocol that both ends chose in the TLS handshake, if they did."""
        return (getattr(self._open_transport(), "negotiatedProtocol", None),)

    @query("tcp_buffered_amount")
    def buffered_amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self._out is None else self._out.amount
