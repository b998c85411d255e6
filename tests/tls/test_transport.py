"""TLS over a transport: reads that keep together, writes that leave together."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.gathered import MOST
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.transport import TOGETHER
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


class Changing(Wire):
    """The last byte of all that is sent is another one."""

    def sent(self, flow: Flow, data: bytes) -> None:
        flow.deliver(data[:-1] + bytes([data[-1] ^ 1]))


class PairTestCase(SynchronousTestCase):
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


class TransportTests(PairTestCase):
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

    def test_many_records_leave_a_few_at_a_time(self) -> None:
        """Each once and in order, and the last, small one with them."""
        pair = self.pair()
        wire = pair.reactor.network.wire = Pieces()
        data = (ALL_BYTES * (TOGETHER // 256) * 3)[:-3]
        pair.client.transport.write(data)
        pair.reactor.settle()
        self.assertLess(len(wire.sizes), 3 * TOGETHER // RECORD)
        reads = [each for each in pair.server.reads if each not in (b"<", b">")]
        self.assertEqual(b"".join(reads), data)

    def test_records_that_come_one_by_one(self) -> None:
        """Each is handed over at once."""
        pair = self.pair()
        for data in (b"1", b"2", bytes(RECORD)):
            pair.client.transport.write(data)
            pair.reactor.settle()
        self.assertEqual(pair.server.reads, [b"1", b"2", bytes(RECORD)])

    def test_the_end_comes_in_a_record_of_its_own(self) -> None:
        pair = self.pair()
        pair.client.transport.write(b"last")
        pair.reactor.settle()
        pair.client.transport.loseConnection()
        pair.reactor.settle()
        self.assertEqual(pair.server.reads, [b"last"])
        self.assertTrue(pair.server.lost)

    def test_a_record_that_was_changed_on_the_way(self) -> None:
        """It ends the connection, and its data is not handed over."""
        pair = self.pair()
        pair.reactor.network.wire = Changing()
        pair.client.transport.write(b"x" * 100)
        pair.reactor.settle()
        self.assertEqual(pair.server.reads, [])
        self.assertTrue(pair.server.lost)

    def test_bytes_that_come_one_by_one(self) -> None:
        pair = self.pair()
        pair.reactor.network.wire = ByteByByte()
        pair.client.transport.write(ALL_BYTES)
        pair.reactor.settle()
        reads = [each for each in pair.server.reads if each not in (b"<", b">")]
        self.assertEqual(b"".join(reads), ALL_BYTES)


class WriteTests(PairTestCase):
    """When what was written leaves."""

    def test_an_answer_leaves_in_the_turn_of_what_it_answers(self) -> None:
        """In one record, though it was written in pieces, and by no call of its own."""
        pair = self.pair()
        pair.reactor.settle()
        pair.client.reads.clear()
        server = pair.server

        def answer(data: bytes) -> None:
            before = pair.reactor.getDelayedCalls()
            for piece in (b"a", b"b", b"c"):
                server.transport.write(piece)
            self.assertEqual(pair.reactor.getDelayedCalls(), before)

        server.dataReceived = answer  # type: ignore[method-assign]
        pair.client.transport.write(b"x")
        pair.reactor.settle()
        self.assertEqual(pair.client.reads, [b"abc"])

    def test_other_small_writes_leave_together_on_the_next_turn(self) -> None:
        pair = self.pair()
        wire = pair.reactor.network.wire = Pieces()
        for piece in (b"a", b"b", b"c"):
            pair.client.transport.write(piece)
        self.assertEqual(wire.sizes, [])
        pair.reactor.settle()
        self.assertEqual(len(wire.sizes), 1)
        self.assertEqual(pair.server.reads, [b"abc"])

    def test_much_is_not_kept(self) -> None:
        pair = self.pair()
        wire = pair.reactor.network.wire = Pieces()
        pair.client.transport.write(bytes(MOST + 1))
        self.assertGreater(sum(wire.sizes), MOST)

    def test_order_of_what_is_written_at_all_times(self) -> None:
        """What was kept for the next turn comes before an answer, and after it."""
        pair = self.pair()
        layer = pair.server.transport
        layer.write(b"1")
        layer.receiving(True)
        layer.writeSequence([b"2", b"3"])
        layer.receiving(False)
        layer.write(b"4")
        pair.reactor.settle()
        got = b"".join(each for each in pair.client.reads if each not in (b"<", b">"))
        self.assertEqual(got, b"1234")

    def test_closed_behind_what_was_kept(self) -> None:
        pair = self.pair()
        pair.client.transport.write(b"last")
        pair.client.transport.loseConnection()
        pair.reactor.settle()
        self.assertIn(b"last", pair.server.reads)

    def test_nothing_is_left_of_one_that_is_aborted(self) -> None:
        pair = self.pair()
        pair.client.transport.write(b"x")
        pair.client.transport.abortConnection()
        pair.reactor.settle()
        self.assertNotIn(b"x", pair.server.reads)
        pair.client.transport.write(b"y")
        self.assertEqual(pair.reactor.getDelayedCalls(), [])

    def test_what_is_no_bytes_is_refused(self) -> None:
        pair = self.pair()
        self.assertRaises(TypeError, pair.client.transport.write, "text")
