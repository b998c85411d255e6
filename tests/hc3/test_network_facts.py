"""The facts of hc3-net-api.md, sections 1 to 3: HTTPClient, TCPSocket, UDPSocket."""

from __future__ import annotations

from tests.support import RemotePeer
from tests.support.hc3_facts import FactsTestCase
from tests.support.http_client import answer


class HTTPFacts(FactsTestCase):
    def answers(
        self, body: bytes = b"", status: bytes = b"200 OK", *headers: bytes
    ) -> bytes:
        """The newest connection is taken and answered; what it had asked."""
        peer = self.reactor.accept()
        self.turn()
        asked = peer.received()
        peer.send(answer(body, status, b"Connection: close", *headers))
        self.turn(2)
        return asked

    def test_options_params_and_callbacks_may_be_absent(self) -> None:
        for call in (
            "net.HTTPClient():request('http://127.0.0.1/')",
            "net.HTTPClient({}):request('http://127.0.0.1/', {})",
            "net.HTTPClient():request('http://127.0.0.1/', {options = {}})",
            "local stat, res = net.HTTPClient():request('http://127.0.0.1/', asked())",
        ):
            self.handle(call)
            self.assertTrue(self.answers().startswith(b"GET / HTTP/1.1\r\n"), call)
        self.said("200 ")

    def test_timeout_of_the_constructor_is_milliseconds(self) -> None:
        self.handle(
            "net.HTTPClient({timeout = 3000}):request('http://127.0.0.1/', asked())"
        )
        self.reactor.accept()
        self.reactor.pump([1.0, 1.9])
        self.said()
        self.reactor.advance(0.2)
        self.said("error Operation canceled")

    def test_timeout_of_the_request_goes_before_the_constructors(self) -> None:
        self.handle(
            "net.HTTPClient({timeout = 60000}):request('http://127.0.0.1/', asked({timeout = 500}))"
        )
        self.reactor.accept()
        self.reactor.advance(0.6)
        self.said("error Operation canceled")

    def test_a_long_poll_may_take_its_whole_time(self) -> None:
        self.handle(
            "net.HTTPClient():request('http://127.0.0.1/', asked({timeout = 60000}))"
        )
        peer = self.reactor.accept()
        self.reactor.pump([20.0, 20.0, 19.0])
        peer.send(answer(b"late"))
        self.said("200 late")

    def test_one_client_has_several_requests_in_flight(self) -> None:
        self.handle(
            "local http = net.HTTPClient() for i = 1, 2 do"
            " http:request('http://127.0.0.1/' .. i, asked()) end"
        )
        first, second = self.reactor.accept(0), self.reactor.accept(1)
        self.turn()
        second.send(answer(b"2"))
        first.send(answer(b"1"))
        self.said("200 2", "200 1")

    def test_an_inline_client_is_not_collected(self) -> None:
        self.handle(
            "net.HTTPClient():request('http://127.0.0.1/', asked())"
            " collectgarbage() collectgarbage()"
        )
        self.answers(b"here")
        self.said("200 here")

    def test_methods_go_out_as_written(self) -> None:
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            self.handle(
                "net.HTTPClient():request('http://127.0.0.1/x',"
                f" asked({{method = '{method}'}}))"
            )
            self.assertTrue(self.answers().startswith(method.encode() + b" /x "))
        self.said(*["200 "] * 5)

    def test_headers_and_data_may_be_empty_or_nil(self) -> None:
        for options in ("headers = {}, data = ''", "headers = nil, data = nil"):
            self.handle(
                "net.HTTPClient():request('http://127.0.0.1/',"
                f" asked({{method = 'POST', {options}}}))"
            )
            self.assertTrue(self.answers().endswith(b"\r\n\r\n"))
        self.said("200 ", "200 ")

    def test_headers_and_body_of_the_script_are_sent(self) -> None:
        self.handle(
            r"""net.HTTPClient():request('http://127.0.0.1/', asked({method = 'PUT',
            headers = {Authorization = 'Basic eDp5', Cookie = 'a=b'}, data = 'x\0\255'}))"""
        )
        sent = self.answers()
        self.assertIn(b"\r\nAuthorization: Basic eDp5\r\n", sent)
        self.assertIn(b"\r\nCookie: a=b\r\n", sent)
        self.assertTrue(sent.endswith(b"\r\n\r\nx\0\xff"), sent)

    def test_there_is_no_cookie_jar(self) -> None:
        self.handle(
            "http = net.HTTPClient() http:request('http://127.0.0.1/', asked())"
        )
        self.answers(b"", b"200 OK", b"Set-Cookie: a=b", b"Connection: close")
        self.handle("http:request('http://127.0.0.1/', asked())")
        self.assertNotIn(b"Cookie", self.answers())
        self.said("200 ", "200 ")

    def test_a_response_has_data_status_and_headers_and_can_be_encoded(self) -> None:
        self.handle(
            """net.HTTPClient():request('http://127.0.0.1/', {success = function(r, ...)
              print(type(r.data), math.type(r.status), type(r.headers), select('#', ...))
              print(json.decode(json.encode(r)).status)
            end})"""
        )
        self.answers(b"x")
        self.said("string integer table 0", "200")

    def test_success_is_called_for_every_status(self) -> None:
        for status in (b"204 No Content", b"401 No", b"404 None", b"500 Bad"):
            self.handle("net.HTTPClient():request('http://127.0.0.1/', asked())")
            self.answers(b"", status)
            self.said(status[:3].decode() + " ")

    def test_redirects_are_not_followed(self) -> None:
        self.handle(
            """net.HTTPClient():request('http://127.0.0.1/', {success = function(r)
              print(r.status, r.headers.location, r.headers.Location) end})"""
        )
        self.answers(b"", b"301 Moved", b"Location: http://127.0.0.1/other")
        self.said("301 http://127.0.0.1/other http://127.0.0.1/other")
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_header_names_are_found_in_any_case(self) -> None:
        self.handle(
            """net.HTTPClient():request('http://127.0.0.1/', {success = function(r)
              local h = r.headers
              print(h["Content-Type"], h["Set-Cookie"]:match("^[^;]*"), h.location)
            end})"""
        )
        self.answers(
            b"", b"200 OK", b"content-type: a/b", b"SET-COOKIE: s=1; Path=/", b"Location: /"
        )  # fmt: skip
        self.said("a/b s=1 /")

    def test_a_body_is_bytes(self) -> None:
        self.handle(
            r"""net.HTTPClient():request('http://127.0.0.1/', {success = function(r)
              print(r.data == "\0\195\228\255", #r.data) end})"""
        )
        self.answers(
            b"\0\xc3\xe4\xff", b"200 OK", b"Content-Type: text/html; charset=x"
        )
        self.said("true 4")

    def test_an_error_is_one_text_in_the_words_of_asio(self) -> None:
        begin = """net.HTTPClient({timeout = 1000}):request('http://%s/', {
          error = function(problem)
            print("Error: " .. problem, type(problem), problem.status, json.encode(problem))
          end})"""
        self.handle(begin % "127.0.0.1")
        self.reactor.accept().close()
        self.turn(4)
        self.handle(begin % "127.0.0.1")
        self.reactor.accept().send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
        self.reactor.advance(1.1)
        self.handle(begin % "127.0.0.1")
        self.reactor.refuse()
        self.turn(4)
        self.reactor.nameResolver.addresses["nowhere.example"] = []
        self.handle(begin % "nowhere.example")
        self.said(
            *(
                f'Error: {words} string nil "{words}"'
                for words in (
                    "End of file",
                    "Operation canceled",
                    "Connection refused",
                    "Host not found",
                )
            )
        )

    def test_an_answer_that_is_cut_short_is_end_of_file(self) -> None:
        self.handle("net.HTTPClient():request('http://127.0.0.1/', asked())")
        peer = self.reactor.accept()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
        peer.close()
        self.said("error End of file")

    def test_server_sent_events_call_success_again_and_again(self) -> None:
        self.handle(
            """net.HTTPClient():request('http://127.0.0.1/', asked({timeout = 2000,
              headers = {Accept = 'text/event-stream'}}))"""
        )
        peer = self.reactor.accept()
        self.turn()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hi\n\n")
        self.said("200 : hi\n\n")
        self.reactor.advance(1.5)
        peer.send(b"data: 1\n\n")
        self.said("200 data: 1\n\n")
        self.reactor.pump([1.0, 1.1])
        self.said("error Operation canceled")


