"""TLS between scripts, and with openssl and socat."""

from __future__ import annotations

import hashlib
import os
from ipaddress import ip_address

from cryptography import x509

from tests.support import ALL_BYTES, port_of, start, start_peer
from tests.support.authority import Authority
from tests.support.programs import need_program
from tests.support.tls import TLSTestCase

ECHO = """
local pem, authority, client_authority = ...
local server = net.TCPServer({tls = {
  certificate = pem, privateKey = pem, clientAuthority = client_authority,
}})
local function echo(client)
  local function more()
    client:read({success = function(data) client:write(data) more() end, error = function() end})
  end
  more()
end
function serve(f)
  server:start("127.0.0.1", 0, echo, {success = function(port)
    task.start(function() f(port) server:stop() end)
  end, error = print})
end
"""


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


class VerificationTests(TLSTestCase):
    async def connect(self, certificate: str, options: str, host: str) -> bytes:
        """Connect to a server with a certificate; what the client was told."""
        lines = await self.run_lua(
            ECHO
            + f"""
            serve(function(port)
              local tcp = net.TCPSocket({{tls = {options}}})
              print(tcp:connect("{host}", port))
              tcp:close()
            end)
            """,
            certificate,
            self.authority.file,
        )
        return lines[-1]

    async def refused(self, certificate: str, host: str, reason: str) -> None:
        line = await self.connect(
            certificate, "{certificateAuthority = authority}", host
        )
        self.assertTrue(
            line.startswith(f"nil\tcertificate verify failed: {reason}".encode()), line
        )
        self.assertIn(
            f"{{ allowUnauthorized = true }} or --allow-unauthorized {host}".encode(),
            line,
        )
        self.assertTrue(line.endswith(b"\ttls"), line)

    async def test_expired(self) -> None:
        await self.refused(self.authority.expired("localhost"), "localhost", "expired")

    async def test_not_yet_valid(self) -> None:
        await self.refused(
            self.authority.not_yet_valid("localhost"), "localhost", "not yet valid"
        )

    async def test_wrong_host(self) -> None:
        await self.refused(
            self.authority.issue("other.example"), "localhost", "wrong host"
        )

    async def test_wrong_address(self) -> None:
        """A certificate for a name is not one for the address it stands for."""
        await self.refused(self.authority.issue("localhost"), "127.0.0.1", "wrong host")

    async def test_unreadable_names_are_skipped(self) -> None:
        """Some devices have their address among the DNS names."""
        certificate = self.authority.certify(
            "localhost",
            x509.DNSName("127.0.0.1"),
            x509.DNSName("*.*.example"),
            x509.DNSName(""),
            x509.DNSName("localhost"),
            x509.IPAddress(ip_address("127.0.0.1")),
        )
        for host in ("localhost", "127.0.0.1"):
            self.lines.clear()
            options = "{certificateAuthority = authority}"
            self.assertEqual(await self.connect(certificate, options, host), b"true")
        self.lines.clear()
        certificate = self.authority.certify("localhost", x509.DNSName("127.0.0.1"))
        await self.refused(certificate, "127.0.0.1", "wrong host, not for 127.0.0.1")

    async def test_common_name_only(self) -> None:
        """The reason says what the certificate lacks."""
        await self.refused(
            self.authority.certify("localhost"),
            "localhost",
            "it has no subjectAltName, and its common name does not count (",
        )

    async def test_self_signed(self) -> None:
        await self.refused(Authority(self).own, "localhost", "self-signed")

    async def test_unknown_issuer(self) -> None:
        certificate = Authority(self).issue("localhost")
        await self.refused(certificate, "localhost", "unknown issuer")

    async def test_not_for_servers(self) -> None:
        """The system's authorities alone do not know ours."""
        line = await self.connect(self.localhost, "true", "localhost")
        self.assertIn(b"unknown issuer (tls = { certificateAuthority = FILE }", line)

    async def test_server_name(self) -> None:
        """serverName is what the certificate must be for, whatever is connected to."""
        line = await self.connect(
            self.authority.issue("other.example"),
            "{certificateAuthority = authority, serverName = 'other.example'}",
            "127.0.0.1",
        )
        self.assertEqual(line, b"true")

    async def test_allow_unauthorized(self) -> None:
        line = await self.connect(
            Authority(self).expired("other.example"),
            "{allowUnauthorized = true}",
            "localhost",
        )
        self.assertEqual(line, b"true")

    async def test_allowed_by_who_runs_it(self) -> None:
        """--allow-unauthorized: that host only, or that port of it."""
        certificate = Authority(self).issue("other.example")
        for allowed, host, accepted in (
            ("localhost", "localhost", True),
            ("127.0.0.1", "localhost", False),
            ("localhost:1", "localhost", False),
        ):
            await self.runtime.stop()
            self.runtime = self.make_runtime(allow_unauthorized=[allowed])
            line = await self.connect(certificate, "true", host)
            self.assertEqual(line == b"true", accepted, (allowed, line))

    async def test_allowed_port(self) -> None:
        await self.runtime.run_string(
            ECHO + "serve(function(port) print(port) task.sleep(1e7) end)",
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        port = self.lines[0].decode()
        client = self.make_runtime(allow_unauthorized=[f"localhost:{port}"])
        await client.run_string(
            """
            local port = ...
            local tcp = net.TCPSocket({tls = true})
            tcp:connect("localhost", port, {
              success = function() print("in") tcp:close() end, error = print,
            })
            """,
            "@test.lua",
            port,
        )
        await client.idle()
        self.assertEqual(self.lines[1:], [b"in"])
        await self.runtime.stop()

    async def test_object_after_a_failure(self) -> None:
        """A client that was refused can be used again."""
        lines = await self.run_lua(
            ECHO
            + """
            serve(function(port)
              local tcp = net.TCPSocket({tls = {certificateAuthority = authority}})
              print(select(3, tcp:connect("127.0.0.1", port)))
              print(tcp, select(3, tcp:write("x")), select(3, tcp:read()))
              print(tcp:connect("localhost", port))
              tcp:close()
            end)
            """,
            self.authority.issue("localhost"),
            self.authority.file,
        )
        self.assertEqual(lines[0], b"tls")
        self.assertEqual(lines[1], b"TCPSocket: closed\tstate\tstate")
        self.assertEqual(lines[2], b"true")


class ClientCertificateTests(TLSTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clients = Authority(self)

    async def connect(self, options: str) -> list[bytes]:
        return await self.run_lua(
            ECHO
            + f"""
            local own = select(4, ...)
            serve(function(port)
              local tcp = net.TCPSocket({{tls = {{
                certificateAuthority = authority, {options}
              }}}})
              print(tcp:connect("localhost", port))
              tcp:write("hi")
              print(tcp:read())
              tcp:close()
            end)
            """,
            self.localhost,
            self.authority.file,
            self.clients.file,
            self.clients.issue("a.client"),
        )

    async def test_shown(self) -> None:
        lines = await self.connect("clientCertificate = own, privateKey = own")
        self.assertEqual(lines, [b"true", b"hi"])

    async def test_missing(self) -> None:
        """In TLS 1.3 a client learns it when it reads (RFC 8446, appendix E.1.2)."""
        lines = await self.connect("")
        self.assertIn(b"certificate required", lines[-1])
        self.assertTrue(lines[-1].endswith(b"\ttls"), lines)

    async def test_of_another_authority(self) -> None:
        lines = await self.connect(
            f"clientCertificate = '{self.localhost}', privateKey = '{self.localhost}'"
        )
        self.assertTrue(lines[-1].endswith(b"\ttls"), lines)

    async def test_openssl_shows_one(self) -> None:
        openssl = need_program("openssl")
        await self.runtime.run_string(
            ECHO + "serve(function(port) print(port) task.sleep(1e7) end)",
            "@test.lua",
            self.localhost,
            self.authority.file,
            self.clients.file,
        )
        await self.line(1)
        own = self.clients.issue("a.client")
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-cert", own, "-key", own, "-quiet"),
        )
        peer.transport.write(b"it is me\n")
        await peer.says(b"it is me\n")
        await self.runtime.stop()


class ExtensionTests(TLSTestCase):
    async def test_name_and_protocol(self) -> None:
        """SNI and ALPN as the peer sees them; an address is never sent as a name."""
        peer = start_peer(self, "tls_server.py", self.localhost)
        port = str(await port_of(peer))
        lines = await self.run_lua(
            """
            local authority, port = ...
            task.start(function()
              for _, host in ipairs({"localhost", "127.0.0.1"}) do
                local tcp = net.TCPSocket({tls = {
                  certificateAuthority = authority, alpn = {"h2", "http/1.1"},
                }})
                print(tcp:connect(host, port))
                tcp:write("x")
                tcp:close()
              end
            end)
            """,
            self.authority.file,
            port,
        )
        self.assertEqual(lines, [b"true", b"true"])
        self.assertEqual(await peer.ended, 0)
        said = peer.output.decode().split("end\n")[1].splitlines()
        self.assertEqual(
            said,
            [
                "name localhost",
                "protocol http/1.1 done",
                "name None",
                "protocol http/1.1 done",
            ],
        )

    async def test_servers_protocol(self) -> None:
        """A server takes the first of the client's that it has."""
        openssl = need_program("openssl")
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {
              certificate = pem, privateKey = pem, alpn = {"h2", "eplua"},
            }})
            server:start("127.0.0.1", 0, function() end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-alpn", "foo,eplua"),
        )
        await peer.says(b"ALPN protocol: eplua")
        await self.runtime.stop()

    async def test_scripts_are_told_the_protocol(self) -> None:
        """alpn() at both ends; nil where nothing was chosen, and without TLS."""
        lines = await self.run_lua(
            """
            local pem, authority = ...
            local function pair(of_server, of_client, tls)
              local server = net.TCPServer({tls = tls and {
                certificate = pem, privateKey = pem, alpn = of_server,
              }})
              local port = server:start("127.0.0.1", 0, function(client)
                print("server", client:alpn())
                client:write("x")
              end)
              local tcp = net.TCPSocket({tls = tls and {
                certificateAuthority = authority, alpn = of_client,
              }})
              tcp:connect("127.0.0.1", port)
              tcp:read()
              print("client", tcp:alpn())
              tcp:close()
              server:stop()
              print("closed", select(3, tcp:alpn()))
            end
            task.start(function()
              pair({"h2", "mine"}, {"mine", "other"}, true)
              pair({"h2"}, nil, true)
              pair(nil, nil, false)
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(
            lines,
            [b"server\tmine", b"client\tmine", b"closed\tstate"]
            + [b"server\tnil", b"client\tnil", b"closed\tstate"] * 2,
        )

    async def test_server_without_protocols(self) -> None:
        """Whoever offers protocols to one that names none is served without."""
        openssl = need_program("openssl")
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, function() print("served") end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-alpn", "h2,http/1.1"),
        )
        await peer.says(b"No ALPN negotiated")
        await self.line(2)
        await self.runtime.stop()
