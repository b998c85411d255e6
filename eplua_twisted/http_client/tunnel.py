"""The way through a proxy: what is said to it first, and who speaks after that."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.errors import OperationError, quoted
from eplua_twisted.http_engine.request_writer import request_head
from eplua_twisted.http_engine.response_reader import (
    END_OF_HEAD,
    ResponseHead,
    parse_head,
)

MAX_ANSWER = 16 * 1024

HTTP = b"HTTP/"

NOT_HTTP = ("protocol", "the proxy's answer is not HTTP")


class Negotiation(Protocol):
    """What is said between us and a proxy, without I/O."""

    def begin(self) -> bytes:
        """What is sent first."""

    def receive(self, data: bytes) -> tuple[bytes, bytes | None]:
        """
        @return: what to send, and C{None}; or, when the proxy has connected us, what it
            has sent after that
        @raise OperationError: it will not, or it is no proxy
        """


class Connect:
    """C{CONNECT} to an HTTP proxy (RFC 9110, section 9.3.6)."""

    def __init__(self, host: str, port: int, authorization: bytes | None) -> None:
        """@param authorization: value of the header C{Proxy-Authorization}"""
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._target = target.encode("ascii")
        self._authorization = authorization
        self._answer = b""
        self._spent = 0

    def begin(self) -> bytes:
        headers = [(b"Host", self._target)]
        if self._authorization is not None:
            headers.append((b"Proxy-Authorization", self._authorization))
        return request_head(b"CONNECT", self._target, headers)

    def receive(self, data: bytes) -> tuple[bytes, bytes | None]:
        self._answer += data
        while (head := self._next_head()) is not None:
            if 200 <= head.status < 300:
                # Whatever it says of a body, there is none.
                return b"", self._answer
            if head.status == 101 or not 100 <= head.status < 200:
                words = f"{head.status} {quoted(head.reason)}".strip()
                raise OperationError("denied", f"the proxy refused: {words}")
        return b"", None

    def _next_head(self) -> ResponseHead | None:
        """
        Take the next head; informational ones may come before the answer (15.2).

        @return: C{None} if it is not all here
        """
        answer = self._answer
        found = END_OF_HEAD.search(answer)
        size = found.end() if found is not None else len(answer)
        if answer[:5] != HTTP[: len(answer)]:
            raise OperationError(*NOT_HTTP)
        if self._spent + size > MAX_ANSWER:
            raise OperationError("protocol", "the proxy's answer is too long")
        if found is None:
            return None
        self._spent += size
        self._answer = answer[size:]
        try:
            return parse_head(answer[: found.start()].removesuffix(b"\r"))
        except OperationError:
            raise OperationError(*NOT_HTTP) from None


class Tunnel(TwistedProtocol):
    """
    Negotiates with the proxy, and then stands between it and the protocol that goes
    through: first C{_inner} is C{None}, then it is that protocol.

    @ivar done: fires with that protocol when it is connected; fails with what the
        connection was lost by, C{protocol}, or C{denied}: the proxy will not
    """

    transport: ITCPTransport | None

    def __init__(self, negotiation: Negotiation, inner: IProtocolFactory) -> None:
        self._negotiation = negotiation
        self._factory = inner
        self._inner: IProtocol | None = None
        self._over = False
        self.done: Deferred[IProtocol] = Deferred(self._cancel)

    def _cancel(self, _: object) -> None:
        self._over = True
        if self.transport is not None:
            self._abort()

    def _abort(self) -> None:
        assert self.transport is not None
        self.transport.abortConnection()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._negotiation.begin())

    def dataReceived(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        if self._over:
            return
        try:
            more, rest = self._negotiation.receive(data)
        except OperationError as problem:
            self._over = True
            self._abort()
            self.done.errback(problem)
            return
        if more:
            assert self.transport is not None
            self.transport.write(more)
        if rest is not None:
            self._open(rest)

    def _open(self, rest: bytes) -> None:
        assert self.transport is not None
        inner = self._factory.buildProtocol(self.transport.getPeer())
        assert inner is not None
        self._inner = inner
        # The transport is given away; what happens to it still comes here.
        inner.makeConnection(self.transport)
        self._over = True
        self.done.callback(inner)
        if rest:
            inner.dataReceived(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._inner is not None:
            self._inner.connectionLost(reason)
        elif not self._over:
            self._over = True
            self.done.errback(reason)


class _TunnelFactory(Factory):
    noisy = False

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel

    def buildProtocol(self, addr: IAddress | None) -> Tunnel:
        return self._tunnel


@implementer(IStreamClientEndpoint)
class TunnelEndpoint:
    """Connects to a host and port by way of a proxy."""

    def __init__(self, proxy: IStreamClientEndpoint, negotiation: Negotiation) -> None:
        """@param proxy: connects to the proxy"""
        self._proxy = proxy
        self._negotiation = negotiation

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """C{IStreamClientEndpoint.connect}"""
        tunnel = Tunnel(self._negotiation, protocolFactory)
        done = tunnel.done
        connecting = self._proxy.connect(_TunnelFactory(tunnel))
        return connecting.addCallback(lambda _: done)
