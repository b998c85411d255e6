"""The HTTP servers of scripts."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IOpenSSLServerConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IUpgrade
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Events
from eplua_twisted.http_engine.answers import Heads, Names
from eplua_twisted.http_server.connection import HTTPConnection
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.http_server.readers import Readers
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.http_server.static import StaticFiles, send_file
from eplua_twisted.streams.server import Listening

GRACE = 5.0
"""Seconds that requests have to be answered after the script's C{stop}."""


LINGER = 1.0
"""Seconds that clients have to ask once more, when the server drains."""


class HTTPServer(Listening[HTTPConnection, None], Factory):
    """
    A port, the requests that come by it, and who answers them: a WebSocket server,
    a directory of files, else the script.
    """

    noisy = False

    def __init__(
        self,
        environment: Environment,
        options: HTTPServerOptions,
        context: IOpenSSLServerConnectionCreator | None,
    ) -> None:
        """@param context: makes the TLS connections; C{None} for no TLS"""
        super().__init__(environment, options.max_connections)
        self.options = options
        self.secure = context is not None
        self.resources = environment.resources
        self._names = Names()
        self.heads = Heads(self._names, environment.time_of_day)
        self.readers = Readers()
        self._context = context
        self._listener = 0
        self._furnished = False
        self._upgrades: dict[bytes, int] = {}
        self._static: list[StaticFiles] = []
        self._answer = environment.bridge.answer
        self._grace = Deadline(environment.reactor, self.abort)
        self._linger = Deadline(environment.reactor, self._end_idle)

    # What connections and requests have of it.

    @property
    def clock(self) -> IReactorTime:
        clock: IReactorTime = self.environment.reactor
        return clock

    @operation("http_server_start")
    def start(self, host: bytes, port: int, listener: int) -> Deferred[int | None]:
        """
        @param listener: the ticket that is told of each C{request} and what it is, and
            of those whose client is C{gone}
        @return: as L{Listening.listen}
        """
        listening = self.listen(host, port)
        self._listener = listener
        return listening

    def port_factory(self) -> IProtocolFactory:
        if self._context is None:
            return self
        from eplua_twisted.tls.transport import below

        return below(self, self._context, self.environment.reactor)

    def buildProtocol(self, addr: IAddress | None) -> HTTPConnection | None:
        if not self.admits():
            return None
        connection = HTTPConnection(self)
        self.members[connection] = None
        return connection

    # Who answers.

    @query("http_server_static")
    def static(self, prefix: bytes, directory: bytes) -> None:
        """
        Serve files from a directory.

        @raise OperationError: C{denied}
        """
        directory = self.environment.access.files.check(directory, "read")
        self._furnished = True
        if not prefix.endswith(b"/"):
            prefix += b"/"
        self._static.append(StaticFiles(prefix, directory))
        # The longest prefix knows best.
        self._static.sort(key=lambda each: len(each.prefix), reverse=True)

    @query("http_server_websocket")
    def websocket(self, path: bytes, server: int) -> None:
        """Let the clients that ask for a path become a WebSocket server's."""
        self._furnished = True
        self._upgrades[path] = server

    def serve(self, request: HTTPServerRequest) -> None:
        """Dispatch a request: WebSocket, static file, or script."""
        if not self._furnished:
            self._ask(request)
            return
        path = request.path
        if path in self._upgrades:
            if self._upgrade_server(path) is None:
                request.answer(404)
            else:
                request.answer(
                    426, (b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")
                )
        elif not (
            self._static
            and request.head.method in (b"GET", b"HEAD")
            and self._send_file(request, path)
        ):
            self._ask(request)

    def _send_file(self, request: HTTPServerRequest, path: bytes) -> bool:
        for each in self._static:
            found = each.find(path)
            if found is None:
                continue
            if found.endswith(b"/"):
                # Relative, so that it leads nowhere else.
                name = found.rsplit(b"/", 2)[1] + b"/"
                query = request.uri[len(path) :]
                request.answer(301, (b"Location", b"./" + name + query))
            else:
                send_file(request, found)
            return True
        return False

    def _ask(self, request: HTTPServerRequest) -> None:
        request.id = self.resources.add(request)
        flat: list[bytes] = []
        names = self._names
        for name, value in request.head.headers:
            flat += names[name], value
        # What the server's own end drops is not for the requests that are here.
        self._answer(
            self._listener,
            request.id,
            True,
            b"request",
            request.id,
            request.head.method,
            request.uri,
            *request.client.peer,
            request.body,
            *flat,
        )

    def lost(self, request: HTTPServerRequest) -> None:
        """A client has not waited for its answer."""
        if request.id:
            listener = Events(self.environment.bridge, self._listener, self.id)
            listener.tell(b"gone", request.id)

    # WebSockets.

    def _upgrade_server(self, path: bytes) -> IUpgrade | None:
        server = self.resources.get(self._upgrades[path])
        return server if IUpgrade.providedBy(server) else None

    def takes_upgrade(self, request: HTTPServerRequest) -> bool:
        """Whether a request that asks for another protocol gets it."""
        wanted = b",".join(request.head.values(b"upgrade")).lower()
        return (
            request.head.method == b"GET"
            and b"websocket" in wanted
            and request.path in self._upgrades
            and self._upgrade_server(request.path) is not None
        )

    def upgrade(self, request: HTTPServerRequest) -> IProtocol | None:
        """
        @return: the protocol that speaks from now on; C{None} when there is no room
        """
        server = self._upgrade_server(request.path)
        assert server is not None
        return server.take_over(request.client.transport, request.head_bytes)

    # What a script can ask.

    @query("http_server_port")
    def listening_port(self) -> int | None:
        return super().listening_port()

    @query("http_server_is_running")
    def is_running(self) -> bool:
        return super().is_running()

    # The end.

    @operation("http_server_stop", gone=None)
    def stop(self) -> Deferred[None]:
        """
        @return: fires with C{None} when the requests that are here were answered, or
            have had C{GRACE} seconds for it, and everything is closed
        """
        return self.stop_listening()

    def drain(self) -> None:
        """Each client may ask once more, if it does so soon."""
        super().drain()
        for client in self.members:
            client.leaving = True
        for number in self._upgrades.values():
            server = self.resources.get(number)
            if server is not None:
                server.close()
        self._linger.start(LINGER)

    def _end_idle(self) -> None:
        for client in list(self.members):
            client.close()

    def close(self) -> None:
        if self.phase == "running":
            self._grace.start(GRACE)
        super().close()
        for number in self._upgrades.values():
            server = self.resources.get(number)
            if server is not None:
                server.close()

    def _gone(self) -> None:
        self._grace.cancel()
        self._linger.cancel()
        super()._gone()
