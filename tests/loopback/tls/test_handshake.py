"""A TLS handshake that fails is the same error in each protocol."""

from __future__ import annotations

from twisted.internet.protocol import Factory

from tests.support import LoopbackTestCase
from tests.support.tls import Speaker

CONNECTS = {
    "tcp": """
local tcp = net.TCPSocket({tls = tls, timeout = timeout})
task.start(function() local _, m, c = tcp:connect("127.0.0.1", port) answer(m, c) end)
""",
    "https": """
local http = net.HTTPClient({timeout = timeout, tls = tls})
http:request("https://127.0.0.1:" .. port, {error = answer, success = answer})
""",
    "wss": """
local ws = net.WebSocketClientTls({tls = tls, timeout = timeout})
ws:addEventListener("error", answer)
ws:addEventListener("disconnected", answer)
ws:connect("wss://127.0.0.1:" .. port)
""",
    "mqtts": """
local c = mqtt.Client.connect("mqtts://127.0.0.1:" .. port, {tls = tls, timeout = timeout})
c:addEventListener("error", function(e) answer(e.message, e.code) end)
""",
    "mqtt over wss": """
local c = mqtt.Client.connect("wss://127.0.0.1:" .. port, {tls = tls, timeout = timeout})
c:addEventListener("error", function(e) answer(e.message, e.code) end)
""",
}

BEFORE = """
local port, timeout = arg[1], tonumber(arg[2])
local tls = {allowUnauthorized = true}
local words = {}
for word, number in pairs(mqtt.ErrorCode) do words[number] = word:lower() end
local function answer(message, code)
  print(message)
  print(words[code] or code)
end
"""


class AfterHello(Speaker):
    """Waits for the ClientHello; then says something, or closes, or does nothing."""

    def __init__(self, text: bytes | None) -> None:
        super().__init__(b"")
        self.text = text

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        if self.text is None:
            return
        if self.text:
            self.transport.write(self.text)
        else:
            self.transport.loseConnection()


class HandshakeTests(LoopbackTestCase):
    async def connect(self, protocol: str, text: bytes | None, timeout: int) -> None:
        """Let a script's client connect to something that answers with this."""
        speakers: list[AfterHello] = []

        class Speakers(Factory):
            noisy = False

            def buildProtocol(self, addr: object) -> AfterHello:
                speakers.append(AfterHello(text))
                return speakers[-1]

        port = self.listen(Speakers())
        self.lines.clear()
        await self.run_lua(BEFORE + CONNECTS[protocol], str(port), str(timeout))
        for speaker in speakers:
            await speaker.lost
            self.assertTrue(speaker.received.startswith(b"\x16\x03"))

    async def check(
        self, text: bytes | None, timeout: int, message: bytes, code: bytes
    ) -> None:
        """Each protocol answers once, with this message and this code."""
        for protocol in CONNECTS:
            await self.connect(protocol, text, timeout)
            self.assertEqual(self.lines, [message, code], protocol)

    async def test_closed_in_the_middle(self) -> None:
        """The peer reads the ClientHello and closes."""
        message = b"TLS failed: the peer closed the connection during the handshake"
        await self.check(b"", 10000, message, b"tls")

    async def test_plain_text(self) -> None:
        """The peer answers the ClientHello with plain text."""
        message = b"TLS failed: the peer does not speak TLS"
        await self.check(b"220 mail.example ESMTP\r\n", 10000, message, b"tls")

    async def test_silence(self) -> None:
        """The peer says nothing: the handshake is within the time for connecting."""
        await self.check(None, 200, b"Operation canceled", b"timeout")
