"""C{net.HTTPServer}."""

from __future__ import annotations

import os
from typing import Any

from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.http_server.server import TIMEOUT, HTTPServer


@implementer(IModule)
class HTTPServers:
    """Makes the HTTP servers of one runtime."""

    resource_types = (HTTPServer, HTTPServerRequest)
    active = 0

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @query("http_server_create")
    def create(
        self,
        max_body: int | None,
        timeout: float | None,
        max_connections: int | None,
        *tls_values: Any,
    ) -> int:
        """@return: the number of a server that does not listen yet"""
        context = None
        if tls_values:
            from eplua_twisted.tls.context import server_context
            from eplua_twisted.tls.options import TLSOptions

            context = server_context(TLSOptions.from_lua(*tls_values))
        return HTTPServer(
            self._environment,
            max_body,
            TIMEOUT if timeout is None else seconds(timeout),
            max_connections,
            context,
        ).id

    @query("http_server_check_directory")
    def check_directory(self, directory: bytes) -> bool:
        """@raise OperationError: C{state}: it is no directory"""
        if not os.path.isdir(directory):
            raise OperationError("state", f"{to_text(directory)} is no directory")
        return True

    def stop(self) -> None:
        """All it makes is in L{Resources}."""
