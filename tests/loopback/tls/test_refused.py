"""What is not TLS, not all of it, or not usable: an error, and nothing left open."""

from __future__ import annotations

import subprocess

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory

from tests.support import start_peer
from tests.support.authority import Authority
from tests.support.programs import need_program
from tests.support.tls import OneProtocol, Speaker, TLSTestCase

CUT = b"nil\tTLS failed: the peer closed the connection during the handshake\ttls"

SERVER = """
local pem, timeout = ...
local server = net.TCPServer({
  tls = {certificate = pem, privateKey = pem}, timeout = timeout,
})
server:start("127.0.0.1", 0, function(client) print("client") client:close() end, {
  success = print, error = print,
})
"""

CLIENT = """
local port = ...
task.start(function()
  local tcp = net.TCPSocket({tls = {allowUnauthorized = true}, timeout = 200})
  print(tcp:connect("127.0.0.1", port))
  print(tcp)
end)
"""


class ServerTests(TLSTestCase):
    async def speak(self, text: bytes, *options: str, hang_up: bool = False) -> Speaker:
        """Send something to a script's TLS server; wait until it hangs up."""
        await self.runtime.run_string(SERVER, "@test.lua", self.localhost, *options)
        await self.line(1)
        speaker = Speaker(text, hang_up=hang_up)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", int(self.lines[0]))
        await endpoint.connect(OneProtocol(speaker))
        await speaker.lost
        return speaker

    async def settled(self) -> None:
        """No client was seen, none is left, and the next one is served."""
        self.assertEqual(len(self.lines), 1)
        await self.runtime.run_string("print(eplua.stats().TCPSocket)")
        self.assertIn(self.lines[1], (b"nil", b"0"))
        peer = start_peer(
            self,
            "tls_client.py",
            "greet",
            self.lines[0].decode(),
            self.authority.file,
        )
        await peer.says(b"served")
        await self.line(3)
        self.assertEqual(self.lines[2], b"client")
        await self.runtime.stop()

    async def test_plain_text(self) -> None:
        await self.speak(b"GET / HTTP/1.0\r\n\r\n")
        await self.settled()

    async def test_every_byte(self) -> None:
        await self.speak(bytes(range(256)))
        await self.settled()

    async def test_truncated_hello(self) -> None:
        """The beginning of a ClientHello, and then the end."""
        await self.speak(b"\x16\x03\x01\x02\x00\x01\x00", hang_up=True)
        await self.settled()

    async def test_silent_client(self) -> None:
        """A client that begins and goes no further is cut off after the timeout."""
        await self.speak(b"\x16\x03\x01\x02\x00\x01\x00", "100")
        await self.settled()

    async def test_stop_during_a_handshake(self) -> None:
        await self.runtime.run_string(SERVER, "@test.lua", self.localhost)
        await self.line(1)
        speaker = Speaker(b"\x16\x03\x01")
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", int(self.lines[0]))
        await endpoint.connect(OneProtocol(speaker))
        await self.runtime.stop()
        await speaker.lost
        self.assertEqual(len(self.lines), 1)


class ClientTests(TLSTestCase):
    async def connect(self, text: bytes, *, hang_up: bool = False) -> list[bytes]:
        """Connect a script to something that says this."""
        speakers = []

        class Speakers(Factory):
            noisy = False

            def buildProtocol(self, addr: object) -> Speaker:
                speakers.append(Speaker(text, hang_up=hang_up))
                return speakers[-1]

        port = self.listen(Speakers())
        lines = await self.run_lua(CLIENT, str(port))
        for speaker in speakers:
            await speaker.lost
        self.assertEqual(lines[1], b"TCPSocket: closed")
        return lines

    async def test_plain_text(self) -> None:
        lines = await self.connect(b"220 mail.example ESMTP\r\n")
        self.assertEqual(lines[0], b"nil\tTLS failed: the peer does not speak TLS\ttls")

    async def test_closed_at_once(self) -> None:
        lines = await self.connect(b"", hang_up=True)
        self.assertEqual(lines[0], CUT)

    async def test_truncated_handshake(self) -> None:
        lines = await self.connect(b"\x16\x03\x03\x00\x7a\x02\x00", hang_up=True)
        self.assertEqual(lines[0], CUT)

    async def test_silence(self) -> None:
        """The handshake is within the timeout of connect."""
        lines = await self.connect(b"")
        self.assertEqual(lines[0], b"nil\tOperation canceled\ttimeout")

    async def test_close_during_the_handshake(self) -> None:
        """Nothing is called any more, and nothing is left."""
        speakers: list[Speaker] = []
        connected: Deferred[None] = Deferred()

        class Speakers(Factory):
            noisy = False

            def buildProtocol(self, addr: object) -> Speaker:
                speakers.append(Speaker(b""))
                reactor.callLater(0, connected.callback, None)
                return speakers[-1]

        port = self.listen(Speakers())
        await self.runtime.run_string(
            """
            tcp = net.TCPSocket({tls = true})
            tcp:connect("127.0.0.1", ..., {success = print, error = print})
            function close() tcp:close() tcp:close() print(tcp) end
            """,
            "@test.lua",
            str(port),
        )
        await connected
        await self.runtime.call("close")
        await self.runtime.idle()
        await speakers[0].lost
        self.assertEqual(self.lines, [b"TCPSocket: closed"])


