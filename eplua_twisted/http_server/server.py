"""The HTTP servers of scripts, on twisted.web."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.web.http import datetimeToString

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IUpgrade
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Events
from eplua_twisted.http_server.connection import HTTPServerChannel
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.http_server.static import StaticFiles, send_file
from eplua_twisted.streams.server import Listening

MAX_BODY = 16 * 1024 * 1024
TIMEOUT = 60.0

GRACE = 5.0
"""Seconds that requests have to be answered after the script's C{stop}."""


class HTTPServer(Listening, Factory):
    """
    A port, the requests that come by it, and who answers them: a WebSocket server,
    a directory of files, else the script.

    @ivar max_body: the most bytes of a request's body
    @ivar timeout: seconds that a client may be idle; 0 for no limit
    """

    noisy = False
    make_request = HTTPServerRequest

    def __init__(
        self,
        environment: Environment,
        max_body: int | None,
        timeout: float,
        max_connections: int | None,
        context: Any,
    ) -> None:
        super().__init__(environment, max_connections)
        self.max_body = MAX_BODY if max_body is None else max_body
        self.timeout = timeout
        self._context = context
        self._listener = 0
        self._upgrades: dict[bytes, int] = {}
        self._static: list[StaticFiles] = []
        self._grace = Deadline(environment.reactor, self.abort)
        self._date = (-1, b"")

    @operation("http_server_start")
    def start(self, host: bytes, port: int, listener: int) -> Deferred[int | None]:
        """
        @param listener: the ticket that is answered with C{request} and what it is,
            or with C{gone} and its number
        @return: as L{listen}
        """
        listening = self.listen(host, port)
        self._listener = listener
        return listening

    def port_factory(self) -> Any:
        if self._context is None:
            return self
        from eplua_twisted.tls.transport import below

        return below(self, self._context, self.environment.reactor)

    def buildProtocol(self, addr: IAddress | None) -> HTTPServerChannel | None:
        if not self.admits():
            return None
        channel = HTTPServerChannel(self)
        self.members[channel] = None
        return channel

    # Who answers.

    @query("http_server_static")
    def static(self, prefix: bytes, directory: bytes) -> None:
        """Answer what there is a file for from a directory."""
        if not prefix.endswith(b"/"):
            prefix += b"/"
        self._static.append(StaticFiles(prefix, directory))
        # The longest prefix knows best.
        self._static.sort(key=lambda each: len(each.prefix), reverse=True)

    @query("http_server_websocket")
    def websocket(self, path: bytes, server: int) -> None:
        """Let the clients that ask for a path become a WebSocket server's."""
        self._upgrades[path] = server

    def serve(self, request: HTTPServerRequest) -> None:
        """See to it that a request is answered."""
        path = request.path
        if path in self._upgrades:
            self._upgrade(request, self._upgrades[path])
        elif not (
            self._static
            and request.method in (b"GET", b"HEAD")
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
                request.answer(301, b"Location", b"./" + name + query)
                return True
            request.setHeader(b"Date", self.date())
            body = send_file(request, found)
            if body is not None:
                request.write(body)
                request.finish()
            return True
        return False

    def _ask(self, request: HTTPServerRequest) -> None:
        request.id = self.environment.resources.add(request)
        # What the server's own end drops is not for the requests that are here.
        Events(self.environment.bridge, self._listener, request.id).tell(
            b"request",
            request.id,
            request.method,
            request.uri,
            *request.channel.peer,
            request.content.getvalue(),
            *request.flat_headers(),
        )

    def lost(self, request: HTTPServerRequest) -> None:
        """A client has not waited for its answer."""
        if request.id:
            listener = Events(self.environment.bridge, self._listener, self.id)
            listener.tell(b"gone", request.id)

    def _upgrade(self, request: HTTPServerRequest, number: int) -> None:
        server: Any = self.environment.resources.get(number)
        if not IUpgrade.providedBy(server):
            request.answer(404)
            return
        upgrade = request.requestHeaders.getRawHeaders(b"Upgrade", [b""])
        if request.method != b"GET" or upgrade[0].lower() != b"websocket":
            request.answer(426, b"Upgrade", b"websocket")
            return
        lines = [b"GET %s HTTP/1.1" % request.uri]
        flat = request.flat_headers()
        lines += [b"%s: %s" % pair for pair in zip(flat[::2], flat[1::2], strict=True)]
        channel = request.channel
        channel.release()
        protocol = server.take_over(channel.transport, b"\r\n".join([*lines, b"", b""]))
        channel.take(protocol)
        if protocol is None:
            channel.refuse(503)

    def date(self) -> bytes:
        """The time of day, as the header C{Date} has it."""
        now = int(self.environment.time_of_day())
        if now != self._date[0]:
            self._date = (now, datetimeToString(now))
        return self._date[1]

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

    def close(self) -> None:
        if self.phase == "running":
            self._grace.start(GRACE)
        super().close()
        for number in self._upgrades.values():
            server = self.environment.resources.get(number)
            if server is not None:
                server.close()

    def _gone(self) -> None:
        self._grace.cancel()
        super()._gone()
