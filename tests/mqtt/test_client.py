"""mqtt.Client in memory: options, events, packets, bad input."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import client as paho
from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support import ALL_BYTES, for_each_lua
from tests.support.mqtt import (
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBACK,
    UNSUBACK,
    MemoryBrokerTestCase,
    answer,
    connack,
    message,
    number,
    packet,
    text,
)


class ConnectTests(MemoryBrokerTestCase):
    """What CONNECT says, and what comes of it."""

    def sent(self, options: str, uri: str = "mqtt://127.0.0.1") -> bytes:
        """The CONNECT packet."""
        self.begin(options, uri)
        return self.accepted().packets()[0]

    def test_defaults(self) -> None:
        """MQTT 3.1.1, no keep-alive, the session is kept, a random id (HC3)."""
        sent = self.sent("")
        self.assertEqual(sent[2:12], text(b"MQTT") + b"\x04\x00" + number(0))
        self.assertEqual(sent[12:19], number(21) + b"eplua")
        self.assertTrue(sent[14:].isalnum())
        other = self.sent("")
        self.assertNotEqual(other[14:], sent[14:])

    def test_default_port(self) -> None:
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

    def test_all_options(self) -> None:
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

    def test_protocol_5(self) -> None:
        """The session is kept without expiry (3.1.2.11.2)."""
        sent = self.sent("protocolVersion = 5, clientId = 'x'")
        self.assertEqual(sent[8], 5)
        self.assertEqual(sent[9], 0)
        self.assertIn(b"\x11\xff\xff\xff\xff", sent)
        sent = self.sent("protocolVersion = 5, clientId = 'x', cleanSession = true")
        self.assertEqual(sent[9], 2)
        self.assertNotIn(b"\x11\xff\xff\xff\xff", sent)

    def test_nothing_before_connect_returned(self) -> None:
        """Listeners that were added afterwards hear of everything."""
        self.begin()
        self.said()
        self.accepted().says(connack(0, True))
        self.said("connected returnCode=0 sessionPresent=true")

    def test_refusals(self) -> None:
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

    def test_refusals_of_5(self) -> None:
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

    def test_no_connection(self) -> None:
        self.begin("callback = function(n) print('callback', n) end")
        self.refused(Refused())
        self.said("callback\t-3", "error code=-3 message=Connection refused")
        self.nothing_open()

    def test_close_within_connack(self) -> None:
        """Anywhere in it."""
        for cut in range(4):
            self.begin()
            broker = self.accepted()
            broker.says(connack()[:cut])
            broker.close()
            self.said("error code=-2 message=End of file")
            self.nothing_open()

    def test_other_protocols(self) -> None:
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

    def test_bad_connacks(self) -> None:
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

    def test_timeout(self) -> None:
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

    def test_no_timeout(self) -> None:
        self.begin("timeout = 0")
        self.reactor.advance(1000)
        self.said()

    def test_connect_callback(self) -> None:
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

    def test_text(self) -> None:
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


class BadInputTests(MemoryBrokerTestCase):
    """Errors at the script's own line; nothing is opened or sent."""

    def test_uris(self) -> None:
        for uri in (
            "",
            "http://host",
            "mqtt://",
            "mqtt://host:0",
            "mqtt://host:65536",
            "mqtt://host:port",
            "mqtt://host/path",
            "mqtt://user:secret@host",
            "mqtt://a b",
            "mqtt://[::1",
            "ws:/host",
        ):
            self.assertRaisedAtLine(
                f"mqtt.Client.connect('{uri}')", "bad argument #1 to 'connect' (uri:"
            )
        self.assertRaisedAtLine(
            "mqtt.Client.connect()", "uri: string expected, got nil"
        )
        self.assertRaisedAtLine(
            "mqtt.Client.connect({})", "uri: string expected, got table"
        )
        self.assertEqual(self.reactor.tcpClients, [])

    def test_options(self) -> None:
        for options, expected in (
            ("port = 0", "option port: integer 1..65535"),
            ("port = 'http'", "option port: integer 1..65535"),
            ("port = 1.5", "option port: integer 1..65535"),
            ("tls = 1", "tls: true or a table"),
            ("tls = {useSNI = 1}", "option tls.useSNI: boolean"),
            ("tls = {privateKey = 'x'}", "privateKey needs clientCertificate"),
            ("keepAlivePeriod = -1", "option keepAlivePeriod: seconds 0..65535"),
            ("keepAlivePeriod = 65536", "option keepAlivePeriod: seconds 0..65535"),
            ("username = {}", "option username: string"),
            ("password = true", "option password: string"),
            ("clientId = ('x'):rep(65536)", "option clientId: string of at most 65535"),
            ("clientId = '\\255'", "clientId: not UTF-8"),
            ("username = '\\255'", "username: not UTF-8"),
            ("cleanSession = 1", "option cleanSession: boolean"),
            ("lastWill = 'x'", "option lastWill: table"),
            ("lastWill = {}", "lastWill.topic: string that is not empty"),
            ("lastWill = {topic = 'a/#'}", "lastWill.topic: topic without wildcards"),
            ("lastWill = {topic = 'a', qos = 3}", "lastWill.qos: 0, 1 or 2"),
            ("lastWill = {topic = 'a', payload = {}}", "lastWill.payload: string"),
            ("lastWill = {topic = 'a', payload = ('x'):rep(65536)}", "at most 65535"),
            ("callback = 1", "option callback: function"),
            ("protocolVersion = 3", "option protocolVersion: 4 or 5"),
            ("reconnect = 1", "option reconnect: boolean or table"),
            ("maxQueue = 0", "option maxQueue: positive integer"),
            ("timeout = 0/0", "option timeout: a finite number"),
        ):
            self.assertRaisedAtLine(
                f"mqtt.Client.connect('host', {{ {options} }})", expected
            )
        self.assertRaisedAtLine(
            "mqtt.Client.connect('host', 1)", "options: table expected, got 1"
        )
        self.assertEqual(self.reactor.tcpClients, [])
        self.nothing_open()

    def test_publish(self) -> None:
        broker = self.connect()
        for arguments, expected in (
            ("", "topic: string that is not empty expected, got nil"),
            ("'', 'x'", "topic: string that is not empty"),
            ("{}, 'x'", "topic: string that is not empty expected, got table"),
            ("'a/+', 'x'", "topic: topic without wildcards"),
            ("'#', 'x'", "topic: topic without wildcards"),
            ("'a\\0b', 'x'", "topic: no zero byte"),
            ("('x'):rep(65536), 'x'", "topic: at most 65535 bytes"),
            ("'\\255', 'x'", "a topic must be UTF-8"),
            ("'a'", "payload: string expected, got nil"),
            ("'a', {}", "payload: string expected, got table"),
            ("'a', true", "payload: string expected, got true"),
            ("'a', print", "payload: string expected, got function"),
            ("'a', 'x', {qos = 3}", "option qos: 0, 1 or 2"),
            ("'a', 'x', {qos = -1}", "option qos: 0, 1 or 2"),
            ("'a', 'x', {qos = 0.5}", "option qos: 0, 1 or 2"),
            ("'a', 'x', {retain = 1}", "option retain: boolean"),
            ("'a', 'x', {callback = 1}", "option callback: function"),
            ("'a', 'x', 1", "bad argument #3 to 'publish' (options: table"),
        ):
            self.assertRaisedAtLine(f"c:publish({arguments})", expected)
        self.assertEqual(broker.packets(), [])
        self.run_lua("print(c:publish(('x'):rep(65535), 1.5))")
        self.said("1")
        self.assertEqual(broker.packets(), [message(b"x" * 65535, b"1.5")])

    def test_subscribe(self) -> None:
        broker = self.connect()
        for arguments, expected in (
            ("", "topic: string or array of topics expected, got nil"),
            ("''", "topic: string that is not empty"),
            ("{}", "topic: string or array of topics"),
            ("{1}", "topic: string that is not empty"),
            ("{{'a', 3}}", "topic QoS: 0, 1 or 2"),
            ("'a/#/b'", "topic: # as the last level only"),
            ("'a#'", "topic: # as the last level only"),
            ("'a+/b'", "topic: + as a whole level only"),
            ("'\\255'", "a topic must be UTF-8"),
            ("('x'):rep(65536)", "topic: at most 65535 bytes"),
            ("'a', {qos = 3}", "option qos: 0, 1 or 2"),
            ("'a', {callback = {}}", "option callback: function"),
        ):
            self.assertRaisedAtLine(f"c:subscribe({arguments})", expected)
        self.assertRaisedAtLine("c:unsubscribe('')", "topic: string that is not empty")
        self.assertRaisedAtLine("c:unsubscribe({})", "topic: string or array")
        self.assertEqual(broker.packets(), [])

    def test_unknown_event(self) -> None:
        self.begin()
        self.assertRaisedAtLine(
            "c:addEventListener('disconnected', print)", "unknown event", "closed"
        )
        self.assertRaisedAtLine(
            "c:addEventListener('closed')", "listener: function expected"
        )
        self.assertRaisedAtLine("c:removeEventListener('x')", "unknown event")


