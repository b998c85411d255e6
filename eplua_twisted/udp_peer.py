"""A client of a DTLS server, as a script has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from zope.interface import implementer

from eplua_twisted.bridge import Reply, operation, query
from eplua_twisted.errors import EOF
from eplua_twisted.interfaces import IResource
from eplua_twisted.udp_receiver import Datagram, Receiver
from eplua_twisted.values import to_bytes

if TYPE_CHECKING:
    from eplua_twisted.udp_dtls import DTLSServer


@implementer(IResource)
class DTLSPeer(Receiver):
    """
    One session on a server's port.

    @ivar source: its address and port, as scripts see them
    @ivar session: the L{Session<eplua_twisted.dtls.Session>}
    """

    session: Any

    def __init__(
        self, server: DTLSServer, address: tuple[str, int], source: tuple[str, int]
    ) -> None:
        super().__init__(server.environment, server.options)
        self._server = server
        self.address = address
        self.source = source
        self._from = to_bytes(source[0]), source[1]
        self._over: BaseException | None = None
        self.id = self._environment.resources.add(self)
        self._regulate()

    def received(self, data: bytes) -> None:
        """Data of the client."""
        self._arrived((data, *self._from))

    def ended(self, problem: BaseException) -> None:
        """The client has said goodbye, or broke the protocol."""
        self._over = problem
        self._fail_receives(problem)
        self._server.left(self)
        # What has arrived can still be read.
        if not self._queue:
            self._gone()

    @operation("dtls_receive", gone=EOF, direct=True)
    def receive(self, reply: Reply) -> Datagram | Deferred[Datagram] | None:
        """
        @return: a datagram of the client, its address and port; fails with C{eof}
            when it has said goodbye, C{timeout}, or C{limit} when too many wait
        """
        if self._over is None:
            return self._next(reply)
        datagram = self._queue.popleft()
        if not self._queue:
            self._gone()
        return datagram

    @operation("dtls_send")
    def send(self, data: bytes) -> None:
        """Fails with C{state}, C{limit} for what is too long, or as the system says."""
        self.session.send(data)

    @query("dtls_address")
    def peer_address(self) -> tuple[str, int]:
        """The client's address and port."""
        return self.source

    @query("dtls_dropped_count")
    def dropped_count(self) -> int:
        return self.dropped

    @query("dtls_close")
    def close(self) -> None:
        """The script's C{close}, or the server's: waiting callbacks are dropped."""
        self._environment.bridge.forget(self.id)
        self._fail_receives(CancelledError())
        self._queue.clear()
        self.session.close()
        self._server.left(self)
        self._gone()

    def abort(self) -> None:
        self.close()

    def pause(self) -> None:
        """The server's port pauses."""

    def resume(self) -> None:
        """See L{pause}."""

    def _regulate(self) -> None:
        self._counts = bool(self._receives)
        self._environment.resources.count(self.id, self._counts)

    def _gone(self) -> None:
        self._environment.resources.remove(self.id)
