"""What C{eplua doctor} finds on the network, with servers that the test plays."""

from __future__ import annotations

from twisted.internet.protocol import Factory, Protocol

from eplua_twisted.tools.doctor.network import Network
from tests.support import LoopbackTestCase


class Answering(Protocol):
    """Answers whatever comes with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(self.answer)


class NetworkTests(LoopbackTestCase):
    async def network(self) -> Network:
        made = Network(self.runtime)
        await made.begin()
        return made

    def server(self, answer: bytes) -> str:
        """@return: host and port of one that always answers this"""
        factory = Factory.forProtocol(lambda: Answering(answer))
        return f"127.0.0.1:{self.listen(factory)}"

    async def test_this_machine(self) -> None:
        """It knows itself, and its ports can be taken and reached."""
        network = await self.network()
        for each in (
            await network.names(),
            await network.listening("lean"),
            await network.datagrams(),
        ):
            self.assertEqual((each.status, each.advice), ("ok", ""), each)

    async def test_broker(self) -> None:
        """One that takes the client, one that wants to know who it is, and none."""
        network = await self.network()
        for place, status, said in (
            (self.server(b"\x20\x02\x00\x00"), "ok", "takes a client"),
            (self.server(b"\x20\x02\x00\x05"), "warning", "uthori"),
            (self.server(b"\x20\x02\x00\x04"), "warning", "user"),
            ("127.0.0.1:1", "failed", "Connection refused"),
            ("127.0.0.1:99999", "failed", "port 1..65535 expected"),
            ("mqtt://user:x@127.0.0.1", "failed", "mqtt://host[:port]"),
        ):
            found = await network.broker(place)
            self.assertEqual(found.status, status, found)
            self.assertIn(said, found.text)

    async def test_controller(self) -> None:
        """One that answers, one that wants to know who asks, another server, and none."""
        network = await self.network()
        for place, status, said in (
            (self.answer("200 OK"), "ok", "answers"),
            (self.answer("401 Unauthorized"), "warning", "status 401"),
            (self.answer("404 Not Found"), "failed", "status 404"),
            ("http://127.0.0.1:1", "failed", "Connection refused"),
            ("http://127.0.0.1:99999", "failed", "Port out of range"),
        ):
            found = await network.controller(
                place, {"HC3_USER": "a", "HC3_PASSWORD": "b"}
            )
            self.assertEqual(found.status, status, found)
            self.assertIn(said, found.text)

    def answer(self, status: str) -> str:
        """@return: the URL of a server that always answers with a status"""
        head = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"
        return f"http://{self.server(head.encode())}/"
