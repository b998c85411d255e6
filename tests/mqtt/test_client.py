"""mqtt.Client.connect in memory: what is asked of the broker, and what comes of it."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support.mqtt import (
    MemoryBrokerTestCase,
    connack,
    message,
    number,
    packet,
    text,
)


class OptionTests(MemoryBrokerTestCase):
    def sent(self, options: str, uri: str = "mqtt://127.0.0.1") -> bytes:
        """The CONNECT packet."""
        self.begin(options, uri)
        return self.accepted().packets()[0]

    def test_connect_packet_by_default(self) -> None:
        """MQTT 3.1.1, no keep-alive, the session is kept, a random id (HC3)."""
        sent = self.sent("")
        self.assertEqual(sent[2:12], text(b"MQTT") + b"\x04\x00" + number(0))
        self.assertEqual(sent[12:19], number(21) + b"eplua")
        self.assertTrue(sent[14:].isalnum())
        other = self.sent("")
        self.assertNotEqual(other[14:], sent[14:])

    def test_packets_do_not_wait_for_the_broker(self) -> None:
        self.assertTrue(self.connect().no_delay)

    def test_port_comes_from_uri_option_or_scheme(self) -> None:
        for uri, options, port in (
            ("mqtt://127.0.0.1", "", 1883),
            ("127.0.0.1", "", 1883),
            ("127.0.0.1:99", "", 99),
            ("mqtt://127.0.0.1", "port = '1884'", 1884),
            ("mqtt://127.0.0.1:77", "port = 1884", 77),
            ("mqtts://127.0.0.1", "", 8883),
            ("mqtt://127.0.0.1", "tls = {}", 8883),
            ("ws://127.0.0.1", "", 80),
            ("ws://127.0.0.1", "tls = true", 443),
            ("wss://127.0.0.1", "", 443),
        ):
            self.begin(options, uri)
            self.assertEqual(self.reactor.tcpClients[-1][1], port, (uri, options))

    def test_every_option_is_in_the_connect_packet(self) -> None:
        sent = self.sent(
            "clientId = 'me', cleanSession = true, keepAlivePeriod = 60,"
            " username = 'user', password = '\\0\\255', lastWill = {topic = 'gone',"
            " payload = 'bye\\0', qos = 1, retain = true, {retain = true}}"
        )
        body = (
            text(b"MQTT")
            + b"\x04"
            + bytes([0x02 | 0x04 | 1 << 3 | 0x20 | 0x80 | 0x40])
            + number(60)
            + b"".join(map(text, (b"me", b"gone", b"bye\0", b"user", b"\0\xff")))
        )
        self.assertEqual(sent, packet(0x10, body))

    def test_empty_strings_are_none(self) -> None:
        """Scripts pass "" for what is not set."""
        sent = self.sent("username = '', password = '', clientId = ''")
        self.assertEqual(sent[9], 0)
        self.assertEqual(len(sent), 2 + 10 + 2 + 21)

    def test_options_are_left_alone(self) -> None:
        self.run_lua(
            """
            local options = {tls = {useSNI = false}, lastWill = {topic = "a"}}
            mqtt.Client.connect("mqtt://127.0.0.1", options)
            print(options.tls.useSNI, options.port, options.clientId, next(options.lastWill))
            """
        )
        self.assertEqual(self.lines, [b"false\tnil\tnil\ttopic\ta"])

    def test_version_5_speaks_version_5(self) -> None:
        """The session is kept without expiry (3.1.2.11.2)."""
        sent = self.sent("protocolVersion = 5, clientId = 'x'")
        self.assertEqual(sent[8], 5)
        self.assertEqual(sent[9], 0)
        self.assertIn(b"\x11\xff\xff\xff\xff", sent)
        sent = self.sent("protocolVersion = 5, clientId = 'x', cleanSession = true")
        self.assertEqual(sent[9], 2)
        self.assertNotIn(b"\x11\xff\xff\xff\xff", sent)


class ResultTests(MemoryBrokerTestCase):
    def test_nothing_before_connect_returned(self) -> None:
        """Listeners that were added afterwards hear of everything."""
        self.begin()
        self.said()
        self.accepted().says(connack(0, True))
        self.said("connected returnCode=0 sessionPresent=true")

    def test_each_refusal_has_its_code(self) -> None:
        """The codes of MQTT 3.1.1, one error each and no closed."""
        for code in range(1, 6):
            self.begin()
            broker = self.accepted()
            broker.says(connack(code))
            self.turn(3)
            self.assertEqual(len(self.lines), 1, self.lines)
            self.assertTrue(self.lines[0].startswith(b"error code=%d " % code))
            self.turn()
            self.assertTrue(broker.gone)
            self.lines.clear()
            self.nothing_open()

    def test_each_refusal_of_version_5_has_its_code(self) -> None:
        """The same codes, where 3.1.1 has them."""
        for reason, code in (
            (132, 1),
            (133, 2),
            (136, 3),
            (134, 4),
            (135, 5),
            (151, 151),
        ):
            self.begin("protocolVersion = 5")
            self.accepted().says(packet(0x20, bytes([0, reason, 0])))
            self.turn(3)
            self.assertEqual(len(self.lines), 1, self.lines)
            self.assertTrue(self.lines[0].startswith(b"error code=%d " % code))
            self.lines.clear()
            self.nothing_open()

    def test_a_refused_connection_is_an_error(self) -> None:
        self.begin("callback = function(n) print('callback', n) end")
        self.refused(Refused())
        self.said("callback\t-3", "error code=-3 message=Connection refused")
        self.nothing_open()

    def test_a_broker_that_closes_within_its_answer(self) -> None:
        """Anywhere in it."""
        for cut in range(4):
            self.begin()
            broker = self.accepted()
            broker.says(connack()[:cut])
            broker.close()
            self.said("error code=-2 message=End of file")
            self.nothing_open()

    def test_a_broker_that_speaks_something_else(self) -> None:
        """A broker that speaks something else."""
        for data in (
            b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(100),
            b"SSH-2.0-OpenSSH\r\n",
            bytes(100),
            message(b"a", b"b"),
        ):
            self.begin()
            broker = self.accepted()
            broker.says(data)
            self.turn()
            if not broker.gone:
                # It could become a packet yet.
                broker.close()
                self.said("error code=-2 message=End of file")
            else:
                self.said("error code=-11 message=the peer does not speak MQTT")
            self.nothing_open()

    def test_an_answer_that_is_no_connack(self) -> None:
        for data in (
            packet(0x20, b""),
            packet(0x20, b"\0"),
            packet(0x20, b"\0\0\0"),
            b"\x20\xff\xff\xff\xff\xff",
        ):
            self.begin()
            broker = self.accepted()
            broker.says(data)
            self.turn(3)
            self.assertEqual(len(self.lines), 1, data)
            self.assertTrue(self.lines[0].startswith(b"error code=-11 "), self.lines)
            self.turn()
            self.assertTrue(broker.gone)
            self.lines.clear()
            self.nothing_open()

    def test_the_whole_attempt_has_a_time_limit(self) -> None:
        """Over all of the attempt: 10 seconds, or what the option says."""
        for options, before in (("", 9.9), ("timeout = 500", 0.4)):
            for connected in (False, True):
                self.begin(options)
                if connected:
                    self.accepted()
                self.reactor.advance(before)
                self.said()
                self.reactor.advance(0.2)
                self.said("error code=-1 message=Operation canceled")
                self.nothing_open()

    def test_zero_is_no_time_limit(self) -> None:
        self.begin("timeout = 0")
        self.reactor.advance(1000)
        self.said()

    def test_connect_callback_gets_the_result(self) -> None:
        self.begin("callback = function(n) print('callback', n) end")
        broker = self.accepted()
        broker.says(connack())
        self.said("callback\t0", "connected returnCode=0 sessionPresent=false")
        broker.reset()
        self.said("closed")

    def test_tls_problems_are_errors(self) -> None:
        """Not raised: a certificate is not the script's text."""
        self.begin("tls = {certificateAuthority = '/no/such/file'}")
        self.turn(3)
        self.assertTrue(self.lines[0].startswith(b"error code=-8 message=certificateA"))
        self.lines.clear()
        self.nothing_open()

    def test_tostring_tells_broker_and_state(self) -> None:
        self.begin()
        self.run_lua("print(c)")
        self.said("mqtt.Client: mqtt://127.0.0.1:1883 (connecting)")
        self.accepted().says(connack())
        self.turn()
        self.lines.clear()
        self.run_lua("print(c, c:isConnected()) c:disconnect()")
        self.turn()
        self.run_lua("print(c, c:isConnected())")
        self.said(
            "mqtt.Client: mqtt://127.0.0.1:1883 (connected)\ttrue",
            "closed",
            "mqtt.Client: mqtt://127.0.0.1:1883 (closed)\tfalse",
        )
