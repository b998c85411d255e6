"""TLS between scripts, and with openssl and Python."""

from __future__ import annotations

import hashlib
import os

from tests.support import ALL_BYTES, start, start_peer
from tests.support.programs import need_program
from tests.support.tls import ECHO, TLSTestCase


class EchoTests(TLSTestCase):
    async def test_every_byte(self) -> None:
        """A megabyte of all bytes there and back; chain and address are verified."""
        lines = await self.run_lua(
            ECHO
            + """
            serve(function(port)
              local all = {}
              for i = 0, 255 do all[i + 1] = string.char(i) end
              local data = table.concat(all):rep(4096)
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              print(tcp:connect("127.0.0.1", port))
              print(tcp, tcp:isConnected(), (select(2, tcp:peerAddress())) == port)
              task.start(function() tcp:write(data) end)
              print(tcp:readExactly(#data) == data)
              tcp:close()
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines[0], b"true")
        self.assertIn(b"(connected)\ttrue\ttrue", lines[1])
        self.assertEqual(lines[2], b"true")

    async def test_pem_text(self) -> None:
        """PEM text instead of files, and verification by name."""
        with open(self.localhost) as file:
            pem = file.read()
        with open(self.authority.file) as file:
            authority = file.read()
        lines = await self.run_lua(
            ECHO
            + """
            serve(function(port)
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              print(tcp:connect("localhost", port))
              tcp:write("hi")
              print(tcp:read())
              tcp:close()
            end)
            """,
            pem,
            authority,
        )
        self.assertEqual(lines, [b"true", b"hi"])

    async def test_openssl_as_client(self) -> None:
        """openssl verifies our certificate, and gets back what it sends."""
        openssl = need_program("openssl")
        await self.runtime.run_string(
            ECHO + "serve(function(port) print(port) task.sleep(1e7) end)",
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-CAfile", self.authority.file, "-verify_return_error", "-quiet"),
        )
        peer.transport.write(b"over the wire\n")
        await peer.says(b"over the wire\n")
        self.assertIn(b"verify return:1", peer.output)
        await self.runtime.stop()

    async def test_openssl_as_server(self) -> None:
        port = await self.openssl_server(self.localhost, "-rev")
        lines = await self.run_lua(
            """
            local authority, port = ...
            task.start(function()
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              print(tcp:connect("localhost", port))
              tcp:write("gnirts\\n")
              print(tcp:readUntil("\\n"))
              tcp:close()
            end)
            """,
            self.authority.file,
            port,
        )
        self.assertEqual(lines, [b"true", b"string"])

    async def test_socat_as_client(self) -> None:
        """A file through socat, whose end is an end."""
        socat = need_program("socat")
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, function(client)
              client:readExactly(256000, {
                success = function(data) print(#data, data:byte(-1)) end, error = print,
              })
              client:read({error = function(_, code) print(code) server:stop() end})
            end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        port = int(self.lines[0])
        peer = start(
            self,
            *(socat, "-u", "STDIN"),
            f"OPENSSL:localhost:{port},cafile={self.authority.file},pf=ip4",
        )
        peer.transport.write(ALL_BYTES * 1000)
        peer.transport.closeStdin()
        await self.runtime.idle()
        self.assertEqual(self.lines[1:], [b"256000\t255", b"eof"])

    async def test_socat_as_server(self) -> None:
        """socat echoes, and its end is an end."""
        peer = start(
            self,
            *(need_program("socat"), "-d", "-d"),
            f"OPENSSL-LISTEN:0,pf=ip4,bind=127.0.0.1,cert={self.localhost},verify=0",
            "SYSTEM:head -c 5",
        )
        port = (await peer.says(b"listening on AF=2 127.0.0.1:")).decode()
        lines = await self.run_lua(
            """
            local authority, port = ...
            task.start(function()
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              print(tcp:connect("localhost", port))
              tcp:write("12345")
              print(tcp:readAll())
              tcp:close()
            end)
            """,
            self.authority.file,
            port.rpartition("127.0.0.1:")[2].split()[0],
        )
        self.assertEqual(lines, [b"true", b"12345"])

    async def test_close_sends_what_was_written(self) -> None:
        """Megabytes written and the socket closed: all of it arrives, and an end."""
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, function(client)
              client:write(("0123456789abcdef"):rep(2^18), {})
              client:close()
              server:stop()
            end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start_peer(
            self,
            "tls_client.py",
            "read",
            self.lines[0].decode(),
            self.authority.file,
        )
        count, digest, _ = (await peer.says(b"end")).split()
        self.assertEqual(int(count), 2**22)
        expected = hashlib.sha256(b"0123456789abcdef" * 2**18).hexdigest()
        self.assertEqual(digest.decode(), expected)
        await self.runtime.idle()

    async def test_peer_that_ends_while_we_write(self) -> None:
        """Its close reaches a connection whose buffers are full: nothing hangs."""
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, function(client)
              client:write(("x"):rep(10 * 2^20), {error = function(message, code)
                print("write", code)
              end})
              client:read({error = function(message, code)
                print("read", code)
                server:stop()
              end})
            end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start_peer(
            self,
            "tls_client.py",
            "end",
            self.lines[0].decode(),
            self.authority.file,
        )
        await self.runtime.idle()
        await peer.ended
        self.assertIn(b"read\teof", self.lines)

    async def test_cut_without_an_end(self) -> None:
        """A peer that goes without TLS's own end: what came before is not complete."""
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, function(client)
              client:readAll({success = print, error = function(_, code)
                print(code)
                server:stop()
              end})
            end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        start_peer(
            self,
            "tls_client.py",
            "cut",
            self.lines[0].decode(),
            self.authority.file,
        )
        await self.runtime.idle()
        self.assertEqual(self.lines[1:], [b"reset"])

    async def test_shutdown(self) -> None:
        lines = await self.run_lua(
            ECHO
            + """
            serve(function(port)
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              tcp:connect("localhost", port)
              print(select(3, tcp:shutdown()))
              tcp:write("still open")
              print(tcp:read())
              tcp:close()
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines, [b"state", b"still open"])

    async def test_unix(self) -> None:
        """Over a UNIX socket the name to verify is localhost, or serverName."""
        lines = await self.run_lua(
            """
            local pem, authority, path = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start(path, nil, function(client)
              client:write("hi")
            end, {success = function()
              task.start(function()
                for _, name in ipairs({"localhost", "other.example"}) do
                  local tcp = net.TCPSocket({tls = {
                    certificateAuthority = authority, serverName = name,
                  }})
                  print(select("#", tcp:connect(path)), tcp:read())
                  tcp:close()
                end
                server:stop()
              end)
            end, error = print})
            """,
            self.localhost,
            self.authority.file,
            "unix:" + os.path.join("/tmp", f"tls-{id(self)}.sock"),
        )
        self.assertEqual(lines[0], b"1\thi")
        self.assertTrue(lines[1].startswith(b"3\tnil"), lines)
