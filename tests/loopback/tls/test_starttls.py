"""startTLS on connected sockets, with aiosmtpd and between scripts."""

from __future__ import annotations

from tests.support import port_of, start_peer
from tests.support.tls import TLSTestCase

MAIL = """
local authority, port = ...
task.start(function()
  local tcp = net.TCPSocket({timeout = 5000})
  tcp:connect("localhost", port)
  local function answer()
    while true do
      local line = tcp:readUntil("\\r\\n")
      if not line or line:sub(4, 4) == " " then return line end
    end
  end
  local function say(text) tcp:write(text .. "\\r\\n") return answer():sub(1, 3) end
  print(answer():sub(1, 3), say("EHLO script"), say("MAIL FROM:<a@b.example>"))
  print(say("STARTTLS"))
  print(tcp:startTLS({certificateAuthority = authority}))
  print(say("EHLO script"), say("MAIL FROM:<a@b.example>"), say("RCPT TO:<c@d.example>"))
  print(say("DATA"), say("Subject: hi\\r\\n\\r\\nsecret\\r\\n."), say("QUIT"))
  tcp:close()
end)
"""

PAIR = """
local pem, authority = ...
local server = net.TCPServer()
local own = {certificate = pem, privateKey = pem}
function pair(for_client, for_server)
  local running = 2
  local function done()
    running = running - 1
    if running == 0 then server:stop() end
  end
  server:start("127.0.0.1", 0, function(client)
    task.start(function()
      for_server(client)
      done()
    end)
  end, {success = function(port)
    task.start(function()
      local tcp = net.TCPSocket()
      tcp:connect("localhost", port)
      for_client(tcp)
      tcp:close()
      done()
    end)
  end})
end
"""


class StartTLSTests(TLSTestCase):
    async def test_smtp(self) -> None:
        """A mail to a server that takes none without STARTTLS."""
        peer = start_peer(self, "smtp_server.py", self.localhost)
        port = str(await port_of(peer))
        lines = await self.run_lua(MAIL, self.authority.file, port)
        self.assertEqual(
            lines,
            [
                b"220\t250\t530",
                b"220",
                b"true",
                b"250\t250\t250",
                b"354\t250\t221",
            ],
        )
        await peer.says(b"mail a@b.example True b'Subject: hi\\r\\n\\r\\nsecret\\r\\n'")

    async def test_both_ends(self) -> None:
        """A script's server upgrades too; what was written before goes out plain."""
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              tcp:write("go")
              local size = 0
              for _ = 1, 4 do size = size + #tcp:readExactly(2^20) end
              print(size == 4 * 2^20)
              print(tcp:startTLS({certificateAuthority = authority}))
              tcp:write("hi")
              print(tcp:read())
              print(select(3, tcp:startTLS({certificateAuthority = authority})))
              print(select(3, tcp:shutdown()))
            end, function(client)
              client:readExactly(2)
              client:write(("x"):rep(4 * 2^20), {})
              client:startTLS(own)
              client:write(client:read() .. " there")
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines, [b"true", b"true", b"hi there", b"state", b"state"])
        self.assertEqual(self.errors, [])

    async def test_read_that_waits(self) -> None:
        """A read asked for before is served with what TLS brings."""
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              tcp:read({success = function(data)
                print("read", data)
                tcp:write("more")
              end})
              print(tcp:startTLS({certificateAuthority = authority}))
              tcp:write("go")
              tcp:read()
            end, function(client)
              client:startTLS(own)
              client:read()
              client:write("1")
              client:read()
              client:write("2")
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines, [b"true", b"read\t1"])

    async def test_unread_bytes(self) -> None:
        """Plain text slipped in before TLS is never taken for what TLS brought."""
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              print(tcp:readExactly(2))
              print(tcp:startTLS({certificateAuthority = authority}))
              print(tcp:isConnected(), tcp:read())
            end, function(client)
              client:write("ok injected")
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(
            lines,
            [
                b"ok",
                b"nil\tBytes that came before TLS wait to be read\tstate",
                b"true\t injected",
            ],
        )

    async def test_not_during_the_handshake(self) -> None:
        """Nothing can be written, read or upgraded before the handshake is done."""
        lines = await self.run_lua(
            """
            local pem, authority = ...
            local server = net.TCPServer()
            server:start("127.0.0.1", 0, function(client)
              task.start(function()
                client:startTLS({certificate = pem, privateKey = pem})
                print(client:read())
                server:stop()
              end)
            end, {success = function(port)
              task.start(function()
                local tcp = net.TCPSocket()
                tcp:connect("localhost", port)
                tcp:startTLS({certificateAuthority = authority}, {
                  success = function() print("secure") tcp:write("go") tcp:close() end,
                })
                print(select(3, tcp:write("x")), select(3, tcp:startTLS(true)), tcp)
              end)
            end})
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertRegex(lines[0], rb"state\tstate\tTCPSocket: .* \(connecting\)")
        self.assertEqual(sorted(lines[1:]), [b"go", b"secure"])

    async def test_refused(self) -> None:
        """A certificate that is not accepted ends the connection."""
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              print(tcp:startTLS(true))
              print(tcp, select(3, tcp:write("x")))
            end, function(client)
              print("server", select(3, client:startTLS(own)))
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        lines.sort()
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[0], b"TCPSocket: closed\tstate")
        self.assertIn(b"nil\tcertificate verify failed: unknown issuer", lines[1])
        self.assertEqual(lines[2], b"server\ttls")

    async def test_peer_that_stays_silent(self) -> None:
        """The time is bounded by the option timeout."""
        lines = await self.run_lua(
            """
            local server, kept = net.TCPServer(), nil
            server:start("127.0.0.1", 0, function(client) kept = client end, {
              success = function(port)
                task.start(function()
                  local tcp = net.TCPSocket({timeout = 50})
                  tcp:connect("127.0.0.1", port)
                  print(tcp:startTLS(true))
                  server:stop()
                end)
              end,
            })
            """
        )
        self.assertEqual(lines, [b"nil\tOperation canceled\ttimeout"])

    async def test_peer_that_closes(self) -> None:
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              print(tcp:startTLS(true))
            end, function(client)
              client:read()
              client:close()
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(
            lines,
            [
                b"nil\tTLS failed: the peer closed the connection during the handshake\ttls"
            ],
        )

    async def test_close_meanwhile(self) -> None:
        """The script closes during the handshake: nothing is called, nothing is left."""
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              tcp:startTLS(true, {success = print, error = print})
              tcp:close()
              print(tcp)
            end, function(client)
              print(select(2, client:read()))
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines[0], b"TCPSocket: closed")
        self.assertEqual(len(lines), 2)

    async def test_unusable_files(self) -> None:
        """The connection is as it was before."""
        lines = await self.run_lua(
            PAIR
            + """
            pair(function(tcp)
              print(tcp:startTLS({certificateAuthority = "/no/such.pem"}))
              print(tcp:startTLS({clientCertificate = pem, privateKey = authority}))
              tcp:write("plain")
              print(tcp:read())
            end, function(client)
              client:write(client:read())
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(
            lines[0],
            b"nil\tcertificateAuthority ('/no/such.pem'): No such file or directory\ttls",
        )
        self.assertIn(b"nil\tprivateKey (", lines[1])
        self.assertEqual(lines[2], b"plain")

    async def test_not_connected(self) -> None:
        lines = await self.run_lua(
            """
            task.start(function() print(net.TCPSocket():startTLS(true)) end)
            """
        )
        self.assertEqual(lines, [b"nil\tNot connected\tstate"])
