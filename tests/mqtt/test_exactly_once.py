"""Whatever the wire loses: QoS 2 arrives once, QoS 1 at least once, both ways."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support.mqtt import MemoryBrokerTestCase, RemoteBroker
from tests.support.reference_broker import ReferenceBroker

RETRY = "reconnect = {minDelay = 100, maxDelay = 100}"


@dataclass(frozen=True)
class Connection:
    """
    How one connection goes before the wire breaks.

    @ivar refused: how many attempts fail before it
    @ivar messages: how many the script publishes meanwhile, and the broker
    @ivar read: how many packets the broker reads
    @ivar answered: how many of the broker's packets arrive
    """

    refused: int
    messages: int
    read: int
    answered: int


connections = st.lists(
    st.builds(
        Connection,
        st.integers(0, 2),
        st.integers(0, 4),
        st.integers(0, 12),
        st.integers(0, 12),
    ),
    max_size=6,
)


class ExactlyOnceTests(MemoryBrokerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(
            """
            sent, done, got = 0, {}, {}
            function begin(options)
              c = mqtt.Client.connect("127.0.0.1", options)
              c:addEventListener("published", function(e)
                done[e.packetId] = (done[e.packetId] or 0) + 1
              end)
              c:addEventListener("message", function(e)
                got[e.payload] = (got[e.payload] or 0) + 1
              end)
            end
            function publish(n, qos)
              for i = 1, n do
                sent = sent + 1
                assert(c:publish("a", tostring(sent), {qos = qos}) == sent)
              end
            end
            function most(counts, n)
              local least, most = 1000, 0
              for i = 1, n do
                local each = counts[i] or counts[tostring(i)] or 0
                least, most = math.min(least, each), math.max(most, each)
              end
              return least, most
            end
            """
        )

    def attempt(self) -> None:
        self.turn(2)
        self.reactor.advance(0.2)
        self.turn()

    def carry(
        self, broker: ReferenceBroker, client: RemoteBroker, wire: Connection
    ) -> None:
        """Let so much through, then break."""
        read, answered = wire.read, wire.answered
        waiting = broker.begin()
        while True:
            waiting += [
                answer
                for each in client.packets()[:read]
                for answer in broker.receive(each)
            ]
            read = 0
            if not waiting or not answered:
                break
            client.says(waiting.pop(0))
            answered -= 1
        client.packets()
        client.reset()
        self.attempt()

    def exchange(
        self, wires: list[Connection], version: int, qos: int
    ) -> ReferenceBroker:
        """Messages both ways, over all these connections and a good one."""
        broker = ReferenceBroker(version=version)
        options = f"{{{RETRY}, protocolVersion = {version}, clientId = 'x'}}"
        self.run_lua(f"begin({options})")
        for wire in wires:
            self.run_lua(f"publish({wire.messages}, {qos})")
            broker.publish(wire.messages, qos)
            for _ in range(wire.refused):
                self.refused(Refused())
                self.attempt()
            client = self.accepted()
            client.packets()
            client.says(broker.connected())
            self.carry(broker, client, wire)
        client = self.accepted()
        client.packets()
        client.says(broker.connected())
        client.says(*broker.begin())
        for _ in range(40):
            self.assertTrue(broker.serve(client))
            self.reactor.advance(0.05)
        self.assertEqual(self.errors, [])
        return broker

    def counts(self, name: str, n: int) -> tuple[int, int]:
        self.run_lua(f"print(most({name}, {n}))")
        least, most = self.lines.pop().split(b"\t")
        return int(least), int(most)

    def clear(self) -> None:
        """Ready for the next example."""
        self.run_lua("c:disconnect() sent, done, got = 0, {}, {}")
        self.turn(3)
        self.pass_time(6)
        self.lines.clear()

    @settings(max_examples=150, deadline=None)
    @given(connections, st.sampled_from([4, 5]))
    def test_qos_2(self, wires: list[Connection], version: int) -> None:
        broker = self.exchange(wires, version, 2)
        n = sum(each.messages for each in wires)
        self.assertEqual(
            sorted(broker.delivered), sorted(b"%d" % i for i in range(1, n + 1))
        )
        if n:
            self.assertEqual(self.counts("done", n), (1, 1))
            self.assertEqual(self.counts("got", n), (1, 1))
        self.assertEqual((broker.held, broker.unfinished), (set(), 0))
        self.clear()

    @settings(max_examples=100, deadline=None)
    @given(connections, st.sampled_from([4, 5]))
    def test_qos_1(self, wires: list[Connection], version: int) -> None:
        broker = self.exchange(wires, version, 1)
        n = sum(each.messages for each in wires)
        self.assertEqual(set(broker.delivered), {b"%d" % i for i in range(1, n + 1)})
        if n:
            self.assertEqual(self.counts("done", n), (1, 1))
            self.assertGreaterEqual(self.counts("got", n)[0], 1)
        self.assertEqual(broker.unfinished, 0)
        self.clear()
