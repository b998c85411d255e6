"""DTLS between scripts, and with openssl."""

from __future__ import annotations

import socket

from tests.support import start
from tests.support.programs import need_program
from tests.support.tls import TLSTestCase

SERVER = """
local pem, authority, client_authority = ...
local server = net.UDPSocket({tls = {
  certificate = pem, privateKey = pem, clientAuthority = client_authority,
}})
function serve(f, clients)
  task.start(function()
    local port = assert(server:bind("127.0.0.1", 0))
    local left = clients
    for _ = 1, clients or 1 do
      task.start(function()
        local peer, ip = server:accept()
        if not peer then return end
        while true do
          local data, message, code = peer:receive()
          if not data then
            print("server", message, code)
            left = left and left - 1
            if left == 0 then server:close() end
            return
          end
          assert(message == ip)
          peer:send(data)
        end
      end)
    end
    f(port)
    if not clients then server:close() end
  end)
end
"""
"""Echoes; with a number of clients it closes when so many have left."""

HOST = """
local pem, authority, client_authority = ...
local server = net.UDPSocket({tls = {
  certificate = pem, privateKey = pem, clientAuthority = client_authority,
}})
task.start(function()
  print(server:bind("127.0.0.1", 0))
  local peer = server:accept()
  print("accepted")
  print((peer:receive()))
  peer:send("from the script\\n")
  print(peer:receive())
  server:close()
end)
"""


GREET = """
local pem = ...
local server = net.UDPSocket({tls = {certificate = pem, privateKey = pem}})
task.start(function()
  print(server:bind("127.0.0.1", 0))
  local number = 0
  while true do
    local peer = server:accept()
    if not peer then return end
    number = number + 1
    peer:send("hello " .. number .. "\\n")
    task.start(function() print(select(2, peer:receive())) end)
  end
end)
"""


class DTLSTestCase(TLSTestCase):
    def s_client(self, port: bytes, *arguments: str) -> tuple[str, ...]:
        return (
            *(need_program("openssl"), "s_client", "-dtls", "-connect"),
            *(f"127.0.0.1:{port.decode()}", "-CAfile", self.authority.file),
            *("-verify_return_error", "-quiet", "-ign_eof", *arguments),
        )

    async def s_server(self, *arguments: str) -> str:
        """@return: the port of openssl's server"""
        self.peer = start(
            self,
            *(need_program("openssl"), "s_server", "-dtls", "-accept", "127.0.0.1:0"),
            *("-cert", self.localhost, "-key", self.localhost, *arguments),
        )
        output = await self.peer.says(b"ACCEPT 127.0.0.1:")
        return output.partition(b"ACCEPT 127.0.0.1:")[2].split()[0].decode()

    async def refused(
        self, tls: str, pem: str | None = None, host: str = "localhost"
    ) -> bytes:
        """@return: what a script's client gets from a script's server"""
        lines = await self.run_lua(
            SERVER
            + f"""
            serve(function(port)
              local udp = net.UDPSocket({{tls = {tls}}})
              print(udp:connect("{host}", port))
              print(udp:sendTo("x"))
              udp:close()
            end)
            """,
            pem or self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines[1], b"nil\tNot connected\tstate")
        return lines[0]


