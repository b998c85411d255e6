"""C{net.HTTPServer}."""

from __future__ import annotations

import os
from typing import Any

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.http_server.server import TIMEOUT, HTTPServer


class HTTPServers(Module):
    """Makes the HTTP servers of one runtime."""

    resource_types = (HTTPServer, HTTPServerRequest)

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
