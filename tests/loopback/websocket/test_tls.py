"""wss both ways, with verification on."""

from __future__ import annotations

import os

import trustme
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import provider

from tests.support import LoopbackTestCase, serve_peer, start_peer

ASK = """
local ca, url, extra = ...
local options = {tls = {}}
if ca ~= "" then options.tls.certificateAuthority = ca end
if extra == "accept" then options.tls.allowUnauthorized = true end
local ws = net.WebSocketClientTls(options)
ws:addEventListener("connected", function() ws:send("secret") end)
ws:addEventListener("dataReceived", function(data) print(data) ws:close() end)
ws:addEventListener("error", function(...) print(...) end)
ws:connect(url)
"""


class WssTests(LoopbackTestCase):
    def setUp(self) -> None:
        super().setUp()
        authority = trustme.CA()
        self.directory = self.mktemp()
        os.makedirs(self.directory)
        self.authority = os.path.join(self.directory, "ca.pem")
        authority.cert_pem.write_to_path(self.authority)
        self.authority = os.path.abspath(self.authority)
        self.certificate = self.issue(authority, "localhost", "127.0.0.1")
        self.other = self.issue(authority, "other.example")

    def issue(self, authority: trustme.CA, *names: str) -> str:
        path = os.path.abspath(os.path.join(self.directory, names[0] + ".pem"))
        authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(path)
        return path

    async def peer(self, certificate: str) -> str:
        return str(
            await serve_peer(self, "websocket_server.py", "--certificate", certificate)
        )

    async def test_own_authority(self) -> None:
        """By name and by address, with the authority as a file and as text."""
        port = await self.peer(self.certificate)
        with open(self.authority) as file:
            text = file.read()
        for host in ("localhost", "127.0.0.1"):
            for authority in (self.authority, text):
                self.lines.clear()
                lines = await self.run_lua(ASK, authority, f"wss://{host}:{port}/")
                self.assertEqual(lines, [b"secret"])

    async def test_unknown_issuer(self) -> None:
        port = await self.peer(self.certificate)
        lines = await self.run_lua(ASK, "", f"wss://localhost:{port}/")
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith(b"certificate verify failed: "), lines)
        self.assertIn(b"allowUnauthorized", lines[0])
        self.assertTrue(lines[0].endswith(b"\ttls"), lines)

    async def test_a_failure_is_told_once(self) -> None:
        """To the script; autobahn has nothing to add in the log."""
        events: list[LogEvent] = []

        @provider(ILogObserver)
        def observe(event: LogEvent) -> None:
            events.append(event)

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        port = await self.peer(self.certificate)
        await self.run_lua(ASK, "", f"wss://localhost:{port}/")
        names = [str(each.get("log_namespace")) for each in events]
        self.assertEqual([each for each in names if "autobahn" in each], [])

    async def test_wrong_host(self) -> None:
        port = await self.peer(self.other)
        lines = await self.run_lua(ASK, self.authority, f"wss://localhost:{port}/")
        self.assertTrue(lines[0].startswith(b"certificate verify failed: "), lines)
        self.assertIn(b"host", lines[0])

    async def test_accepted_all_the_same(self) -> None:
        """By the script's option, and by whoever runs the script."""
        port = await self.peer(self.other)
        lines = await self.run_lua(ASK, "", f"wss://localhost:{port}/", "accept")
        self.assertEqual(lines, [b"secret"])
        self.runtime = self.make_runtime(allow_unauthorized=[f"localhost:{port}"])
        lines = await self.run_lua(ASK, "", f"wss://localhost:{port}/")
        self.assertEqual(lines, [b"secret", b"secret"])

    async def test_server(self) -> None:
        """Our server; a client of another library verifies it, or does not come in."""
        await self.runtime.run_string(
            """
            local pem = ...
            server = net.WebSocketServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, {
              started = print, error = print,
              receive = function(id, data) server:send(id, data) end,
            })
            """,
            "@test.lua",
            self.certificate,
        )
        await self.line(1)
        url = f"wss://localhost:{self.lines[0].decode()}/"
        peer = start_peer(self, "websocket_client.py", "hello", url, self.authority)
        self.assertEqual(await peer.ended, 0, peer.output)
        peer = start_peer(self, "websocket_client.py", "unknown", url)
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertEqual(peer.output, b"refused\ndone\n")

    async def test_plain_port(self) -> None:
        """TLS to a port that speaks something else is an error, not a wait."""
        await self.runtime.run_string(
            "server = net.TCPServer() server:start('127.0.0.1', 0, function(c) c:write('hello there') end,"
            " {success = print})"
        )
        await self.line(1)
        await self.runtime.run_string(
            ASK, "@test.lua", "", f"wss://localhost:{self.lines[0].decode()}/"
        )
        await self.line(2)
        self.assertTrue(self.lines[1].endswith(b"\ttls"), self.lines)

    async def test_bad_files(self) -> None:
        """The error names the option and the file."""
        lines = await self.run_lua(
            """
            local ws = net.WebSocketClientTls({tls = {certificateAuthority = "/none/ca.pem"}})
            ws:addEventListener("error", print)
            ws:connect("wss://localhost:1/")
            print(pcall(function() net.WebSocketServer({tls = {certificate = "x"}}) end))
            """
        )
        self.assertIn(b"certificate and privateKey are required", lines[0])
        self.assertTrue(lines[1].startswith(b"certificateAuthority"), lines)
        self.assertIn(b"/none/ca.pem", lines[1])
        self.assertTrue(lines[1].endswith(b"\ttls"), lines)
