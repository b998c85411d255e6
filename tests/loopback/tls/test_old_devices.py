"""Old versions, old ciphers and short keys: refused, and what allows them."""

from __future__ import annotations

import os

from cryptography import x509

from tests.support import start
from tests.support.programs import need_program
from tests.support.tls import TLSTestCase

WEAK = ("-cipher", "ALL:@SECLEVEL=0")

SHORT_DH = """\
-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
"""

VERSION = (
    "TLS failed: the two ends have no version of TLS in common; an old device needs"
    ' tls = { minVersion = "1.0" }'
)
WAYS = "; a device with old ciphers or short keys needs tls = { legacy = true }"

CONNECTS = {
    "tcp": """
local tcp = net.TCPSocket({tls = tls})
task.start(function() local _, m, c = tcp:connect("localhost", port) answer(m, c) tcp:close() end)
""",
    "https": """
local http = net.HTTPClient({tls = tls})
http:request("https://localhost:" .. port, {error = answer})
""",
    "checkCertificate": """
net.HTTPClient():request("https://localhost:" .. port, {
  options = {checkCertificate = false}, error = answer,
})
""",
    "wss": """
local ws = net.WebSocketClientTls({tls = tls})
ws:addEventListener("error", answer)
ws:connect("wss://localhost:" .. port)
""",
    "mqtts": """
local c = mqtt.Client.connect("mqtts://localhost:" .. port, {tls = tls})
c:addEventListener("error", function(e) answer(e.message, "tls") end)
""",
}

SERVER = """
local pem, options = ...
local tls = load("return " .. options)()
tls.certificate, tls.privateKey = pem, pem
server = net.TCPServer({tls = tls})
server:start("127.0.0.1", 0, function(client)
  client:write("welcome\\n") client:close() server:stop()
end, {success = print, error = print})
"""


class OldDevicesTestCase(TLSTestCase):
    """With certificates of RSA keys, which old ciphers are for."""

    def setUp(self) -> None:
        super().setUp()
        self.localhost = self.rsa(2048)

    def rsa(self, size: int) -> str:
        name = x509.DNSName("localhost")
        return self.authority.certify("localhost", name, key_size=size)

    def short_dh(self) -> str:
        """@return: a file with parameters of 1024 bits (RFC 2409, 6.2)"""
        path: str = os.path.abspath(self.mktemp())
        with open(path, "w") as file:
            file.write(SHORT_DH)
        return path


class ClientTests(OldDevicesTestCase):
    """Against openssl s_server in old modes."""

    async def connect(self, port: str, options: str = "") -> bytes:
        """What a client with these TLS options, and our authority, is told."""
        self.lines.clear()
        await self.run_lua(
            f"""
            local authority, port = ...
            task.start(function()
              local tcp = net.TCPSocket({{tls = {{certificateAuthority = authority, {options}}}}})
              print(tcp:connect("localhost", port))
              tcp:close()
            end)
            """,
            self.authority.file,
            port,
        )
        return self.lines[0]

    async def test_old_versions(self) -> None:
        """TLS 1.0 and 1.1 are refused; minVersion allows them, and no older ones."""
        for version, options, enough in (
            ("1.0", 'minVersion = "1.0"', True),
            ("1.1", 'minVersion = "1.0"', True),
            ("1.1", 'minVersion = "1.1"', True),
            ("1.0", 'minVersion = "1.1"', False),
            ("1.0", "legacy = true", False),
            ("1.2", 'minVersion = "1.3"', False),
            ("1.3", 'minVersion = "1.3", legacy = true', True),
            ("1.0", "minVersion = 1.0, legacy = true", True),
        ):
            mode = "-tls1" if version == "1.0" else "-tls" + version.replace(".", "_")
            port = await self.openssl_server(self.localhost, mode, *WEAK)
            if version in ("1.0", "1.1"):
                refused = f"nil\t{VERSION}\ttls".encode()
                self.assertEqual(await self.connect(port), refused, version)
            line = await self.connect(port, options)
            self.assertEqual(line == b"true", enough, (version, options, line))

    async def test_short_keys(self) -> None:
        """Diffie and Hellman's with 1024 bits."""
        port = await self.openssl_server(
            self.localhost,
            *("-tls1_2", "-dhparam", self.short_dh()),
            *("-cipher", "DHE-RSA-AES128-SHA:@SECLEVEL=0"),
        )
        self.assertEqual(
            await self.connect(port),
            f"nil\tTLS failed: dh key too small{WAYS}\ttls".encode(),
        )
        self.assertEqual(await self.connect(port, "legacy = true"), b"true")

    async def test_old_ciphers(self) -> None:
        for cipher in ("CAMELLIA128-SHA", "AES128-CCM8"):
            port = await self.openssl_server(
                self.localhost, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0"
            )
            line = await self.connect(port)
            self.assertTrue(line.startswith(b"nil\tTLS failed: "), line)
            self.assertIn(WAYS.encode(), line)
            self.assertEqual(await self.connect(port, "legacy = true"), b"true", cipher)

    async def test_every_client(self) -> None:
        """What is refused is the same error everywhere, and the options help."""
        for name, code in CONNECTS.items():
            port = await self.openssl_server(self.localhost, "-tls1", *WEAK)
            self.lines.clear()
            await self.run_lua(
                "local port, tls = arg[1], {allowUnauthorized = true}"
                " local function answer(m, c) print(m, c) end" + code,
                port,
            )
            self.assertEqual(self.lines, [f"{VERSION}\ttls".encode()], name)

    async def test_https_with_the_options(self) -> None:
        port = await self.openssl_server(self.localhost, "-tls1", *WEAK, "-www")
        lines = await self.run_lua(
            """
            net.HTTPClient({tls = {allowUnauthorized = true, minVersion = "1.0"}}):request(
              "https://localhost:" .. arg[1],
              {success = function(r) print(r.status) end, error = print})
            """,
            port,
        )
        self.assertEqual(lines, [b"200"])