class EventTests(MemoryBrokerTestCase):
    def test_publish(self) -> None:
        """Each QoS: the packets, the ids, published and the callbacks."""
        broker = self.connect()
        self.run_lua(
            """
            for qos = 0, 2 do
              print(c:publish("t", "p", {qos = qos, retain = qos == 1,
                callback = function(n) print("callback", qos, n) end}))
            end
            """
        )
        self.said("1", "2", "3", "callback\t0\t0", "callback\t1\t0", "callback\t2\t0")
        self.assertEqual(
            broker.packets(),
            [
                message(b"t", b"p"),
                message(b"t", b"p", 1, 2, retain=True),
                message(b"t", b"p", 2, 3),
            ],
        )
        broker.says(answer(PUBREC, 3), answer(PUBACK, 2))
        self.assertEqual(broker.packets(), [answer(PUBREL, 3)])
        broker.says(answer(PUBCOMP, 3), answer(PUBCOMP, 3), answer(PUBACK, 77))
        self.said("published packetId=2", "published packetId=3")

    def test_subscribe(self) -> None:
        """One topic, an array, pairs; what was granted and what was refused."""
        broker = self.connect()
        self.run_lua(
            """
            print(c:subscribe("a"))
            print(c:subscribe({"b", {"c", 0}, {"d"}}, {qos = 2,
              callback = function(n) print("callback", n) end}))
            """
        )
        self.said("1", "2", "callback\t0")
        self.assertEqual(
            broker.packets(),
            [
                packet(0x82, number(1) + text(b"a") + b"\0"),
                packet(
                    0x82,
                    number(2)
                    + text(b"b")
                    + b"\2"
                    + text(b"c")
                    + b"\0"
                    + text(b"d")
                    + b"\2",
                ),
            ],
        )
        broker.says(answer(SUBACK, 1, b"\0"), answer(SUBACK, 2, b"\1\x80\2"))
        self.said(
            "subscribed packetId=1 results=0", "subscribed packetId=2 results=1+-1+2"
        )

    def test_unsubscribe(self) -> None:
        broker = self.connect()
        self.run_lua(
            "print(c:unsubscribe('a')) print(c:unsubscribe({'b', 'c'},"
            " {callback = function(n) print('callback', n) end}))"
        )
        self.said("1", "2", "callback\t0")
        self.assertEqual(
            broker.packets()[1], packet(0xA2, number(2) + text(b"b") + text(b"c"))
        )
        broker.says(answer(UNSUBACK, 2))
        self.said("unsubscribed packetId=2")

    def test_messages(self) -> None:
        """All fields, for each QoS."""
        broker = self.connect()
        broker.says(
            message(b"a/b", b"x", retain=True),
            message(b"a", b"", 1, 5, dup=True),
            message(b"a", b"y", 2, 6),
            answer(PUBREL, 6),
        )
        self.said(
            "message dup=false payload=x qos=0 retain=true topic=a/b",
            "message dup=true packetId=5 payload= qos=1 retain=false topic=a",
            "message dup=false packetId=6 payload=y qos=2 retain=false topic=a",
        )
        self.assertEqual(
            sorted(broker.packets()),
            sorted([answer(PUBACK, 5), answer(PUBREC, 6), answer(PUBCOMP, 6)]),
        )

    def test_acknowledged_when_handled(self) -> None:
        """Not before the listener has run, even if it fails; not after os.exit."""
        broker = self.connect()
        self.run_lua("c:addEventListener('message', function() error('x') end)")
        broker.says(message(b"a", b"", 1, 5))
        self.assertEqual(broker.packets(), [answer(PUBACK, 5)])
        self.assertEqual(len(self.errors), 1)
        self.errors.clear()
        self.run_lua("c:addEventListener('message', function() os.exit(1) end)")
        broker.says(message(b"a", b"", 1, 6))
        self.assertNotIn(answer(PUBACK, 6), broker.packets())

    def test_qos_2_is_told_once(self) -> None:
        """The broker repeats its PUBLISH, then its PUBREL."""
        broker = self.connect()
        broker.says(message(b"a", b"x", 2, 6), message(b"a", b"x", 2, 6, dup=True))
        broker.says(answer(PUBREL, 6), answer(PUBREL, 6))
        self.assertEqual(
            broker.packets(), [answer(PUBREC, 6)] * 2 + [answer(PUBCOMP, 6)] * 2
        )
        self.said("message dup=true packetId=6 payload=x qos=2 retain=false topic=a")

    def test_every_byte(self) -> None:
        broker = self.connect()
        self.run_lua(
            """
            c:addEventListener("message", function(e) c:publish("back", e.payload) end)
            """
        )
        broker.says(message(b"a", ALL_BYTES))
        self.assertEqual(broker.packets(), [message(b"back", ALL_BYTES)])

    def test_topics_are_utf8(self) -> None:
        """One that is not ends the connection (1.5.3)."""
        broker = self.connect()
        broker.says(message("ä/€".encode(), b""))
        self.said("message dup=false payload= qos=0 retain=false topic=ä/€")
        broker.says(message(b"\xff", b""))
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")
        self.nothing_open()

    def test_broken_protocol(self) -> None:
        """What no broker may send closes the connection, once."""
        for data in (
            packet(0x36, text(b"a") + number(1)),
            packet(0x10, b"x"),
            packet(0x90, b""),
            packet(0x40, b"x"),
            packet(0x30, number(5) + b"a"),
            b"\x30\xff\xff\xff\xff\xff",
        ):
            broker = self.connect()
            broker.says(data)
            self.turn()
            self.assertTrue(broker.gone, data)
            self.said("closed")
            self.nothing_open()

    def test_size_of_packets(self) -> None:
        broker = self.connect("maxMessageSize = 1000")
        broker.says(message(b"a", b"x" * 990))
        self.turn()
        self.assertEqual(len(self.lines), 1)
        self.lines.clear()
        broker.says(message(b"a", b"good"), message(b"a", b"x" * 1000)[:10])
        self.turn()
        self.assertTrue(broker.gone)
        self.said("message dup=false payload=good qos=0 retain=false topic=a", "closed")

    def test_closed(self) -> None:
        """Once, whoever closes; what had arrived comes first."""
        broker = self.connect()
        broker.says(message(b"a", b"x"))
        broker.close()
        self.said("message dup=false payload=x qos=0 retain=false topic=a", "closed")
        self.nothing_open()
        broker = self.connect()
        self.run_lua("c:disconnect({callback = function(n) print('callback', n) end})")
        self.assertEqual(broker.packets(), [DISCONNECT])
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed", "callback\t0")
        self.nothing_open()

    def test_server_disconnects(self) -> None:
        """MQTT 5 has a packet for it."""
        self.begin("protocolVersion = 5")
        broker = self.accepted()
        broker.says(packet(0x20, b"\0\0\0"))
        self.said("connected returnCode=0 sessionPresent=false")
        broker.says(packet(0xE0, b"\x8e\0"))
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")

    def test_disconnect_on_a_dead_client(self) -> None:
        """Harmless, in its error handler and later."""
        self.run_lua(
            """
            c = show(mqtt.Client.connect("127.0.0.1"))
            c:addEventListener("error", function() c:disconnect() c:disconnect() end)
            """
        )
        self.refused(Refused())
        self.run_lua("c:disconnect({callback = function(n) print('callback', n) end})")
        self.said("error code=-3 message=Connection refused", "callback\t0")

    def test_disconnect_in_every_handler(self) -> None:
        for event, packets in (
            ("connected", []),
            ("message", [message(b"a", b"x", 1, 1)]),
            ("subscribed", [answer(SUBACK, 1, b"\0")]),
            ("published", [answer(PUBACK, 2)]),
        ):
            self.begin()
            broker = self.accepted()
            self.run_lua(
                f"c:addEventListener('{event}', function() c:disconnect() c:disconnect() end)"
            )
            broker.says(connack())
            self.run_lua("c:subscribe('a') c:publish('a', 'x', {qos = 1})")
            broker.says(*packets)
            if event != "published":
                broker.says(answer(PUBACK, 2))
            self.turn()
            self.assertTrue(broker.gone, event)
            self.turn(3)
            self.assertEqual(self.lines.count(b"closed"), 1, event)
            self.lines.clear()
            self.nothing_open()

    def test_disconnect_while_connecting(self) -> None:
        """No event at all, in each state of the attempt."""
        for connected in (False, True):
            self.begin("callback = print")
            if connected:
                broker = self.accepted()
            self.run_lua("c:disconnect()")
            if connected:
                self.turn()
                self.assertTrue(broker.gone)
            self.said()
            self.nothing_open()

    def test_disconnect_waits_for_acknowledgements(self) -> None:
        """What was published before is sent, beyond what may be in flight."""
        broker = self.connect()
        self.run_lua(
            "for i = 1, 50 do c:publish('a', i, {qos = 1}) end c:disconnect()"
            " print(c:publish('a', 'late', {callback = function(n) print(n) end}))"
        )
        sent = []
        while not broker.gone:
            self.turn()
            packets = broker.packets()
            sent += packets
            broker.says(
                *(answer(PUBACK, int.from_bytes(each[5:7], "big")) for each in packets)
            )
        sent += broker.packets()
        self.assertEqual(len(sent), 51)
        self.assertEqual(sent[-1], DISCONNECT)
        self.turn(3)
        self.assertEqual(self.lines[0], b"nil")
        self.assertIn(b"-9", self.lines)
        self.assertEqual(self.lines.count(b"closed"), 1)

    def test_disconnect_does_not_wait_for_ever(self) -> None:
        broker = self.connect()
        self.run_lua("c:publish('a', 'x', {qos = 1}) c:disconnect()")
        self.turn()
        self.assertFalse(broker.gone)
        self.reactor.advance(5)
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")
        self.nothing_open()

    def test_calls_on_a_dead_client(self) -> None:
        """Nil, and an error number for the callback, later."""
        self.connect().reset()
        self.turn()
        self.lines.clear()
        self.run_lua(
            """
            local function done(n) print("callback", n, n == mqtt.ErrorCode.STATE) end
            print(c:publish("a", "x", {callback = done}))
            print(c:subscribe("a", {callback = done}))
            print(c:unsubscribe("a", {callback = done}))
            print(c:isConnected())
            """
        )
        self.said("nil", "nil", "nil", "false", *["callback\t-9\ttrue"] * 3)

    def test_listeners_add_up(self) -> None:
        broker = self.connect()
        self.run_lua(
            """
            local function f() print("f") end
            c:addEventListener("message", f)
            c:removeEventListener("message", f)
            c:addEventListener("message", function() print("g") end)
            """
        )
        broker.says(message(b"a", b""))
        self.said("message dup=false payload= qos=0 retain=false topic=a", "g")

    def test_wait(self) -> None:
        """In a task; the end and a failure come as nil."""
        self.run_lua(
            """
            task.start(function()
              local c = mqtt.Client.connect("127.0.0.1")
              local e = c:wait("connected")
              print(e.sessionPresent)
              print(c:wait("message").payload)
              print(c:wait("message", 100))
              print(c:wait("message"))
              c = mqtt.Client.connect("127.0.0.1")
              print(c:wait("connected"))
            end)
            """
        )
        broker = self.accepted()
        broker.says(connack(), message(b"a", b"x"))
        self.turn()
        self.reactor.advance(0.2)
        self.turn()
        broker.reset()
        self.turn()
        self.refused(Refused())
        self.said(
            "false",
            "x",
            "nil\tOperation canceled\ttimeout",
            "nil\tConnection reset by peer\treset",
            "nil\tConnection refused\trefused",
        )

    def test_keeps_the_program_alive(self) -> None:
        self.begin()
        idle = self.runtime.idle()
        broker = self.accepted()
        broker.says(connack())
        self.turn(3)
        self.assertNoResult(idle)
        self.run_lua("c:unref()")
        self.turn(3)
        self.successResultOf(idle)
        self.lines.clear()


