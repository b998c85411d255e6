"""The facts of hc3-net-api.md, sections 4 and 5: WebSocket clients and MQTT."""

from __future__ import annotations

from tests.support.hc3_facts import FactsTestCase
from tests.support.mqtt import (
    DISCONNECT,
    PUBACK,
    SUBACK,
    UNSUBACK,
    RemoteBroker,
    answer,
    connack,
    message,
    number,
    packet,
    text,
)
from tests.support.websocket import BINARY, CLOSE, TEXT, RemoteServer, close, seen

WATCH = """
function watched(object, ...)
  for _, name in ipairs({...}) do
    object:addEventListener(name, function(...) print(name, ...) end)
  end
  return object
end
"""


class WebSocketFacts(FactsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.handle(
            WATCH
            + "ws = watched(net.WebSocketClient(), 'connected', 'dataReceived', 'error')"
            " ws:addEventListener('disconnected', function() print('disconnected') end)"
        )

    def accepted(self) -> RemoteServer:
        """The server takes the connection and answers the handshake."""
        self.turn()
        server = self.reactor.accept(kind=RemoteServer)
        self.turn()
        server.open()
        self.turn(2)
        return server

    def connected(self) -> RemoteServer:
        """C{ws} is connected, and has said so."""
        self.handle("ws:connect('ws://127.0.0.1/')")
        server = self.accepted()
        self.said("connected")
        return server

    def test_both_clients_need_no_options_and_start_closed(self) -> None:
        self.handle("print(ws:isOpen(), net.WebSocketClientTls():isOpen())")
        self.said("false false")

    def test_is_open_is_a_boolean(self) -> None:
        self.connected()
        self.handle("print(ws:isOpen() == true) ws:close() print(ws:isOpen() == false)")
        self.said("true", "true")

    def test_send_is_text_and_says_true(self) -> None:
        server = self.connected()
        self.handle("local ok, err = ws:send('hello') print(ok, err)")
        self.said("true nil")
        self.assertEqual(seen(server), [(TEXT, b"hello")])

    def test_send_binary_is_a_binary_frame(self) -> None:
        server = self.connected()
        self.handle(r"ws:sendBinary('\16\0\255')")
        self.assertEqual(seen(server), [(BINARY, b"\x10\0\xff")])

    def test_data_received_tells_binary_from_text(self) -> None:
        server = self.connected()
        server.frame(TEXT, b"text")
        server.frame(BINARY, b" \2")
        self.said("dataReceived text false", "dataReceived  \2 true")

    def test_disconnected_comes_once_whoever_closes(self) -> None:
        server = self.connected()
        server.frame(CLOSE, close(1000))
        server.close()
        self.said("disconnected")
        server = self.connected()
        self.handle("ws:close()")
        server.frame(CLOSE, close(1000))
        server.close()
        self.said("disconnected")

    def test_a_failed_connect_is_one_error_of_text(self) -> None:
        """A script that connects again from error and disconnected has one timer."""
        self.handle(
            "ws2 = net.WebSocketClient()"
            " ws2:addEventListener('error', function(e) print('E: ' .. e) end)"
            " ws2:addEventListener('disconnected', print) ws2:connect('ws://127.0.0.1/')"
        )
        self.turn()
        self.reactor.refuse()
        self.said("E: Connection refused")

    def test_headers_are_the_second_argument_of_connect(self) -> None:
        self.handle(
            """ws:connect('ws://127.0.0.1/', {Authorization = 'Bearer x', ['User-Agent'] = 'u',
              ['X-Key'] = 'k', ['Sec-WebSocket-Protocol'] = 'v1.api'})"""
        )
        self.turn()
        server = self.reactor.accept(kind=RemoteServer)
        self.turn()
        server.send(server.answer(b"Sec-WebSocket-Protocol: v1.api"))
        self.said("connected")
        for name, value in (
            ("Authorization", "Bearer x"),
            ("User-Agent", "u"),
            ("X-Key", "k"),
            ("Sec-WebSocket-Protocol", "v1.api"),
        ):
            self.assertEqual(server.values(name), [value])

    def test_an_object_connects_again_after_disconnected(self) -> None:
        self.handle(
            "ws:addEventListener('disconnected', function() ws:connect('ws://127.0.0.1/') end)"
        )
        self.connected().close()
        self.turn(4)
        self.accepted().frame(TEXT, b"again")
        texts = self.texts
        self.assertEqual(texts[-2:], ["connected", "dataReceived again false"])

    def test_an_object_may_be_left_for_a_new_one(self) -> None:
        self.connected().close()
        self.said("disconnected")
        self.handle(
            "ws = watched(net.WebSocketClient(), 'connected') ws:connect('ws://127.0.0.1/')"
            " collectgarbage()"
        )
        self.accepted()
        self.said("connected")


class MQTTFacts(FactsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.handle(
            """
            function heard(client)
              for _, name in ipairs({"connected", "closed", "message", "error", "subscribed",
                  "unsubscribed", "published"}) do
                client:addEventListener(name, function(e)
                  local parts = {}
                  for key, value in pairs(json.decode(json.encode(e))) do
                    parts[#parts + 1] = key .. "=" .. json.encode(value)
                  end
                  table.sort(parts)
                  print(name, table.concat(parts, " "))
                end)
              end
              return client
            end
            """
        )

    def begun(self, options: str = "", uri: str = "mqtt://127.0.0.1") -> RemoteBroker:
        """C{c} has sent its first packet."""
        self.handle(f"c = heard(mqtt.Client.connect('{uri}', {{{options}}}))")
        broker = self.reactor.accept(kind=RemoteBroker)
        self.turn()
        return broker

    def connected(self, options: str = "") -> RemoteBroker:
        broker = self.begun(options)
        broker.packets()
        broker.says(connack())
        self.said("connected returnCode=0 sessionPresent=false")
        return broker

    def connect_packet(self, options: str) -> bytes:
        (sent,) = self.begun(options).packets()
        return sent

    def test_listeners_may_be_added_after_connect_returned(self) -> None:
        self.handle(
            "local ok ok, c = pcall(mqtt.Client.connect, '127.0.0.1')"
            " print(ok, type(c)) heard(c)"
        )
        self.texts_of(1)
        self.reactor.refuse()
        self.turn(4)
        self.assertRegex(
            self.texts[0], r'^error code=-?\d+ message="Connection refused"$'
        )

    def test_uris(self) -> None:
        for uri, options, port in (
            ("mqtt://127.0.0.1", "", 1883),
            ("mqtt://127.0.0.1:1999", "", 1999),
            ("127.0.0.1", "", 1883),
            ("mqtts://127.0.0.1", "", 8883),
            ("127.0.0.1", "tls = {}", 8883),
            ("127.0.0.1", "port = 1884", 1884),
            ("127.0.0.1", "port = '1885'", 1885),
        ):
            self.handle(f"mqtt.Client.connect('{uri}', {{{options}}})")
            self.assertEqual(self.reactor.tcpClients[-1][1], port, uri)

    def test_defaults_keep_the_session_and_send_no_pings(self) -> None:
        sent = self.connect_packet("")
        self.assertEqual(sent[2:12], text(b"MQTT") + b"\4" + b"\0" + number(0))
        self.assertGreater(len(sent), 14, "no clientId")
        self.assertNotEqual(self.connect_packet(""), sent)

    def test_options_are_in_the_connect_packet(self) -> None:
        sent = self.connect_packet(
            "clientId = 'id', cleanSession = true, keepAlivePeriod = 60, username = 'u',"
            " password = 'p', lastWill = {topic = 't', payload = 'gone', qos = 1, retain = true}"
        )
        flags = 0x80 | 0x40 | 0x20 | 0x08 | 0x04 | 0x02
        body = text(b"MQTT") + bytes([4, flags]) + number(60)
        for each in (b"id", b"t", b"gone", b"u", b"p"):
            body += text(each)
        self.assertEqual(sent, packet(0x10, body))

    def test_empty_names_and_keys_that_are_unknown_do_no_harm(self) -> None:
        for options in (
            "username = '', password = ''",
            "lastWill = {topic = 't', payload = 'x', lastWill = true, {retain = true}}",
            "lastWill = nil",
        ):
            self.connected(options)

    def test_callbacks_get_0_when_it_is_done_here(self) -> None:
        broker = self.begun("callback = function(...) print('connect', ...) end")
        broker.packets()
        broker.says(connack())
        self.said("connect 0", "connected returnCode=0 sessionPresent=false")
        self.handle(
            "c:publish('t', 'x', {qos = 1, callback = function(...) print('publish', ...) end})"
        )
        self.said("publish 0")
        self.handle(
            "c:disconnect({callback = function(...) print('disconnect', ...) end})"
        )
        broker.close()
        self.said("closed ", "disconnect 0")

    def test_subscribe_takes_a_topic_or_an_array_and_gives_a_packet_id(self) -> None:
        broker = self.connected()
        self.handle(
            "print(math.type(c:subscribe('a')), math.type(c:subscribe('b', {qos = 1})),"
            " math.type(c:subscribe({'c', {'d', 2}})))"
        )
        self.said("integer integer integer")
        bodies = [each[4:] for each in broker.packets()]
        self.assertEqual(
            bodies,
            [text(b"a") + b"\0", text(b"b") + b"\1", text(b"c") + b"\0" + text(b"d") + b"\2"],
        )  # fmt: skip

    def test_subscribed_has_the_granted_qos_or_minus_1(self) -> None:
        broker = self.connected()
        self.handle("id = c:subscribe({'a', 'b', 'c'})")
        broker.says(answer(SUBACK, 1, b"\0\2\x80"))
        self.said("subscribed packetId=1 results=[0,2,-1]")
        self.handle("c:unsubscribe({'a', 'b'}) c:unsubscribe('c')")
        broker.says(answer(UNSUBACK, 2))
        self.said("unsubscribed packetId=2")

    def test_publish_has_qos_0_and_gives_a_packet_id(self) -> None:
        broker = self.connected()
        self.handle("print(math.type(c:publish('t', 'x')))")
        self.said("integer")
        self.handle("c:publish('t', 'y', {qos = 1, retain = true})")
        sent = broker.packets()
        self.assertEqual([each[0] for each in sent], [0x30, 0x33])
        broker.says(answer(PUBACK, int.from_bytes(sent[1][5:7], "big")))
        self.turn(2)
        self.assertRegex(self.texts[0], r"^published packetId=\d+$")

    def test_message_fields(self) -> None:
        broker = self.connected()
        broker.says(
            message(b"a/b", b"on", retain=True), message(b"c", b"2", 1, 7, True)
        )
        self.said(
            'message dup=false payload="on" qos=0 retain=true topic="a\\/b"',
            'message dup=true packetId=7 payload="2" qos=1 retain=false topic="c"',
        )

    def test_closed_comes_when_the_connection_breaks_and_nothing_connects_again(
        self,
    ) -> None:
        broker = self.connected()
        attempts = len(self.reactor.tcpClients)
        broker.close()
        self.said("closed ")
        self.reactor.pump([10.0] * 12)
        self.assertEqual(len(self.reactor.tcpClients), attempts)

    def test_wrong_password_is_an_error_with_its_code(self) -> None:
        broker = self.begun()
        broker.says(connack(4))
        self.turn(4)
        texts = self.texts
        self.assertEqual(len(texts), 1)
        self.assertTrue(texts[0].startswith("error code=4 "), texts)

    def test_disconnect_is_harmless_when_it_failed_or_is_over(self) -> None:
        self.handle(
            "c = mqtt.Client.connect('127.0.0.1') c:addEventListener('error', function()"
            " c:disconnect() print('error') c:disconnect() end)"
        )
        self.reactor.refuse()
        self.said("error")
        self.handle("c:disconnect()")
        self.said()

    def test_disconnect_in_a_handler_of_an_action(self) -> None:
        broker = self.connected()
        self.handle("c:disconnect()")
        self.assertEqual(broker.packets(), [DISCONNECT])

    def test_an_unknown_event_raises(self) -> None:
        self.connected()
        self.handle("print(pcall(c.addEventListener, c, 'disconnected', print))")
        self.assertTrue(self.texts[0].startswith("false "))

    def test_hundreds_of_publishes_in_one_handler(self) -> None:
        broker = self.connected()
        self.handle(
            "for i = 1, 500 do c:publish('homeassistant/' .. i .. '/config', '{}', {retain = true}) end"
        )
        self.turn(4)
        sent = broker.packets()
        self.assertEqual(len(sent), 500)
        self.assertEqual({each[0] for each in sent}, {0x31})

    def test_enums(self) -> None:
        self.handle(
            """local q, r = mqtt.QoS, mqtt.ConnectReturnCode
            print(q.AT_MOST_ONCE, q.AT_LEAST_ONCE, q.EXACTLY_ONCE)
            print(r.CONNECTION_ACCEPTED, r.UNACCEPTABLE_PROTOCOL_VERSION, r.IDENTIFIER_REJECTED,
              r.SERVER_UNAVAILABLE, r.BAD_USERNAME_OR_PASSWORD, r.NOT_AUTHORIZED)"""
        )
        self.said("0 1 2", "0 1 2 3 4 5")