class ServerTests(OldDevicesTestCase):
    """With openssl s_client as the old device."""

    async def serve(self, options: str, *arguments: str) -> bytes:
        """What the device says of a server with these TLS options."""
        self.lines.clear()
        await self.runtime.run_string(SERVER, "@test.lua", self.localhost, options)
        await self.line(1)
        peer = start(
            self,
            *(need_program("openssl"), "s_client", "-connect"),
            *(f"127.0.0.1:{self.lines[0].decode()}", "-quiet", *arguments),
        )
        await peer.ended
        await self.runtime.run_string("server:stop()")
        return peer.output

    async def test_old_versions(self) -> None:
        old = ("-tls1", "-cipher", "DEFAULT:@SECLEVEL=0")
        self.assertNotIn(b"welcome", await self.serve("{}", *old))
        for options in ('{minVersion = "1.0"}', '{minVersion = "1.0", legacy = true}'):
            self.assertIn(b"welcome", await self.serve(options, *old), options)

    async def test_newest_only(self) -> None:
        options = '{minVersion = "1.3"}'
        self.assertNotIn(b"welcome", await self.serve(options, "-tls1_2"))
        self.assertIn(b"welcome", await self.serve(options))

    async def test_old_ciphers(self) -> None:
        old = ("-tls1_2", "-cipher", "CAMELLIA128-SHA:@SECLEVEL=0")
        self.assertNotIn(b"welcome", await self.serve("{}", *old))
        self.assertIn(b"welcome", await self.serve("{legacy = true}", *old))


class DTLSTests(OldDevicesTestCase):
    async def test_old_versions(self) -> None:
        """DTLS 1.0 is what TLS 1.1 is; there is no 1.3."""
        lines = await self.run_lua(
            """
            local pem, authority = ...
            local function server_of(version)
              return net.UDPSocket({tls = {
                certificate = pem, privateKey = pem, minVersion = version,
              }})
            end
            task.start(function()
              for _, each in ipairs({{"1.2", "1.2"}, {"1.0", "1.1"}}) do
                local server = server_of(each[1])
                local port = server:bind("127.0.0.1", 0)
                local client = net.UDPSocket({timeout = 2000, tls = {
                  certificateAuthority = authority, minVersion = each[2], legacy = true,
                }})
                server:accept({})
                print(client:connect("localhost", port))
                client:close()
                server:close()
              end
              local server = server_of("1.3")
              print(pcall(server.bind, server, "127.0.0.1", 0))
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(lines[:2], [b"true", b"true"])
        self.assertIn(b"there is no DTLS 1.3", lines[2])
