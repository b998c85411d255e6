"""What docs/hc3.md says of questions that nobody has measured on a box, row by row."""

from __future__ import annotations

from tests.support.hc3_facts import FactsTestCase
from tests.support.http_client import answer
from tests.support.mqtt import RemoteBroker, connack


class OpenQuestionTests(FactsTestCase):
    def test_default_timeouts(self) -> None:
        """HTTP 30 s, TCP connect 10 s and no limit for reads, UDP none."""
        self.handle(
            """net.HTTPClient():request("http://127.0.0.1/", {error = function(e) print("http", e) end})
            net.TCPSocket():connect("127.0.0.1", 23, shown("tcp"))
            s = net.TCPSocket() s:connect("127.0.0.1", 24, {success = function() s:read(shown("read")) end})
            net.UDPSocket():receive(shown("udp"))"""
        )
        self.reactor.accept(0)
        self.reactor.accept(2)
        self.turn(2)
        self.reactor.advance(9.9)
        self.said()
        self.reactor.advance(0.2)
        self.said("tcp error Operation canceled")
        self.reactor.advance(19.8)
        self.said()
        self.reactor.advance(0.2)
        self.said("http Operation canceled")
        self.reactor.pump([3600.0, 3600.0])
        self.said()

    def test_a_read_that_waits_at_close_is_dropped(self) -> None:
        self.handle(
            "s = net.TCPSocket() s:connect('127.0.0.1', 23, {success = function()"
            " s:read(shown('read')) s:close() s:connect('127.0.0.1', 24, shown('again')) end})"
        )
        self.reactor.accept()
        self.turn(2)
        self.reactor.accept()
        self.said("again")

    def test_mqtt_closed_comes_once_after_disconnect(self) -> None:
        self.handle(
            """c = mqtt.Client.connect("127.0.0.1")
            for _, name in ipairs({"connected", "closed", "error"}) do
              c:addEventListener(name, function(e) print(name, e.code) end)
            end"""
        )
        broker = self.reactor.accept(kind=RemoteBroker)
        self.turn()
        broker.says(connack())
        self.handle("c:disconnect() c:disconnect()")
        broker.close()
        self.said("connected nil", "closed nil")

    def test_mqtt_failed_connect_is_one_error_with_a_negative_code(self) -> None:
        self.handle(
            """c = mqtt.Client.connect("127.0.0.1")
            c:addEventListener("closed", print)
            c:addEventListener("error", function(e)
              local named for name, code in pairs(mqtt.ErrorCode) do
                if code == e.code then named = name end
              end
              print(e.code < 0, named ~= nil)
            end)"""
        )
        self.reactor.refuse()
        self.said("true true")

    def test_listeners_add_up(self) -> None:
        self.handle(
            """ws = net.WebSocketClient()
            ws:addEventListener("error", function() print(1) end)
            ws:addEventListener("error", function() print(2) end)
            ws:connect("ws://127.0.0.1/")"""
        )
        self.reactor.refuse()
        self.said("1", "2")

    def test_headers_that_come_twice_are_joined(self) -> None:
        self.handle(
            """net.HTTPClient():request("http://127.0.0.1/", {success = function(r)
              print(r.headers["X-A"])
              for _, h in ipairs(r.headerList) do if h[1] == "X-A" then print(h[2]) end end
            end})"""
        )
        peer = self.reactor.accept()
        self.turn()
        peer.send(answer(b"", b"200 OK", b"X-A: 1", b"X-A: 2"))
        self.said("1, 2", "1", "2")

    def test_server_sent_events_end_with_an_error(self) -> None:
        self.handle(
            """net.HTTPClient():request("http://127.0.0.1/",
              asked({headers = {Accept = "text/event-stream"}}))"""
        )
        peer = self.reactor.accept()
        self.turn()
        peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
        )
        peer.close()
        self.said("200 data: 1\n\n", "error End of file")

    def test_texts_of_classes_and_one_without_init(self) -> None:
        self.handle(
            """class "Plain"
            print((tostring(Plain()):gsub("0x%x+", "0x")), tostring(Plain), rawequal(Plain(), Plain()))"""
        )
        self.said("object Plain: 0x class Plain false")

    def test_api_get_of_what_is_not_there(self) -> None:
        self.handle("print(api.get('/devices/9999'))")
        self.said("nil 404")