class FileTests(TLSTestCase):
    async def start(self, certificate: str, key: str) -> bytes:
        lines = await self.run_lua(
            """
            local certificate, key = ...
            net.TCPServer({tls = {certificate = certificate, privateKey = key}}):start(
              "127.0.0.1", 0, print, {success = print, error = print})
            """,
            certificate,
            key,
        )
        return lines[0]

    def write(self, text: bytes) -> str:
        path: str = self.mktemp()
        with open(path, "wb") as file:
            file.write(text)
        return path

    async def test_no_such_file(self) -> None:
        self.assertEqual(
            await self.start("/no/such.pem", self.localhost),
            b"certificate ('/no/such.pem'): No such file or directory\ttls",
        )

    async def test_no_certificate_in_it(self) -> None:
        for text in (b"", bytes(range(256)), b"-----BEGIN CERTIFICATE-----\nAAAA\n"):
            path = self.write(text)
            self.lines.clear()
            self.assertEqual(
                await self.start(path, self.localhost),
                f"certificate ({path!r}): no certificate in PEM form\ttls".encode(),
            )

    async def test_no_certificate_in_text(self) -> None:
        """A broken text is not shown: it may hold a key."""
        text = "-----BEGIN CERTIFICATE-----\nMIIB*broken*\n-----END CERTIFICATE-----\n"
        self.assertEqual(
            await self.start(text, self.localhost),
            b"certificate: no certificate in PEM form\ttls",
        )

    async def test_no_key_in_it(self) -> None:
        for text in (
            b"",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ):
            path = self.write(text)
            self.lines.clear()
            self.assertEqual(
                await self.start(self.localhost, path),
                f"privateKey ({path!r}): no private key in PEM form\ttls".encode(),
            )

    async def test_keys_that_do_not_match(self) -> None:
        line = await self.start(self.localhost, self.authority.issue("other.example"))
        self.assertTrue(line.startswith(b"privateKey does not match certificate"), line)
        self.assertTrue(line.endswith(b"\ttls"), line)

    async def test_encrypted_key(self) -> None:
        """Nobody is asked for a password."""
        openssl = need_program("openssl")
        path = self.mktemp()
        subprocess.run(
            [
                openssl,
                "ec",
                "-aes128",
                "-passout",
                "pass:secret",
                "-in",
                self.localhost,
                "-out",
                path,
            ],
            check=True,
            capture_output=True,
        )
        self.assertEqual(
            await self.start(self.localhost, path),
            f"privateKey ({path!r}): the private key is encrypted\ttls".encode(),
        )

    async def test_key_of_another_kind(self) -> None:
        """An X25519 key signs nothing."""
        openssl = need_program("openssl")
        made = subprocess.run(
            [openssl, "genpkey", "-algorithm", "x25519"],
            check=True,
            capture_output=True,
        )
        line = await self.start(self.localhost, self.write(made.stdout))
        self.assertTrue(line.startswith(b"privateKey"), line)
        self.assertTrue(line.endswith(b"\ttls"), line)

    async def test_client(self) -> None:
        """The client's options are named as well; the object is usable after it."""
        lines = await self.run_lua(
            """
            local own, other = ...
            task.start(function()
              for _, tls in ipairs({
                {certificateAuthority = "/"},
                {clientCertificate = "/no/such.pem", privateKey = own},
                {clientCertificate = own, privateKey = "/no/such.pem"},
                {clientCertificate = own, privateKey = other},
              }) do
                local tcp = net.TCPSocket({tls = tls})
                print(tcp:connect("127.0.0.1", 1))
                print(tcp, select(3, tcp:connect("127.0.0.1", 1)))
              end
            end)
            """,
            self.localhost,
            Authority(self).issue("localhost"),
        )
        expected = [
            b"certificateAuthority ('/'): Is a directory",
            b"clientCertificate ('/no/such.pem'): No such file or directory",
            b"privateKey ('/no/such.pem'): No such file or directory",
            b"privateKey does not match clientCertificate",
        ]
        for number, text in enumerate(expected):
            self.assertTrue(lines[2 * number].startswith(b"nil\t" + text), lines)
            self.assertTrue(lines[2 * number].endswith(b"\ttls"), lines)
            self.assertEqual(lines[2 * number + 1], b"TCPSocket: closed\ttls")
