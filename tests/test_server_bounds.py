"""The table of what servers bound says what the code does."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.http_engine import bounds
from eplua_twisted.http_server import bounds as clients
from eplua_twisted.http_server import conditions, request, server
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.streams.read_buffer import MAX_READS
from eplua_twisted.streams.server import MAX_CONNECTIONS
from eplua_twisted.tcp.options import ServerOptions, SocketOptions
from eplua_twisted.tls import transport
from eplua_twisted.udp.dtls import server as dtls
from eplua_twisted.udp.dtls import session
from eplua_twisted.udp.dtls.options import DTLSOptions
from eplua_twisted.websocket import accepted
from eplua_twisted.websocket import connection as websocket
from eplua_twisted.websocket.options import ServerOptions as WebSocketOptions
from tests.support import ROOT

http, sockets = HTTPServerOptions(), SocketOptions()
websockets = WebSocketOptions()

BOUNDS: dict[tuple[str, str], float] = {
    ("all", "clients at a time"): MAX_CONNECTIONS,
    ("all", "seconds of a TLS handshake"): clients.HANDSHAKE_TIMEOUT,
    (
        "all",
        "bytes of what TLS itself answers (to key updates), unsent",
    ): transport.MAX_ANSWERS,
    (
        "all",
        "seconds in which nothing moves of what is unsent when TLS has failed",
    ): transport.LINGER,
    ("`TCPServer`", "bytes unread, for each client"): sockets.max_buffer,
    ("`TCPServer`", "bytes unsent, for each client"): sockets.max_write_buffer,
    ("`TCPServer`", "reads that wait, for each client"): MAX_READS,
    ("`TCPServer`", "seconds without a byte either way"): ServerOptions().idle_timeout,
    ("`HTTPServer`", "seconds of a request's head"): clients.HEAD_TIMEOUT,
    ("`HTTPServer`", "bytes of a request's target"): bounds.MAX_REQUEST_HEAD,
    ("`HTTPServer`", "bytes of all header fields"): bounds.MAX_REQUEST_HEAD,
    ("`HTTPServer`", "header fields"): bounds.MAX_REQUEST_HEADERS,
    ("`HTTPServer`", "bytes of a body"): http.max_body_size,
    ("`HTTPServer`", "seconds of a pause in a body"): http.timeout,
    ("`HTTPServer`", "seconds of a whole body, and one more for each KiB"): 2
    * http.timeout,
    ("`HTTPServer`", "seconds between requests"): http.timeout,
    ("`HTTPServer`", "seconds in which a client takes nothing"): http.timeout,
    ("`HTTPServer`", "bytes of an answer unsent"): request.MAX_UNSENT,
    ("`HTTPServer`", "ranges of a request"): conditions.MAX_RANGES,
    ("`HTTPServer`", "seconds for open requests after `stop`"): server.GRACE,
    (
        "`WebSocketServer`",
        "seconds of an opening handshake",
    ): accepted.HANDSHAKE_TIMEOUT,
    (
        "`WebSocketServer`",
        "bytes of its target, and of its header fields",
    ): bounds.MAX_REQUEST_HEAD,
    ("`WebSocketServer`", "header fields"): bounds.MAX_REQUEST_HEADERS,
    ("`WebSocketServer`", "bytes of a message"): websockets.max_message_size,
    ("`WebSocketServer`", "seconds between pings"): websockets.ping_interval,
    ("`WebSocketServer`", "seconds of the answer to a ping"): websockets.ping_timeout,
    ("`WebSocketServer`", "bytes unsent, for each client"): websocket.MAX_UNSENT,
    (
        "`WebSocketServer`",
        "seconds in which nothing moves after a close",
    ): websocket.CLOSE_TIMEOUT,
    ("`UDPSocket`", "datagrams unread"): 1024,
    ("DTLS", "associations at a time"): dtls.MAX_PEERS,
    ("DTLS", "bytes that come in a handshake"): session.MAX_HANDSHAKE,
    ("DTLS", "seconds of a handshake"): dtls.HANDSHAKE_TIMEOUT,
    ("DTLS", "seconds without a datagram of a peer"): DTLSOptions().idle_timeout,
}


class BoundsTests(SynchronousTestCase):
    def test_the_table_has_each_bound_and_its_default(self) -> None:
        text = (ROOT / "docs" / "reference" / "bounds.md").read_text()
        rows = re.findall(r"^\| (.+?) \| (.+?) \| (\d+) \|", text, re.MULTILINE)
        told = {(who, what): float(default) for who, what, default in rows}
        self.assertEqual(told, BOUNDS)

    def test_the_queue_of_datagrams(self) -> None:
        """It is in Lua."""
        text = (ROOT / "lua" / "net" / "inbox.lua").read_text()
        self.assertIn("MAX_QUEUE = 1024", text)
