"""A client of a DTLS server, as a script has it."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import CancelledError
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import EOF
from eplua_twisted.udp.receiver import Receiver

MAX_EARLY = 64
"""Datagrams of a client that nobody has accepted yet."""


class Server(Protocol):
    """The server, as its clients know it."""

    @property
    def environment(self) -> Environment: ...

    def left(self, peer: DTLSPeer) -> None:
        """A client is gone."""


@implementer(IResource)
class DTLSPeer(Receiver):
    """
    One session on a server's port.  What comes before the script has it waits.

    @ivar source: its address and port, as scripts see them
    @ivar session: the L{Session<eplua_twisted.udp.dtls.session.Session>}
    """

    session: Any

    def __init__(
        self, server: Server, address: tuple[str, int], source: tuple[str, int]
    ) -> None:
        super().__init__(server.environment, 0)
        self._server = server
        self.address = address
        self.source = source
        self._from = to_bytes(source[0]), source[1]
        self._early: list[bytes] = []
        self._over: BaseException | None = None
        self.id = self._environment.resources.add(self)
        self._regulate()

    def received(self, data: bytes) -> None:
        """Data of the client."""
        if self._listener:
            self._arrived(data, *self._from)
        elif len(self._early) < MAX_EARLY:
            self._early.append(data)

    def ended(self, problem: BaseException) -> None:
        """The client has said goodbye, or broke the protocol."""
        self._over = problem
        self._server.left(self)
        self.expect(False)
        # It stays for the script to close: what has arrived can still be read.
        if self._listener:
            self._failed(problem, True)

    @query("dtls_listen")
    def listen(self, listener: int) -> None:
        """@param listener: the ticket that is answered with what comes"""
        self._listener = listener
        early, self._early = self._early, []
        for data in early:
            self._arrived(data, *self._from)
        if self._over is not None:
            self._failed(self._over, True)

    @operation("dtls_receive", gone=EOF)
    def receive(self, expected: bool) -> None:
        """Receives wait, or no longer."""
        self.expect(expected and self._over is None)

    @operation("dtls_send")
    def send(self, data: bytes) -> None:
        """Fails with C{state}, C{limit} for what is too long, or as the system says."""
        self.session.send(data)

    @query("dtls_close")
    def close(self) -> None:
        """The script's C{close}, or the server's: waiting callbacks are dropped."""
        self._environment.bridge.forget(self.id)
        self.session.close()
        self._server.left(self)
        if self._listener:
            self._failed(CancelledError(), True)
        self._environment.resources.remove(self.id)

    def abort(self) -> None:
        self.close()

    def pause(self) -> None:
        """The server's port pauses."""

    def resume(self) -> None:
        """See L{pause}."""

    def _regulate(self) -> None:
        self._environment.resources.count(self.id, self.expected)
