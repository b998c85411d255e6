"""A UDP port with one session of DTLS."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_text
from eplua_twisted.errors import NOT_CONNECTED, OperationError
from eplua_twisted.transports.datagrams import Datagrams
from eplua_twisted.udp import addresses
from eplua_twisted.udp.dtls.context import client_connection
from eplua_twisted.udp.dtls.options import DTLSOptions
from eplua_twisted.udp.dtls.records import MTU
from eplua_twisted.udp.dtls.session import Session
from eplua_twisted.udp.inbox import Inbox
from eplua_twisted.udp.port import UDPPort

CONNECT_TIMEOUT = 10.0
"""Seconds for the name and the handshake, when the script names no timeout."""


@implementer(IResource)
class DTLSClient:
    """
    C{net.UDPSocket} with the option C{tls}: L{connect} includes the handshake; what
    is sent and received goes through its session.  When that is over, and after an
    attempt that failed, it can be connected again.
    """

    public_name = "UDPSocket"

    def __init__(
        self, environment: Environment, options: DTLSOptions, listener: int
    ) -> None:
        """@param listener: the ticket that is answered with what comes"""
        self._environment = environment
        self._options = options
        self._inbox = Inbox(environment.bridge, listener)
        self._port = UDPPort(environment, options, self, self._recount)
        self._connecting: Deferred[None] | None = None
        self._session: Session | None = None
        self._names: set[tuple[bytes, int]] = set()
        self._closed = False
        self.id = self._inbox.owner = environment.resources.add(self)
        self._recount()

    def _recount(self) -> None:
        counts = self._inbox.expected or self._port.busy or self._connecting is not None
        self._environment.resources.count(self.id, counts)

    def _is_over(self) -> bool:
        """Whether there is no session, or none any more."""
        return self._session is None or self._session.state == "over"

    # Connecting.

    @operation("dtls_client_bind")
    def bind(self, host: bytes, port: int) -> Deferred[int]:
        """@return: see L{UDPPort.bind}"""
        return self._port.bind(to_text(host), port)

    @operation("dtls_client_connect")
    def connect(self, host: bytes, port: int) -> Deferred[None]:
        """
        @return: fires with C{None} when the handshake is done; fails with C{tls},
            C{timeout}, C{dns}, C{state}, C{refused}
        """
        if self._connecting is not None or not self._is_over():
            raise OperationError("state", "Already connected")
        connecting = Deferred.fromCoroutine(self._connect(host, port))
        self._connecting = connecting
        limit(
            connecting,
            self._environment.reactor,
            self._options.timeout or CONNECT_TIMEOUT,
        )
        self._recount()

        return connecting.addBoth(self._connected)

    def _connected(self, result: Failure | None) -> Failure | None:
        self._connecting = None
        self._recount()
        if isinstance(result, Failure):
            # Receives that wait learn it too.
            self._inbox.fail(result, b"end")
        return result

    async def _connect(self, host: bytes, port: int) -> None:
        name = to_text(host)
        tls = self._options.tls
        assert tls is not None
        connection = client_connection(
            tls, name, port, self._environment.allow_unauthorized, MTU
        )
        address = await self._port.connect(name, port, again=True)
        source = addresses.describe(address)
        self._names = {(host, port), source}
        self._session = Session(
            connection,
            self._environment.reactor,
            MTU,
            lambda datagram: self._port.transmit(datagram, address),
            lambda data: self._inbox.put(data, *source),
            lambda problem: self._inbox.fail(problem, b"end"),
        )
        await self._session.begin()

    # What the server does.

    def datagrams_received(self, datagrams: Datagrams) -> None:
        """See L{DatagramReceiver<eplua_twisted.transports.datagrams.DatagramReceiver>}."""
        if self._session is not None:
            for datagram, _ in datagrams:
                self._session.receive(datagram)

    def connection_refused(self) -> None:
        """Its host says that nobody listens there."""
        if self._session is not None:
            self._session.fail(Refused())

    # What the script does.

    @operation("dtls_client_send")
    def send(self, data: bytes, host: bytes | None, port: int | None) -> None:
        """
        @param host: C{None}, as the port, or those of the server
        """
        if self._session is None:
            raise OperationError(*NOT_CONNECTED)
        if host is not None and (host, port) not in self._names:
            raise OperationError("state", "Already connected to another peer")
        self._session.send(data)

    @operation("dtls_client_receive")
    def receive(self, expected: bool) -> None:
        """Receives wait, or no longer."""
        self._inbox.expected = expected
        self._recount()

    @query("dtls_client_local_address")
    def local_address(self) -> tuple[str, int]:
        """@raise OperationError: C{state}: it is not bound"""
        return self._port.local_address()

    @query("dtls_client_peer_address")
    def peer_address(self) -> tuple[str, int] | None:
        """@return: the server's, while the session is open"""
        if self._session is None or self._session.state != "open":
            return None
        return self._port.peer_address()

    @query("dtls_client_close")
    def close(self) -> None:
        """The script's C{close}, or the runtime's: the server is told."""
        self._environment.bridge.forget(self.id)
        self._end()

    def _end(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._session is not None:
            self._session.close()
        closed = self._port.close()
        self._environment.resources.count(self.id, True)
        closed.addBoth(lambda _: self._environment.resources.remove(self.id))

    @query("dtls_client_forget")
    def forget(self) -> None:
        """The script lost its socket: it goes, unless something is expected of it."""
        busy = self._inbox.expected or self._port.busy or self._connecting is not None
        if not busy:
            # What has failed by now is told all the same.
            self._end()

    def abort(self) -> None:
        self.close()

    def pause(self) -> None:
        self._port.pause()

    def resume(self) -> None:
        self._port.resume()
