"""What can be read of records without keys."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.udp.dtls.records import datagrams, hello_random, is_plain
from tests.support.dtls import ADDRESS, Pair


class DatagramsTests(SynchronousTestCase):
    def record(self, size: int) -> bytes:
        return b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size)

    def test_as_many_as_fit(self) -> None:
        records = [self.record(size) for size in (100, 200, 300, 900, 1)]
        made = list(datagrams(b"".join(records), 700))
        self.assertEqual(made, [b"".join(records[:3]), records[3], records[4]])

    def test_none(self) -> None:
        self.assertEqual(list(datagrams(b"", 700)), [])


class HelloTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.pair = Pair(Clock())
        self.addCleanup(self.pair.close)
        self.pair.client.begin().addErrback(lambda failure: None)
        self.hello = self.pair.wire.pop()[1]

    def test_all_hellos_of_a_handshake_have_the_same_random(self) -> None:
        self.pair.cookies.admit(self.hello, ADDRESS)
        self.pair.client.receive(self.pair.wire.pop()[1])
        second = self.pair.wire.pop()[1]
        self.assertNotEqual(second, self.hello)
        self.assertEqual(hello_random(second), hello_random(self.hello))

    def test_those_of_two_handshakes_have_not(self) -> None:
        other = Pair(Clock())
        self.addCleanup(other.close)
        other.client.begin().addErrback(lambda failure: None)
        random = hello_random(other.wire.pop()[1])
        self.assertNotEqual(random, hello_random(self.hello))
        self.assertIsNotNone(random)

    def test_everything_else_is_no_hello(self) -> None:
        for place, value, what in (
            (0, 23, "data"),
            (4, 1, "encrypted"),
            (13, 2, "another message"),
            (21, 1, "a later fragment"),
        ):
            other = bytearray(self.hello)
            other[place] = value
            self.assertIsNone(hello_random(bytes(other)), what)
        for length in range(59):
            self.assertIsNone(hello_random(self.hello[:length]), length)

    def test_records_without_keys(self) -> None:
        self.assertTrue(is_plain(self.hello))
        self.assertFalse(is_plain(b"\x16\xfe\xfd\x00\x01" + bytes(20)))
        self.assertFalse(is_plain(b""))
