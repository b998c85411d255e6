"""C{net.HTTPServer}."""

from __future__ import annotations

import os

from eplua_twisted.border.files import shown
from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar
from eplua_twisted.errors import OperationError
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.http_server.server import HTTPServer


class HTTPServers(Module):
    """Makes the HTTP servers of one runtime."""

    resource_types = (HTTPServer, HTTPServerRequest)

    @query("http_server_create")
    def create(self, *pairs: Scalar) -> int:
        """
        @param pairs: L{HTTPServerOptions}
        @return: the number of a server that does not listen yet
        @raise OperationError: C{tls}: a certificate or key cannot be used
        """
        options = HTTPServerOptions.from_pairs(pairs)
        context = None
        if options.tls is not None:
            from eplua_twisted.tls.context import HTTP, server_context

            context = server_context(options.tls, HTTP)
        return HTTPServer(self._environment, options, context).id

    @query("http_server_check_directory")
    def check_directory(self, directory: bytes) -> bool:
        """@raise OperationError: C{state}: it is no directory; C{denied}"""
        self._environment.access.files.check(directory, "read")
        if not os.path.isdir(directory):
            raise OperationError("state", f"{shown(directory)} is no directory")
        return True