class TCPFacts(FactsTestCase):
    def connected(self, body: str, options: str = "") -> RemotePeer:
        """C{s} is connected, and has run this."""
        self.handle(
            f"s = net.TCPSocket({options}) s:connect('127.0.0.1', 23, {{"
            f"success = function(...) {body}\nend, error = print}})"
        )
        peer = self.reactor.accept()
        self.turn(4)
        return peer

    def test_connect_succeeds_without_arguments(self) -> None:
        self.connected("print('connected', ...)", "{timeout = 10000}")
        self.said("connected")

    def test_timeout_is_milliseconds_and_a_failed_connect_has_a_text(self) -> None:
        self.handle(
            "s = net.TCPSocket({timeout = 10000}) s:connect('127.0.0.1', 23, shown('c'))"
        )
        self.reactor.pump([5.0, 4.9])
        self.said()
        self.reactor.advance(0.2)
        self.said("c error Operation canceled")

    def test_read_gives_what_has_arrived_once_and_is_called_again(self) -> None:
        peer = self.connected(
            "local function more() s:read({success = function(d) print(d) more() end}) end more()"
        )
        peer.send(b"one")
        self.said("one")
        peer.send(b"two", b"three")
        self.said("two", "three")

    def test_one_read_is_one_delivery(self) -> None:
        peer = self.connected("s:read(shown('r'))")
        peer.send(b"one", b"two")
        self.said("r one")

    def test_read_until_gives_no_delimiter_and_keeps_the_rest(self) -> None:
        peer = self.connected(
            r"""s:readUntil("\r\n", {success = function(data)
              print(data == "CHN,1:MODE,COOL") s:read(shown("rest")) end})"""
        )
        peer.send(b"CHN,1:MODE,", b"COOL\r\nmore")
        self.said("true", "rest more")

    def test_write_and_send_are_the_same_and_succeed_without_arguments(self) -> None:
        peer = self.connected("s:write('a', shown('w')) s:send('b', shown('s'))")
        self.said("w", "s")
        self.assertEqual(peer.received(), b"ab")

    def test_every_callback_and_the_table_may_be_missing(self) -> None:
        self.handle("s = net.TCPSocket() s:connect('127.0.0.1', 23)")
        peer = self.reactor.accept()
        self.turn(2)
        self.handle("s:write('payload') s:write('!', {}) s:read({error = print})")
        peer.send(b"unheard")
        self.assertEqual(peer.received(), b"payload!")
        self.handle("s:readUntil('x', {error = function(e) print('E: ' .. e) end})")
        peer.close()
        self.said("E: End of file")

    def test_the_end_of_the_peer_is_one_error_of_what_is_pending(self) -> None:
        for reads in ("read(", "readUntil('x', "):
            peer = self.connected(f"s:{reads}shown('r'))")
            peer.close()
            self.said("r error End of file")

    def test_an_object_can_be_used_again(self) -> None:
        peer = self.connected("print('first') s:read({error = function() s:close()"
                              " s:connect('127.0.0.1', 24, shown('second')) end})")  # fmt: skip
        peer.close()
        self.turn(2)
        self.reactor.refuse()
        self.said("first", "second error Connection refused")
        self.handle("s:connect('127.0.0.1', 25, shown('third'))")
        self.reactor.accept()
        self.said("third")

    def test_close_is_harmless_before_connect_twice_and_in_any_callback(self) -> None:
        self.handle("s = net.TCPSocket() s:close() s:close()"
                   " s:connect('127.0.0.1', 23, {error = function() s:close() print('e') end})")  # fmt: skip
        self.reactor.refuse()
        self.turn(2)
        self.connected("s:close() s:close() print('c')")
        self.connected("s:write('x', {success = function() s:close() print('w') end})")
        self.connected("s:read({success = function() s:close() print('r') end})").send(
            b"x"
        )
        self.said("e", "c", "w", "r")

    def test_close_drops_what_is_pending(self) -> None:
        self.connected("s:read(shown('r')) s:readUntil('x', shown('u')) s:close()")
        self.said()

    def test_a_read_may_be_pending_while_writes_happen(self) -> None:
        peer = self.connected(
            "s:read(shown('r')) s:write('1', shown('w')) s:write('2')"
        )
        self.assertEqual(peer.received(), b"12")
        peer.send(b"answer")
        self.said("w", "r answer")

    def test_writes_keep_their_order(self) -> None:
        peer = self.connected("for i = 1, 9 do s:write('cmd' .. i .. ';') end")
        self.assertEqual(peer.received(), b"".join(b"cmd%d;" % i for i in range(1, 10)))

    def test_data_is_bytes_both_ways_and_unframed(self) -> None:
        peer = self.connected(
            r"""s:write(string.pack(">I2I2I2BBI2I2", 1, 0, 6, 255, 3, 0, 1))
            s:read({success = function(d) print(d == "\0\1\0\0\0\5\255\3\2\128\200") end})"""
        )
        self.assertEqual(peer.received(), b"\0\1\0\0\0\6\xff\3\0\0\0\1")
        peer.send(b"\0\1\0\0\0\5\xff\3\2\x80\xc8")
        self.said("true")


