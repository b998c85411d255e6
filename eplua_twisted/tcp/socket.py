"""A TCP or UNIX stream connection: C{TCPSocket} is a Twisted C{Protocol}."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Reply
from eplua_twisted.errors import EOF, NOT_CONNECTED, TIMEOUT, OperationError
from eplua_twisted.streams.endpoints import host_and_port
from eplua_twisted.streams.read_buffer import (
    ANYTHING,
    EVERYTHING,
    Exactly,
    ReadBuffer,
    Until,
    Want,
)
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.tcp.connector import Acceptor, Connecting
from eplua_twisted.tcp.options import SocketOptions

HALF = ("state", "Over TLS there is no half of a connection to shut down: close it")

LINGER = 30.0
"""Seconds a closed socket has to send what was written before."""


Read = bytes | Deferred[bytes] | None
"""The bytes; or what fires with them; or nothing, and the reply is answered."""


class Server(Acceptor, typing.Protocol):
    """A server, as the sockets that it has accepted know it."""

    @property
    def on_traffic(self) -> Callable[[TCPSocket], None] | None:
        """What is called when bytes went either way, if anything."""

    def connected(self, client: TCPSocket) -> None:
        """The client can be used."""

    def left(self, client: TCPSocket) -> None:
        """The client is gone."""


@implementer(IResource, IHalfCloseableProtocol)
class TCPSocket(Connecting):
    """One connection, from the attempt to its end."""

    _server: Server | None
    _gathered: list[bytes] | None = None

    def __init__(
        self,
        environment: Environment,
        options: SocketOptions,
        server: Server | None = None,
    ) -> None:
        self._environment = environment
        self._options = options
        self._server = server
        self._on_traffic = server.on_traffic if server is not None else None
        self._in = ReadBuffer(options.max_buffer)
        self._shutdown: Deferred[None] | None = None
        self._lost_by: BaseException | None = None
        self._linger: Deadline | None = None
        if options.tls is not None:
            self.expect_handshake()
        self._reading = True
        self._pressed = False
        self.id = environment.resources.add(self)

    def ready(self) -> None:
        """Connected, and the TLS handshake is done where there is one."""
        first, self.state = self._out is None, "connected"
        transport: Any = self.transport
        self._out = WriteBuffer(transport)
        self._regulate()
        if self._server is not None and first:
            self._server.connected(self)

    # Reading.

    @operation("tcp_read", gone=EOF, direct=True)
    def read(self, reply: Reply) -> Read:
        """
        @return: what has arrived, at least one byte; fails with C{eof} when the
            peer has closed, C{limit} when too many reads wait
        """
        return self._read(reply, ANYTHING)

    @operation("tcp_read_exactly", gone=EOF, direct=True)
    def read_exactly(self, reply: Reply, count: int) -> Read:
        """@return: so many bytes; fails as L{read} does"""
        return self._read(reply, Exactly(count))

    @operation("tcp_read_until", gone=EOF, direct=True)
    def read_until(self, reply: Reply, delimiter: bytes) -> Read:
        """@return: what comes before the delimiter; fails as L{read} does"""
        return self._read(reply, Until(delimiter))

    @operation("tcp_read_all", gone=EOF, direct=True)
    def read_all(self, reply: Reply) -> Read:
        """@return: all until the peer closes; fails as L{read} does"""
        return self._read(reply, EVERYTHING)

    def _read(self, reply: Reply, want: Want) -> Read:
        if self.state in ("new", "connecting"):
            raise OperationError(*NOT_CONNECTED)
        result: Read
        if self._options.timeout:
            waiter: Deferred[bytes] = Deferred(self._in.withdraw)
            waiter.addTimeout(self._options.timeout, self._environment.reactor)
            result = self._in.read(want, waiter)
            if result is None:
                result = waiter
            else:
                waiter.callback(result)
        else:
            result = self._in.read(want, reply)
        if result is not None or not self._reading:
            self._regulate()
        return result

    def dataReceived(self, data: bytes) -> None:
        if self.state == "closing":
            # Over TLS the end of the peer has still to be waited for.
            return
        if self._on_traffic is not None:
            self._on_traffic(self)
        if self._gathered is not None:
            self._gathered.append(data)
        else:
            self._feed(data)

    def gather(self, begins: bool) -> None:
        """TLS hands on what came at once in several calls: the script gets it in one."""
        gathered, self._gathered = self._gathered, [] if begins else None
        if gathered:
            self._feed(b"".join(gathered) if len(gathered) > 1 else gathered[0])

    def _feed(self, data: bytes) -> None:
        self._in.feed(data)
        if len(self._in):
            self._regulate()

    def _regulate(self) -> None:
        """Read from the peer exactly when it is wanted; go when all is over."""
        if self.state == "connected":
            reading = self._in.wants_more and not self._pressed
            if reading != self._reading:
                self._reading = reading
                transport: Any = self.transport
                if reading:
                    transport.resumeProducing()
                else:
                    transport.pauseProducing()
        elif self.state == "closed":
            if len(self._in):
                # Kept until it is read, but no reason to go on.
                self._environment.resources.count(self.id, False)
            else:
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
        out, limit = self._writable(), self._options.max_write_buffer
        if out.amount and out.amount + len(data) > 16 * limit:
            raise OperationError(
                "limit",
                f"{out.amount} bytes wait to be sent already (option maxWriteBuffer)",
            )
        if self._on_traffic is not None:
            self._on_traffic(self)
        out.write(data)
        if out.amount < limit:
            return None
        drained = out.when_below(limit)
        if self._options.timeout:
            drained.addTimeout(self._options.timeout, self._environment.reactor)
            drained.addErrback(self._write_failed)
        return drained

    def _writable(self) -> WriteBuffer:
        if self.state != "connected" or self._out is None or self._shutdown is not None:
            raise OperationError(*NOT_CONNECTED)
        return self._out

    def _write_failed(self, failure: Failure) -> Failure:
        if failure.check(DeferredTimeout):
            self._abort(OperationError(*TIMEOUT))
        return failure

    @operation("tcp_shutdown")
    def shutdown(self) -> Deferred[None]:
        """
        @return: fires with C{None} when all was sent, and the end of writing too;
            fails with what the connection was lost by
        """
        out = self._writable()
        if self.secure:
            raise OperationError(*HALF)
        self._shutdown = Deferred()
        transport: Any = self.transport
        out.when_empty(transport.loseWriteConnection)
        return self._shutdown

    def writeConnectionLost(self) -> None:
        """All was sent, and the end of writing too."""
        if self._shutdown is not None and not self._shutdown.called:
            self._shutdown.callback(None)

    # The end.

    def readConnectionLost(self) -> None:
        """The peer closed; what we have still to send is sent."""
        if self.shaking is not None:
            # Before the first record of TLS.
            self.lost_in_handshake(ConnectionDone())
            transport: Any = self.transport
            transport.abortConnection()
        self.gather(False)
        self._flush()
        self._in.finish()

    def _flush(self) -> None:
        """Close when all that was written is sent, or has had its time."""
        if self.state == "connected":
            self.state = "closing"
            assert self._out is not None
            self._linger = Deadline(
                self._environment.reactor, self._abort, OperationError(*TIMEOUT)
            )
            self._linger.start(LINGER)
            transport: Any = self.transport
            self._out.when_empty(transport.loseConnection)

    @query("tcp_close")
    def close(self) -> None:
        """The script's C{close}: what waits is dropped, what was written is sent."""
        self._environment.bridge.forget(self.id)
        self._gathered = None
        closed = CancelledError()
        if self._attempt is not None:
            self._attempt.cancel()
        if self.state == "connected" and not self.secure:
            transport: Any = self.transport
            transport.pauseProducing()
        self._in.fail(closed)
        self._in.ended = True
        self._in.clear()
        if self._out is not None:
            self._out.fail(closed)
        if self._shutdown is not None and not self._shutdown.called:
            self._shutdown.errback(closed)
        self._flush()
        self.forget()

    @query("tcp_forget")
    def forget(self) -> None:
        """The script has no more use for what a closed connection has left."""
        if self.state in ("new", "closed"):
            self._gone()

    def abort(self) -> None:
        """Close now."""
        self._abort(CancelledError())

    def _abort(self, reason: Exception) -> None:
        if self._attempt is not None:
            self._attempt.cancel()
        elif self.state in ("connected", "closing"):
            self._lost_by = reason
            transport: Any = self.transport
            transport.abortConnection()
        else:
            self._gone()

    def idle(self) -> None:
        """The server has seen nothing of this client for too long."""
        self._abort(OperationError(*TIMEOUT))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gather(False)
        self.state = "closed"
        if self._linger is not None:
            self._linger.cancel()
            # It knows the socket, which is to go as soon as nobody else does.
            self._linger = None
        if self._server is not None:
            self._server.left(self)
        cause = self._lost_by or reason.value or ConnectionLost()
        self.lost_in_handshake(cause)
        if not isinstance(cause, ConnectionDone):
            # Those that wait learn the cause; reads that come later, the end.
            self._in.ended = True
            self._in.fail(cause)
        self._in.finish()
        if self._out is not None:
            self._out.fail(cause)
        if self._shutdown is not None and not self._shutdown.called:
            if isinstance(cause, ConnectionDone):
                self._shutdown.callback(None)
            else:
                self._shutdown.errback(cause)
        self._regulate()

    def _gone(self) -> None:
        self.state = "closed"
        self._environment.resources.remove(self.id)

    # What a script can ask.

    @query("tcp_state")
    def describe(self) -> tuple[str, str | None, int | None]:
        """The state, and the peer's address and port."""
        if self.transport is None:
            return self.state, None, None
        return self.state, *host_and_port(self.transport.getPeer())

    @query("tcp_local_address")
    def local_address(self) -> tuple[str | None, int | None]:
        return host_and_port(self._open_transport().getHost())

    @query("tcp_peer_address")
    def peer_address(self) -> tuple[str | None, int | None]:
        return host_and_port(self._open_transport().getPeer())

    def _open_transport(self) -> Any:
        if self.state not in ("connected", "closing"):
            raise OperationError(*NOT_CONNECTED)
        return self.transport

    @query("tcp_buffered_amount")
    def buffered_amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self._out is None else self._out.amount
