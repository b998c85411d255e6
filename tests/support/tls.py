"""What the tests of TLS share: an authority for each test, and peers that speak none."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from tests.support.authority import Authority
from tests.support.peers import start
from tests.support.programs import need_program
from tests.support.runtimes import LoopbackTestCase

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
"""A server that sends back what it gets, for as long as C{serve}'s function runs."""


class TLSTestCase(LoopbackTestCase):
    """
    @ivar authority: a certificate authority
    @ivar localhost: a file with its certificate for this machine, and the key
    """

    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self)
        self.localhost = self.authority.issue("localhost", "127.0.0.1", "::1")

    async def openssl_server(self, certificate: str, *options: str) -> str:
        """@return: the port of C{openssl s_server}"""
        peer = start(
            self,
            *(need_program("openssl"), "s_server", "-accept", "127.0.0.1:0"),
            *("-cert", certificate, "-key", certificate, *options),
        )
        output = await peer.says(b"ACCEPT 127.0.0.1:")
        while (
            not output.rstrip().rpartition(b":")[2].isdigit()
            or b"\n" not in (output.partition(b"ACCEPT")[2])
        ):
            output = await peer.says(b"\n")
        return output.partition(b"ACCEPT 127.0.0.1:")[2].split()[0].decode()


class Speaker(Protocol):
    """Says something, and knows when it is hung up on."""

    transport: Any

    def __init__(self, text: bytes, *, hang_up: bool = False) -> None:
        self._text = text
        self._hang_up = hang_up
        self.received = b""
        self.lost: Deferred[Any] = Deferred()

    def connectionMade(self) -> None:
        self.transport.write(self._text)
        if self._hang_up:
            self.transport.loseWriteConnection()

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)


class OneProtocol(Factory):
    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: object) -> Protocol:
        return self._protocol