class QueueTests(MemoryBrokerTestCase):
    """What is asked for before there is a connection."""

    def test_order_and_ids(self) -> None:
        """Nothing goes before the broker has accepted; then all, in order."""
        self.begin("clientId = 'x'")
        self.run_lua(
            "print(c:subscribe('a'), c:publish('a', 1), c:publish('a', 2, {qos = 1}),"
            " c:publish('a', 3, {qos = 2}), c:unsubscribe('b'), c:publish('a', 4))"
        )
        broker = self.accepted()
        self.assertEqual(len(broker.packets()), 1)
        broker.says(connack())
        self.assertEqual(
            broker.packets(),
            [
                packet(0x82, number(1) + text(b"a") + b"\0"),
                message(b"a", b"1"),
                message(b"a", b"2", 1, 3),
                message(b"a", b"3", 2, 4),
                packet(0xA2, number(5) + text(b"b")),
                message(b"a", b"4"),
            ],
        )
        self.said("1\t2\t3\t4\t5\t6", "connected returnCode=0 sessionPresent=false")

    def test_bound(self) -> None:
        """1000, or what maxQueue says; more is an error for the callback."""
        for options, bound in (("", 1000), ("maxQueue = 5", 5)):
            self.begin(options)
            self.run_lua(
                f"""
                for i = 1, {bound} do assert(c:publish("a", i, {{qos = i % 3}})) end
                print(c:publish("a", "x", {{callback = function(n)
                  print(n == mqtt.ErrorCode.LIMIT)
                end}}))
                """
            )
            self.said("nil", "true")
            broker = self.accepted()
            broker.says(connack())
            sent: list[bytes] = []
            while packets := broker.packets():
                sent += [each for each in packets if each[0] & 0xF0 == 0x30]
                for each in packets:
                    if each[0] & 0xF6 in (0x32, 0x34):
                        kind = PUBACK if each[0] & 2 else PUBREC
                        broker.says(answer(kind, int.from_bytes(each[5:7], "big")))
                    elif each[0] == PUBREL:
                        broker.says(answer(PUBCOMP, int.from_bytes(each[2:4], "big")))
            self.assertEqual(len(sent), bound)
            self.turn(3)
            self.lines.clear()
            self.run_lua("assert(c:publish('a', 'x')) c:disconnect()")
            self.turn(3)
            self.lines.clear()

    def test_hundreds_in_one_loop(self) -> None:
        broker = self.connect()
        self.run_lua("for i = 1, 500 do c:publish('a/' .. i, i, {retain = true}) end")
        self.assertEqual(
            broker.packets(),
            [message(b"a/%d" % i, b"%d" % i, retain=True) for i in range(1, 501)],
        )

    def test_slow_broker(self) -> None:
        """Bytes that wait are bounded."""
        broker = self.connect()
        broker.stall()
        self.run_lua(
            """
            local n = 0
            while c:publish("a", ("x"):rep(1024 * 1024), {callback = function(code)
              if code ~= 0 then print(code, n) end
            end}) do n = n + 1 end
            """
        )
        self.said("-10\t16")


