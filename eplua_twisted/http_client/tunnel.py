"""A tunnel through an HTTP proxy: C{CONNECT} (RFC 9110, section 9.3.6)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.errors import OperationError

MAX_ANSWER = 16 * 1024


class Tunnel(Protocol):
    """
    Asks the proxy, and then stands between it and the protocol that goes through.

    @ivar done: fires with that protocol when it is connected; fails with what the
        connection was lost by, C{protocol}, or C{denied}: the proxy will not
    """

    def __init__(
        self, target: str, authorization: bytes | None, inner: Factory
    ) -> None:
        self._target = target.encode("ascii")
        self._authorization = authorization
        self._factory = inner
        self._inner: Any = None
        self._answer = b""
        self._over = False
        self.done: Deferred[Any] = Deferred(self._cancel)

    def _cancel(self, _: object) -> None:
        self._over = True
        if self.transport is not None:
            self._abort()

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()

    def connectionMade(self) -> None:
        lines = [b"CONNECT %b HTTP/1.1" % self._target, b"Host: " + self._target]
        if self._authorization is not None:
            lines.append(b"Proxy-Authorization: " + self._authorization)
        assert self.transport is not None
        self.transport.write(b"\r\n".join([*lines, b"", b""]))

    def dataReceived(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        if self._over:
            return
        self._answer += data
        head, end, rest = self._answer.partition(b"\r\n\r\n")
        if not end:
            if len(head) > MAX_ANSWER:
                self._fail("protocol", "the proxy's answer is too long")
            return
        status = head.split(b"\r\n", 1)[0].split(b" ", 2)
        if (
            len(status) < 2
            or not status[0].startswith(b"HTTP/")
            or not status[1].isdigit()
        ):
            self._fail("protocol", "the proxy's answer is not HTTP")
        elif not status[1].startswith(b"2"):
            words = b" ".join(status[1:]).decode("ascii", "replace")
            self._fail("denied", f"the proxy refused: {words}")
        else:
            self._open(rest)

    def _open(self, rest: bytes) -> None:
        assert self.transport is not None
        self._answer = b""
        self._inner = self._factory.buildProtocol(self.transport.getPeer())
        # The transport is given away; what happens to it still comes here.
        self._inner.makeConnection(self.transport)
        self._over = True
        self.done.callback(self._inner)
        if rest:
            self._inner.dataReceived(rest)

    def _fail(self, code: str, message: str) -> None:
        self._over = True
        self._abort()
        self.done.errback(OperationError(code, message))

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

    def __init__(
        self,
        proxy: IStreamClientEndpoint,
        host: str,
        port: int,
        authorization: bytes | None,
    ) -> None:
        """
        @param proxy: connects to the proxy
        @param authorization: value of the header C{Proxy-Authorization}
        """
        self._proxy = proxy
        self._target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._authorization = authorization

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """C{IStreamClientEndpoint.connect}"""
        inner: Any = protocolFactory
        tunnel = Tunnel(self._target, self._authorization, inner)
        done = tunnel.done
        connecting = self._proxy.connect(_TunnelFactory(tunnel))
        return connecting.addCallback(lambda _: done)
