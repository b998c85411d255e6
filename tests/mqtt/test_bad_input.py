"""MQTT in memory: what is wrong is an error at the script's own line."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.mqtt import (
    MemoryBrokerTestCase,
    message,
)


class BadInputTests(MemoryBrokerTestCase):
    """Errors at the script's own line; nothing is opened or sent."""

    def test_uris_that_are_none(self) -> None:
        for uri in (
            "http://host",
            "mqtt://host:0",
            "mqtt://host:65536",
            "mqtt://host:port",
            "mqtt://host/path",
            "mqtt://user:secret@host",
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

    def test_options_that_are_wrong(self) -> None:
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

    def test_publish_arguments_that_are_wrong(self) -> None:
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

    def test_subscribe_arguments_that_are_wrong(self) -> None:
        broker = self.connect()
        self.run_lua(
            "function many(n) local t = {} for i = 1, n do t[i] = 'a' end return t end"
        )
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
            ("many(1001)", "topic: at most 1000 topics"),
            ("'a', {qos = 3}", "option qos: 0, 1 or 2"),
            ("'a', {callback = {}}", "option callback: function"),
        ):
            self.assertRaisedAtLine(f"c:subscribe({arguments})", expected)
        self.assertRaisedAtLine("c:unsubscribe('')", "topic: string that is not empty")
        self.assertRaisedAtLine("c:unsubscribe({})", "topic: string or array")
        self.assertEqual(broker.packets(), [])

    def test_an_event_that_does_not_exist(self) -> None:
        self.begin()
        self.assertRaisedAtLine(
            "c:addEventListener('disconnected', print)", "unknown event", "closed"
        )
        self.assertRaisedAtLine(
            "c:addEventListener('closed')", "listener: function expected"
        )
        self.assertRaisedAtLine("c:removeEventListener('x')", "unknown event")


globals().update(for_each_lua(BadInputTests))
