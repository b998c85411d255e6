"""What servers have in common: a port, and the clients that came by it."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Generic, Protocol, TypeVar, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IPushProducer,
    IReadDescriptor,
)
from twisted.internet.main import CONNECTION_DONE
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.endpoints import UNIX, host_and_port, listen

MAX_CONNECTIONS = 1024
BACKLOG = 128


class Member(Protocol):
    """A client of a server."""

    def close(self) -> None:
        """Close in good order."""

    def abort(self) -> None:
        """Close now."""


C = TypeVar("C", bound=Member)
V = TypeVar("V")


class _Port(IListeningPort, IPushProducer):
    """
    What Twisted's ports are: one that is paused accepts nobody.

    @ivar numberAccepts: how many clients it accepts in one turn
    """

    numberAccepts: int
    socket: socket.socket


@implementer(IResource)
class Listening(Generic[C, V]):
    """
    Mixed into the Twisted factory that a server is; an L{IResource}.

    @ivar members: the clients, from their first byte on: each has C{close} and
        C{abort}; with whatever the server keeps of it
    @ivar phase: C{new}, C{starting}, C{running}; C{stopping}; C{closed} when only
        clients are left; C{stopped}
    """

    log = Logger()

    def __init__(
        self,
        environment: Environment,
        max_connections: int | None,
        backlog: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        self.environment = environment
        self._max_connections = max_connections or MAX_CONNECTIONS
        self._backlog = backlog or BACKLOG
        self._reuse_port = reuse_port
        self._port: _Port | None = None
        self._attempt: Deferred[IListeningPort] | None = None
        self._pressed = False
        self._stopped: list[Deferred[None]] = []
        self.members: dict[C, V] = {}
        environment.connections.servers.append(self.members)
        self.phase = "new"
        self.id = environment.resources.add(self)

    def port_factory(self) -> IProtocolFactory:
        """
        The factory that the port is given: this one, or one for a layer below it.

        @raise OperationError: C{tls}: a certificate or key cannot be used
        """
        return cast(IProtocolFactory, self)

    # Starting.

    def listen(self, host: bytes, port: int) -> Deferred[int | None]:
        """
        @return: fires with the port, C{None} for a UNIX socket; fails with what
            kept it from listening
        """
        if self.phase != "new":
            raise OperationError("state", f"Already {self.phase}")
        self.phase = "starting"
        self.environment.ports.add(self)
        listening = Deferred.fromCoroutine(self._listen(to_text(host), port))
        self._attempt = listening
        return listening.addCallbacks(self._started, self._not_started)

    async def _listen(self, host: str, port: int) -> IListeningPort:
        shared = self.environment.ports.shared
        if shared and (host.startswith(UNIX) or not port):
            what = "a UNIX socket" if host.startswith(UNIX) else "port 0"
            raise OperationError(
                "denied", f"{what} cannot be shared by several processes (--workers)"
            )
        return await listen(
            self.environment.streams,
            host,
            port,
            self.port_factory(),
            self._backlog,
            self._reuse_port or shared,
        )

    def _started(self, port: IListeningPort) -> int | None:
        self._attempt = None
        self.phase = "running"
        self._port = cast(_Port, port)
        if self._pressed:
            self._port.pauseProducing()
        self.environment.ports.changed()
        return self.listening_port()

    def _not_started(self, failure: Failure) -> Failure:
        self._attempt = None
        self._gone()
        return failure

    def share(self) -> None:
        """Run without a port: the clients come by another server's."""
        self.phase = "running"
        self.environment.resources.count(self.id, False)

    # Clients.

    def admits(self) -> bool:
        """Whether there is room for one more client; if not, it is logged."""
        if self.phase == "running" and len(self.members) < self._max_connections:
            if not self.environment.connections.full:
                return True
            why = str(self.environment.connections.refusal)
        else:
            why = f"{len(self.members)} are connected (option maxConnections)"
        self.log.warn("a client was refused: {why}", why=why)
        return False

    def left(self, client: C) -> None:
        """A client is gone."""
        self.members.pop(client, None)
        self._stop_if_empty()

    # What a script can ask.

    def listening_port(self) -> int | None:
        """The port it listens on; C{None} for a UNIX socket, or another server's."""
        if self._port is None or not self.is_running():
            return None
        return host_and_port(self._port.getHost())[1]

    def is_running(self) -> bool:
        return self.phase == "running"

    # The end.

    @property
    def is_starting(self) -> bool:
        """Whether it does not know yet if it gets its port."""
        return self.phase == "starting"

    def drain(self) -> None:
        """Accept nobody any more; those who are here stay for as long as they want."""
        if self.phase != "running":
            self.close()
            return
        port = self._port
        if port is None or not IReadDescriptor.providedBy(port):
            self._stop_accepting()
            return
        # The system has taken in clients that the process does not know: with the port
        # they would go too.  Whoever comes between the two is reset, so it is shut down
        # here: Twisted does that a turn after C{stopListening}, and logs before.
        port.pauseProducing()
        port.numberAccepts = self._backlog + 1
        port.doRead()
        with suppress(OSError):
            port.socket.shutdown(socket.SHUT_RD)
        self.phase = "stopping"
        port.connectionLost(Failure(CONNECTION_DONE))
        self._closed(None)

    def _stop_accepting(self) -> None:
        self.phase = "stopping"
        if self._port is None:
            self._closed(None)
        else:
            maybeDeferred(self._port.stopListening).addBoth(self._closed)

    def stop_listening(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        stopped: Deferred[None] = Deferred()
        self._stopped.append(stopped)
        self.close()
        return stopped

    def close(self) -> None:
        """Stop listening; close the clients in good order."""
        self.environment.bridge.forget(self.id)
        for client in list(self.members):
            client.close()
        if self._attempt is not None:
            self._attempt.cancel()
        elif self.phase == "running":
            self._stop_accepting()
        elif self.phase == "new":
            self._gone()

    def _closed(self, result: object) -> None:
        self.phase = "closed"
        self._stop_if_empty()

    def _stop_if_empty(self) -> None:
        if self.phase == "closed" and not self.members:
            self._gone()

    def abort(self) -> None:
        """Close now."""
        self.close()
        for client in list(self.members):
            client.abort()

    def _gone(self) -> None:
        self.phase = "stopped"
        self.environment.connections.left(self.members)
        self.environment.ports.remove(self)
        self.environment.resources.remove(self.id)
        stopped, self._stopped = self._stopped, []
        for deferred in stopped:
            deferred.callback(None)

    def pause(self) -> None:
        """Accept nobody."""
        self._pressed = True
        if self._port is not None and self.is_running():
            self._port.pauseProducing()

    def resume(self) -> None:
        self._pressed = False
        if self._port is not None and self.is_running():
            self._port.resumeProducing()