class KeepAliveTests(MemoryBrokerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch(paho, "time_func", lambda: self.reactor.seconds())

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.reactor.advance(0.25)

    def test_pings(self) -> None:
        """Within the period, for as long as they are answered."""
        broker = self.connect("keepAlivePeriod = 10")
        self.pass_time(0.5)
        for _ in range(5):
            self.pass_time(10)
            self.assertEqual(broker.packets(), [PINGREQ])
            broker.says(PINGRESP)
        self.said()

    def test_no_answer(self) -> None:
        broker = self.connect("keepAlivePeriod = 10")
        self.pass_time(25)
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")
        self.nothing_open()

    def test_off(self) -> None:
        broker = self.connect()
        self.pass_time(1000)
        self.assertEqual(broker.packets(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_period_of_the_broker(self) -> None:
        """MQTT 5, 3.2.2.3.14."""
        self.begin("protocolVersion = 5, keepAlivePeriod = 100")
        broker = self.accepted()
        broker.packets()
        broker.says(packet(0x20, b"\0\0\3\x13\0\4"))
        self.pass_time(6)
        self.assertEqual(broker.packets(), [PINGREQ])
        self.lines.clear()


class FlowTests(MemoryBrokerTestCase):
    def test_slow_script(self) -> None:
        """Reading stops while the runtime is behind, and goes on where it was."""
        broker = self.connect()
        self.press()
        self.assertTrue(broker.paused)
        broker.says(message(b"a", b"1"), message(b"a", b"2"))
        self.said()
        self.release()
        self.assertFalse(broker.paused)
        self.said(
            *(
                f"message dup=false payload={i} qos=0 retain=false topic=a"
                for i in (1, 2)
            )
        )

    def test_loss_while_behind(self) -> None:
        """What has arrived is told."""
        broker = self.connect()
        self.press()
        broker.push(message(b"a", b"1"))
        broker.reset()
        self.run_lua("c:publish('b', '')")
        self.said("message dup=false payload=1 qos=0 retain=false topic=a", "closed")
        self.release()

    def test_connecting_while_behind(self) -> None:
        self.press()
        self.begin()
        broker = self.accepted()
        self.assertTrue(broker.paused)
        self.release()
        broker.says(connack())
        self.said("connected returnCode=0 sessionPresent=false")

    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(
            st.tuples(st.binary(max_size=300), st.integers(0, 2)),
            min_size=1,
            max_size=8,
        ),
        st.data(),
    )
    def test_cut_anywhere(
        self, messages: list[tuple[bytes, int]], data: st.DataObject
    ) -> None:
        """However the broker's bytes are cut, the same messages come of them."""
        broker = self.connect()
        self.run_lua(
            "c:removeEventListener('message')"
            " c:addEventListener('message', function(e) print(e.payload) end)"
        )
        stream = b"".join(
            message(b"a", payload, qos, index)
            + (answer(PUBREL, index) if qos == 2 else b"")
            for index, (payload, qos) in enumerate(messages, 1)
        )
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            broker.says(stream[:size])
            stream = stream[size:]
        self.assertEqual(self.lines, [payload for payload, _ in messages])
        broker.reset()
        self.turn(3)
        self.lines.clear()


globals().update(for_each_lua(EventTests))
globals().update(for_each_lua(BadInputTests))
