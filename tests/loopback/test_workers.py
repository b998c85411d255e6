"""Workers as real processes, on a real port."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from tests.support import free_port, start

SCRIPT = """
local server = net.TCPServer()
server:start("127.0.0.1", tonumber(arg[1]), function(client)
  local function answer()
    client:write(arg[2] .. eplua.worker.number .. " ")
    client:close()
  end
  client:read({success = function(said)
    if said == "later" then setTimeout(answer, 300) elseif said == "now" then answer() end
  end, error = print})
end)
"""


class Client(Protocol):
    """Says a word, and takes what comes until the end."""

    def __init__(self, word: bytes) -> None:
        self._word = word
        self._data = b""
        self.done: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._word)

    def dataReceived(self, data: bytes) -> None:
        self._data += data

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.done.callback(self._data)


class WorkersTests(TestCase):
    timeout = 40

    async def ask(self, word: bytes = b"now") -> bytes:
        endpoint = TCP4ClientEndpoint(real_reactor, "127.0.0.1", self.port)
        client = Client(word)
        await connectProtocol(endpoint, client)
        return await client.done

    async def test_life(self) -> None:
        """
        Two share a port.  A reload refuses nobody and lets clients have their answers.
        One that is killed is replaced, while the other serves.  When the service is killed
        none is left.
        """
        self.port = free_port()
        path = Path(self.mktemp()).with_suffix(".lua").resolve()
        path.write_text(SCRIPT)
        twistd = "from twisted.scripts.twistd import run; run()"
        words = (*("-n", "--pidfile=", "eplua", "--workers=2", "--grace=2"), str(path))
        peer = start(self, sys.executable, "-c", twistd, *words, str(self.port), "n")
        await peer.says(b"2 workers are ready")
        answers = {await self.ask() for _ in range(40)}
        self.assertEqual(answers, {b"n1 ", b"n2 "})

        # One that is about to be answered, of each of them, and others all the time.
        open_ones = [self.ask_later() for _ in range(8)]
        peer.transport.signalProcess("HUP")
        reloaded = peer.says(b"2 workers are reloaded")
        while not reloaded.called:
            self.assertIn(await self.ask(), answers)
        await reloaded
        for each in open_ones:
            self.assertIn(await each, answers)

        children = Path(
            f"/proc/{peer.transport.pid}/task/{peer.transport.pid}/children"
        )
        numbers = children.read_text().split()
        self.assertEqual(len(numbers), 2)
        os.kill(int(numbers[0]), signal.SIGKILL)
        await peer.says(b"was ended by signal 9")
        dead = re.findall(rb"worker (\d) was ended", peer.output)[0]
        left = b"n%d " % (3 - int(dead))
        self.assertEqual({await self.ask() for _ in range(10)}, {left})

        held = Deferred.fromCoroutine(self.ask(b"hold"))
        await self.ask()
        peer.transport.signalProcess("KILL")
        self.assertEqual(await held, b"")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port))

    def ask_later(self) -> Deferred[bytes]:
        return Deferred.fromCoroutine(self.ask(b"later"))

    if not os.path.exists("/proc/self/task"):
        skip = "the system does not tell who the children of a process are"
