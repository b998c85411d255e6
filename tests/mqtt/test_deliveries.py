"""Messages of QoS 1 and 2 to the script: when they are acknowledged, and how often told."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.mqtt import (
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    MemoryBrokerTestCase,
    RemoteBroker,
    answer,
    connack,
    message,
)

RETRY = "reconnect = {minDelay = 100, maxDelay = 100}"
ANSWERS = {1: PUBACK, 2: PUBREC}


class HandledTests(MemoryBrokerTestCase):
    """PUBACK and PUBREC go when the script's handlers have returned."""

    def test_not_before_they_have_returned(self) -> None:
        """The script dies over the first message: the broker keeps both."""
        for qos, kind in ANSWERS.items():
            broker = self.connect()
            self.run_lua("c:addEventListener('message', function() print('seen') end)")
            broker.says(message(b"a", b"x", qos, 5))
            self.assertEqual(broker.packets(), [answer(kind, 5)])
            self.turn()
            self.lines.clear()
            self.press()
            broker.push(message(b"a", b"y", qos, 6))
            self.turn(2)
            self.assertEqual((self.lines, broker.packets()), ([], []))
            self.release()
            self.turn(2)
            self.assertEqual(broker.packets(), [answer(kind, 6)])
            self.lines.clear()

    def test_not_after_os_exit(self) -> None:
        """Nothing more is handled, so nothing more is acknowledged."""
        broker = self.connect()
        self.run_lua("c:addEventListener('message', function() os.exit(1) end)")
        broker.says(message(b"a", b"x", 2, 5), message(b"a", b"x", 1, 6))
        self.turn(3)
        self.assertNotIn(answer(PUBREC, 5), broker.packets())

    def test_handlers_may_fail(self) -> None:
        """An error is no reason for the same message again."""
        broker = self.connect()
        self.run_lua("c:addEventListener('message', function() error('x') end)")
        for qos, kind in ANSWERS.items():
            broker.says(message(b"a", b"", qos, 5))
            self.assertEqual(broker.packets(), [answer(kind, 5)])
        self.assertEqual(len(self.errors), 2)
        self.errors.clear()

    def test_not_after_the_script_has_left(self) -> None:
        """Messages that come then are for the next session: neither told nor taken."""
        for qos, kind in ANSWERS.items():
            broker = self.connect()
            self.run_lua(
                "c:publish('a', 'x', {qos = 1})"
                " c:addEventListener('message', function() c:disconnect() end)"
            )
            broker.packets()
            broker.says(*(message(b"a", b"%d" % i, qos, i) for i in (5, 6)))
            broker.says(message(b"a", b"7", qos, 7))
            self.assertEqual(broker.packets(), [answer(kind, 5)])
            broker.says(answer(PUBACK, 1))
            self.assertEqual(broker.packets(), [b"\xe0\0"])
            self.turn(3)
            told = [each for each in self.lines if each.startswith(b"message")]
            self.assertEqual(len(told), 1)
            self.lines.clear()


