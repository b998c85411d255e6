"""TLS over a transport: reads that keep together, writes that leave together."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.options import TLSOptions
from tests.memory import Flow, Wire
from tests.support import ALL_BYTES
from tests.support.authority import Authority
from tests.support.tls_pair import Gathering, Pair

RECORD = 16 * 1024


class Pieces(Wire):
    """
    @ivar sizes: of what was sent at once
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def sent(self, flow: Flow, data: bytes) -> None:
        self.sizes.append(len(data))
        flow.deliver(data)


class ByteByByte(Wire):
    def sent(self, flow: Flow, data: bytes) -> None:
        flow.deliver(*(data[at : at + 1] for at in range(len(data))))


class TransportTests(SynchronousTestCase):
    def setUp(self) -> None:
        authority = Authority(self)
        file = authority.issue("localhost").encode()
        self.trusted = TLSOptions(certificate_authority=authority.file.encode())
        self.server = TLSOptions(certificate=file, private_key=file)

    def pair(self) -> Pair:
        pair = Pair(self.trusted, self.server, end=Gathering)
        self.assertTrue(pair.client.shaken)
        pair.server.reads.clear()
        return pair

    def test_records_that_come_at_once_are_read_as_one(self) -> None:
        pair = self.pair()
        data = ALL_BYTES * (3 * RECORD // 256)
        pair.client.transport.write(data)
        pair.reactor.settle()
        reads = b"".join(pair.server.reads)
        self.assertEqual(reads.count(b"<"), data.count(b"<") + 1)
        self.assertEqual(pair.server.reads[0], b"<")
        self.assertEqual(pair.server.reads[-1], b">")
        self.assertEqual(b"".join(pair.server.reads[1:-1]), data)

    def test_records_that_are_written_at_once_leave_as_one(self) -> None:
        pair = self.pair()
        wire = pair.reactor.network.wire = Pieces()
        pair.client.transport.write(bytes(2 * RECORD))
        pair.reactor.settle()
        self.assertEqual(len(wire.sizes), 1)
        self.assertGreater(wire.sizes[0], 2 * RECORD)

    def test_bytes_that_come_one_by_one(self) -> None:
        pair = self.pair()
        pair.reactor.network.wire = ByteByByte()
        pair.client.transport.write(ALL_BYTES)
        pair.reactor.settle()
        reads = [each for each in pair.server.reads if each not in (b"<", b">")]
        self.assertEqual(b"".join(reads), ALL_BYTES)
