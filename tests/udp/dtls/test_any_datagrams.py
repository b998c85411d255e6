"""DTLS under whatever a network may do: Hypothesis plays the wire."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.support.dtls import MemoryClient, Pair
from tests.udp.dtls.test_server import SERVER, DTLSServerTestCase

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["deliver", "lose", "repeat", "change", "cut", "join"]),
        st.integers(0, 50),
        st.integers(0, 2**16),
    ),
    max_size=60,
)
"""What is done, with which datagram of those under way, and a number for the details."""

GARBAGE = st.lists(
    st.tuples(
        st.one_of(
            st.binary(max_size=100),
            # What begins as a record does: content, version, epoch, number, length.
            st.tuples(
                st.sampled_from([20, 21, 22, 23, 24, 25, 255]),
                st.sampled_from([b"\xfe\xff", b"\xfe\xfd", b"\xfe\xfc", b"\1\0"]),
                st.integers(0, 2).map(lambda epoch: epoch.to_bytes(2, "big")),
                st.binary(min_size=6, max_size=6),
                st.binary(max_size=80),
            ).map(
                lambda parts: (
                    bytes([parts[0]])
                    + b"".join(parts[1:4])
                    + len(parts[4]).to_bytes(2, "big")
                    + parts[4]
                )
            ),
        ),
        st.booleans(),
    ),
    max_size=20,
)
"""Datagrams that nobody has sent, and whether they seem to come from the client."""


class SessionTests(SynchronousTestCase):
    def mistreat(self, pair: Pair, actions: list[tuple[str, int, int]]) -> None:
        """Carry, lose, repeat, change, mix what is on the wire of a pair."""
        for action, which, detail in actions:
            if not pair.wire:
                return
            to_server, datagram = pair.wire.pop(which % len(pair.wire))
            if action == "lose":
                continue
            if action == "repeat":
                pair.wire.append((to_server, datagram))
            elif action == "change":
                at = detail % len(datagram)
                changed = datagram[at] ^ (detail % 255 + 1)
                datagram = datagram[:at] + bytes([changed]) + datagram[at + 1 :]
            elif action == "cut":
                datagram = datagram[: detail % len(datagram)]
            elif action == "join":
                datagram += datagram
            pair.deliver(to_server, datagram)

    @settings(deadline=None, max_examples=60)
    @given(ACTIONS, st.lists(st.binary(min_size=1, max_size=30), max_size=8))
    def test_open_sessions(
        self, actions: list[tuple[str, int, int]], messages: list[bytes]
    ) -> None:
        """
        What arrives was sent, and arrives once; nothing ends the session, and it
        works on.
        """
        pair = Pair(Clock())
        pair.open()
        assert pair.server is not None
        numbered = [b"%d " % number + each for number, each in enumerate(messages)]
        for each in numbered:
            pair.client.send(each)
            pair.server.send(each)
        self.mistreat(pair, actions)
        for arrived in (pair.at_server, pair.at_client):
            self.assertEqual(sorted(arrived), sorted(set(arrived) & set(numbered)))
        pair.wire.clear()
        pair.client.send(b"at last")
        pair.server.send(b"at last")
        pair.run()
        self.assertEqual(pair.at_server[-1], b"at last")
        self.assertEqual(pair.at_client[-1], b"at last")
        self.assertEqual(pair.ends, [])
        pair.close()

    @settings(deadline=None, max_examples=60)
    @given(ACTIONS)
    def test_handshakes(self, actions: list[tuple[str, int, int]]) -> None:
        """Each end succeeds or fails once, and leaves nothing on the clock."""
        pair = Pair(Clock())
        pair.handshakes.append(pair.client.begin())
        outcomes: list[object] = []
        self.mistreat(pair, actions)
        for handshake in pair.handshakes:
            handshake.addBoth(outcomes.append)
        pair.close()
        self.assertEqual(len(outcomes), len(pair.handshakes))
        self.assertEqual(pair.clock.getDelayedCalls(), [])

    @settings(deadline=None, max_examples=40)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["deliver", "repeat"]),
                st.integers(0, 50),
                st.just(0),
            ),
            max_size=60,
        )
    )
    def test_handshakes_out_of_order(self, actions: list[tuple[str, int, int]]) -> None:
        """As long as nothing is lost or changed, they succeed without waiting."""
        pair = Pair(Clock())
        pair.handshakes.append(pair.client.begin())
        self.mistreat(pair, actions)
        pair.run()
        self.assertEqual(
            [self.successResultOf(each) for each in pair.handshakes], [None, None]
        )
        pair.close()


class ServerTests(DTLSServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve()

    @settings(deadline=None, max_examples=40)
    @given(GARBAGE, ACTIONS)
    def test_nothing_takes_a_client_away(
        self, garbage: list[tuple[bytes, bool]], copies: list[tuple[str, int, int]]
    ) -> None:
        """Neither garbage, nor copies and changed copies of what it has sent."""
        client = MemoryClient(self.reactor, SERVER).open()
        client.say(b"first")
        other = self.reactor.bind("192.0.2.8")
        for datagram, from_client in garbage:
            (client.port if from_client else other).send(datagram, SERVER)
        sent = list(client.sent)
        for _, which, detail in copies:
            copy = bytearray(sent[which % len(sent)])
            copy[detail % len(copy)] ^= detail % 256
            (client.port if detail % 3 else other).send(bytes(copy), SERVER)
        client.run()
        client.say(b"last")
        self.assertEqual(client.received, [b"first", b"last"])
        self.assertEqual(client.ends, [])
        # Handshakes that were begun are over by then, and the client stays.
        self.reactor.advance(11)
        client.say(b"later")
        self.assertEqual(client.received[-1], b"later")
        self.assertEqual(self.errors, [])
        client.session.close()