class ExactlyOnceTests(MemoryBrokerTestCase):
    """A message of QoS 2 is told once, wherever the connection breaks."""

    def again(self, broker: RemoteBroker, present: bool = True) -> RemoteBroker:
        """The connection breaks; the next one is accepted."""
        broker.reset()
        self.turn(2)
        self.reactor.advance(0.2)
        self.turn()
        broker = self.accepted()
        broker.packets()
        broker.says(connack(0, present))
        self.turn(2)
        return broker

    def told(self) -> list[bytes]:
        """What was told since this was asked last."""
        self.turn(3)
        told = [each for each in self.lines if each.startswith(b"message")]
        self.lines.clear()
        return [each.split(b"payload=")[1].split(b" ")[0] for each in told]

    def test_pubrec_was_lost(self) -> None:
        """The broker sends the message again, and gets PUBREC again."""
        broker = self.connect(RETRY)
        broker.says(message(b"a", b"x", 2, 7))
        broker = self.again(broker)
        self.assertEqual(broker.packets(), [])
        broker.says(message(b"a", b"x", 2, 7, dup=True))
        self.assertEqual(broker.packets(), [answer(PUBREC, 7)])
        broker.says(answer(PUBREL, 7))
        self.assertEqual(broker.packets(), [answer(PUBCOMP, 7)])
        self.assertEqual(self.told(), [b"x"])

    def test_pubcomp_was_lost(self) -> None:
        """The broker sends PUBREL again; then the id is free."""
        broker = self.connect(RETRY)
        broker.says(message(b"a", b"x", 2, 7), answer(PUBREL, 7))
        broker = self.again(broker)
        broker.says(answer(PUBREL, 7))
        self.assertEqual(broker.packets(), [answer(PUBCOMP, 7)])
        broker.says(message(b"a", b"y", 2, 7))
        self.assertEqual(broker.packets(), [answer(PUBREC, 7)])
        self.assertEqual(self.told(), [b"x", b"y"])

    def test_broken_before_it_was_handled(self) -> None:
        """The script is behind; PUBREC goes on the connection that asks for it."""
        first = self.connect(RETRY)
        self.run_lua(
            "c:addEventListener('message', function(e)"
            " if e.payload == 'first' then hold() end end)"
        )

        def hold() -> None:
            # It waits in the queue while the connection breaks.
            first.push(message(b"a", b"x", 2, 7))
            first.reset()

        self.runtime.expose("hold", hold)
        first.says(message(b"a", b"first"))
        self.turn(2)
        self.reactor.advance(0.2)
        self.turn()
        broker = self.accepted()
        broker.packets()
        broker.says(connack(0, True), message(b"a", b"x", 2, 7, dup=True))
        self.assertEqual(broker.packets(), [answer(PUBREC, 7)])
        self.assertEqual(self.told(), [b"first", b"x"])

    def test_the_broker_has_lost_the_session(self) -> None:
        """Then the same id is another message."""
        broker = self.connect(RETRY)
        broker.says(message(b"a", b"x", 2, 7))
        broker = self.again(broker, present=False)
        broker.says(message(b"a", b"y", 2, 7))
        self.assertEqual(broker.packets(), [answer(PUBREC, 7)])
        self.assertEqual(self.told(), [b"x", b"y"])

    def test_another_message_under_the_same_id(self) -> None:
        """
        The broker was killed, and has lost what it knew of the first one: it is no
        repetition, whatever it says.
        """
        for dup in (False, True):
            broker = self.connect(RETRY)
            broker.says(message(b"a", b"x", 2, 7))
            broker = self.again(broker)
            broker.says(message(b"a", b"y", 2, 7, dup=dup))
            self.assertEqual(broker.packets(), [answer(PUBREC, 7)])
            broker.says(answer(PUBREL, 7), message(b"a", b"y", 2, 7))
            self.assertEqual(self.told(), [b"x", b"y", b"y"])

    def test_qos_1_may_come_twice(self) -> None:
        """It is told again, and acknowledged where it came."""
        broker = self.connect(RETRY)
        broker.says(message(b"a", b"x", 1, 7))
        broker = self.again(broker)
        self.assertEqual(broker.packets(), [])
        broker.says(message(b"a", b"x", 1, 7, dup=True))
        self.assertEqual(broker.packets(), [answer(PUBACK, 7)])
        self.assertEqual(self.told(), [b"x", b"x"])

    def test_pubrel_before_pubrec(self) -> None:
        """What no right broker does is answered, and does not hurt."""
        broker = self.connect()
        self.press()
        broker.push(message(b"a", b"x", 2, 7) + answer(PUBREL, 7))
        self.release()
        self.turn(2)
        self.assertEqual(broker.packets(), [answer(PUBREC, 7), answer(PUBCOMP, 7)])
        self.assertEqual(self.told(), [b"x"])


globals().update(for_each_lua(HandledTests))