class UDPFacts(FactsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.device = self.reactor.bind("127.0.0.1", 7)

    def test_send_to_succeeds_without_arguments_and_is_bytes(self) -> None:
        self.handle(
            r"""net.UDPSocket():sendTo(string.char(0, 200, 255), "127.0.0.1", 7, shown("s"))"""
        )
        self.said("s")
        self.assertEqual([data for data, _ in self.device.received()], [b"\0\xc8\xff"])

    def test_an_answer_comes_to_the_port_that_has_sent_one_at_a_time(self) -> None:
        self.handle(
            """u = net.UDPSocket({timeout = 5000}) u:sendTo("?", "127.0.0.1", 7, {
              success = function() u:receive({success = function(data) print(data)
                u:receive(shown("r")) end}) end})"""
        )
        self.turn(2)
        ((_, source),) = self.device.received()
        self.device.send(b"one", source)
        self.said("one")
        self.device.send(b"t\0o", source)
        self.turn(4)
        self.assertTrue(self.texts[0].startswith("r t\0o"))

    def test_timeout_is_milliseconds_to_wait_for_a_datagram(self) -> None:
        self.handle(
            """u = net.UDPSocket({timeout = 1000}) u:receive({error = function(message)
              print(message) u:receive(shown("again")) end})"""
        )
        self.reactor.advance(0.9)
        self.said()
        self.reactor.advance(0.2)
        self.said("Operation canceled")
        self.reactor.advance(1.1)
        self.said("again error Operation canceled")

    def test_close_in_the_success_of_send_to(self) -> None:
        self.handle(
            "u = net.UDPSocket() u:sendTo('x', '127.0.0.1', 7, {success = function()"
            " u:close() print('closed') end})"
        )
        self.said("closed")

    def test_callbacks_may_be_missing(self) -> None:
        self.handle("u = net.UDPSocket() u:sendTo('x', '127.0.0.1', 7) u:close()")
        self.said()

    def test_a_broadcast_with_the_option(self) -> None:
        """A magic packet wakes a machine: 102 bytes to all, port 9."""
        sleeper = self.reactor.bind("255.255.255.255", 9)
        self.handle(
            r"""local packet = ("\255"):rep(6) .. ("\1\2\3\4\5\6"):rep(16)
            net.UDPSocket({broadcast = true}):sendTo(packet, "255.255.255.255", 9, shown(#packet))"""
        )
        self.said("102")
        ((data, _),) = sleeper.received()
        self.assertEqual(data, b"\xff" * 6 + b"\1\2\3\4\5\6" * 16)