class EchoTests(DTLSTestCase):
    async def test_every_byte(self) -> None:
        """Three clients at a time, on one port."""
        lines = await self.run_lua(
            SERVER
            + """
            serve(function(port)
              local all = {}
              for i = 0, 255 do all[i + 1] = string.char(i) end
              all = table.concat(all)
              local clients = {}
              for i = 1, 3 do
                clients[i] = net.UDPSocket({tls = {certificateAuthority = authority}})
                assert(clients[i]:connect("localhost", port))
              end
              for i = 1, 3 do assert(clients[i]:sendTo(all .. i)) end
              for i = 1, 3 do
                local data, ip, from = clients[i]:receive()
                print(data == all .. i, ip, from == port)
              end
              for i = 1, 3 do clients[i]:close() end
            end, 3)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines[:3], [b"true\t127.0.0.1\ttrue"] * 3)
        self.assertEqual(lines[3:], [b"server\tEnd of file\teof"] * 3)


class OpenSSLTests(DTLSTestCase):
    async def talk(self, port: str, tls: str, *arguments: str) -> None:
        """A datagram each way between a script and openssl's server."""
        await self.runtime.run_string(
            f"""
            local authority, port, mine = ...
            task.start(function()
              local udp = net.UDPSocket({{tls = {tls}}})
              print(udp:connect("localhost", port))
              udp:sendTo("to openssl\\n")
              print((udp:receive()))
              udp:close()
            end)
            """,
            "@test.lua",
            self.authority.file,
            port,
            *arguments,
        )
        await self.peer.says(b"to openssl\n")
        self.peer.transport.write(b"from openssl\n")
        await self.line(2)
        self.assertEqual(self.lines, [b"true", b"from openssl\n"])
        # Our goodbye arrives.
        await self.peer.says(b"DONE")
        await self.peer.kill()

    async def test_server(self) -> None:
        port = await self.s_server()
        await self.talk(port, "{certificateAuthority = authority}")

    async def test_server_wants_a_certificate(self) -> None:
        port = await self.s_server(
            *("-Verify", "1", "-verify_return_error", "-CAfile", self.authority.file)
        )
        await self.talk(
            port,
            "{certificateAuthority = authority, clientCertificate = mine, privateKey = mine}",
            self.authority.issue("client"),
        )

    async def test_client(self) -> None:
        await self.runtime.run_string(
            HOST, "@test.lua", self.localhost, self.authority.file
        )
        await self.line(1)
        peer = start(self, *self.s_client(self.lines[0]))
        await self.line(2)
        peer.transport.write(b"from openssl\n")
        await peer.says(b"from the script\n")
        await peer.kill("TERM")
        self.assertEqual(self.lines[1:3], [b"accepted", b"from openssl\n"])

    async def test_client_that_is_killed_and_started_again(self) -> None:
        """It is served on the same address and port (RFC 6347, 4.2.8)."""
        await self.runtime.run_string(GREET, "@test.lua", self.localhost)
        await self.line(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for number in (1, 2, 3):
            peer = start(
                self, *self.s_client(self.lines[0], "-bind", f"127.0.0.1:{port}")
            )
            await peer.says(b"hello %d\n" % number)
            await peer.kill()
        self.assertEqual(self.lines[1:], [b"Connection reset by peer\treset"] * 2)

    async def test_client_shows_a_certificate(self) -> None:
        await self.runtime.run_string(
            HOST, "@test.lua", self.localhost, self.authority.file, self.authority.file
        )
        await self.line(1)
        peer = start(self, *self.s_client(self.lines[0]))
        await peer.says(b"alert handshake failure")
        await peer.kill()
        mine = self.authority.issue("client")
        peer = start(self, *self.s_client(self.lines[0], "-cert", mine, "-key", mine))
        await self.line(2)
        self.assertEqual(self.lines[1], b"accepted")
        await peer.kill()

    async def test_client_does_not_trust(self) -> None:
        """openssl's alert reaches us, and the server goes on."""
        await self.runtime.run_string(
            HOST, "@test.lua", self.localhost, self.authority.file
        )
        await self.line(1)
        peer = start(self, *self.s_client(self.lines[0], "-verify_hostname", "other"))
        self.assertNotEqual(await peer.ended, 0)
        peer = start(self, *self.s_client(self.lines[0]))
        await self.line(2)
        await peer.kill()


class RefusedTests(DTLSTestCase):
    TRUST = "{certificateAuthority = authority}"

    async def test_unknown_authority(self) -> None:
        line = await self.refused("true")
        self.assertIn(b"nil\tcertificate verify failed: unknown issuer", line)
        self.assertTrue(line.endswith(b"\ttls"))

    async def test_wrong_host(self) -> None:
        line = await self.refused(self.TRUST, self.authority.issue("other.example"))
        self.assertIn(b"certificate verify failed: wrong host, not for localhost", line)

    async def test_expired(self) -> None:
        line = await self.refused(self.TRUST, self.authority.expired("localhost"))
        self.assertIn(b"certificate verify failed: expired", line)

    async def test_accepted_anyway(self) -> None:
        lines = await self.run_lua(
            SERVER
            + """
            serve(function(port)
              local udp = net.UDPSocket({tls = {allowUnauthorized = true}})
              print(udp:connect("localhost", port))
              udp:close()
            end)
            """,
            self.authority.expired("other.example"),
        )
        self.assertEqual(lines[0], b"true")

    async def test_unusable_files(self) -> None:
        """Told at once: a server's by the call that needs it."""
        lines = await self.run_lua(
            """
            task.start(function()
              local udp = net.UDPSocket({tls = {certificateAuthority = "/no/such.pem"}})
              print(udp:connect("127.0.0.1", 9))
              udp = net.UDPSocket({tls = {certificate = "/no/such.pem", privateKey = "x"}})
              print(pcall(udp.bind, udp, "127.0.0.1", 0))
              print(pcall(net.UDPSocket, {tls = {certificate = "x"}}))
            end)
            """
        )
        self.assertIn(
            b"nil\tcertificateAuthority ('/no/such.pem'): No such file", lines[0]
        )
        self.assertIn(b"certificate ('/no/such.pem'): No such file", lines[1])
        self.assertIn(
            b"certificate needs privateKey",
            lines[2].replace(
                b"(option tls: certificate and privateKey are required)",
                b"certificate needs privateKey",
            ),
        )

    async def test_nobody_there(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            port = gone.getsockname()[1]
        lines = await self.run_lua(
            f"""
            task.start(function()
              local udp = net.UDPSocket({{tls = true}})
              print(udp:connect("127.0.0.1", {port}))
              udp:close()
            end)
            """
        )
        self.assertEqual(lines, [b"nil\tConnection refused\trefused"])

    async def test_stop_with_open_sessions(self) -> None:
        """The other side is told."""
        other = self.make_runtime()
        await other.run_string(HOST, "@test.lua", self.localhost, self.authority.file)
        await self.line(1)
        await self.runtime.run_string(
            "local udp = net.UDPSocket({tls = {certificateAuthority = arg[2]}})"
            " udp:connect('127.0.0.1', arg[1], {success = function() udp:sendTo('x') end})",
            "@client.lua",
            self.lines[0].decode(),
            self.authority.file,
        )
        await self.line(3)
        await self.runtime.stop()
        await other.idle()
        self.assertEqual(self.lines[2:], [b"x", b"nil\tEnd of file\teof"])
