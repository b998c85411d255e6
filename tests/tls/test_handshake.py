"""What a protocol is told of a handshake that did not succeed."""

from __future__ import annotations

from OpenSSL import SSL
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import describe
from eplua_twisted.tls.handshake import CUT, interrupted
from eplua_twisted.tls.options import TLSOptions
from tests.memory import Flow, Wire
from tests.support.authority import Authority
from tests.support.tls_pair import Pair


class InterruptedTests(SynchronousTestCase):
    def test_a_peer_that_closes_or_breaks_off_is_an_error_of_tls(self) -> None:
        for reason in (ConnectionDone(), ConnectionLost()):
            self.assertEqual(describe(interrupted(Failure(reason))), CUT)

    def test_what_we_abort_ourselves_stays_what_it_is(self) -> None:
        reason = Failure(ConnectionAborted())
        self.assertIs(interrupted(reason), reason)

    def test_what_openssl_says_stays_what_it_is(self) -> None:
        reason = Failure(SSL.Error([("", "", "wrong version number")]))
        self.assertIs(interrupted(reason), reason)


class Cut(Wire):
    """
    What the server sends ends after some bytes.

    @ivar sent_in_all: by the server
    """

    def __init__(self, after: int, how: str) -> None:
        self.after = after
        self.how = how
        self.sent_in_all = 0

    def sent(self, flow: Flow, data: bytes) -> None:
        if flow.from_client:
            flow.deliver(data)
            return
        self.sent_in_all += len(data)
        if flow.amount <= self.after:
            flow.deliver(data[: self.after - flow.amount])
            if self.sent_in_all > self.after:
                getattr(flow, self.how)()


class CutTests(SynchronousTestCase):
    def setUp(self) -> None:
        authority = Authority(self)
        file = authority.issue("localhost").encode()
        self.trusted = TLSOptions(certificate_authority=authority.file.encode())
        self.server = TLSOptions(certificate=file, private_key=file)

    def told(self, after: int, how: str) -> tuple[str, str] | None:
        """What a client is told whose server goes after so many bytes."""
        pair = Pair(self.trusted, self.server, wire=Cut(after, how))
        self.assertFalse(pair.client.shaken, after)
        return describe(Failure(pair.client.lost))

    def test_wherever_a_server_ends_the_client_is_told_the_same(self) -> None:
        whole = Cut(1_000_000, "finish")
        self.assertTrue(Pair(self.trusted, self.server, wire=whole).client.shaken)
        # The tickets that follow the handshake are not part of it.
        for after in (0, 1, 5, 100, 500, 700):
            with self.subTest(after=after):
                self.assertLess(after, whole.sent_in_all)
                self.assertEqual(self.told(after, "finish"), CUT)

    def test_wherever_a_server_resets_the_client_is_told_the_same(self) -> None:
        for after in (0, 1, 5, 100, 500, 700):
            with self.subTest(after=after):
                self.assertEqual(self.told(after, "reset"), CUT)
