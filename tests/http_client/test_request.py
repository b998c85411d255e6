"""The HTTP client in memory: what is sent, and what comes back."""

from __future__ import annotations

import gzip
import json

import brotli
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import fail
from twisted.internet.error import ConnectionRefusedError

from eplua_twisted.http_client.route import Route
from tests.support import ALL_BYTES, RemotePeer, for_each_lua
from tests.support.http_client import MemoryTestCase, answer


class RequestTests(MemoryTestCase):
    """What is sent."""

    def test_pieces_do_not_wait_for_the_server(self) -> None:
        """As with twisted.web: else one that confirms late gets a body's end late."""
        self.assertTrue(self.ask().no_delay)

    def test_get(self) -> None:
        self.assertEqual(
            self.sent("nil", "http://127.0.0.1:8080/a/b?c=d").splitlines(),
            [
                b"GET /a/b?c=d HTTP/1.1",
                b"Host: 127.0.0.1:8080",
                b"User-Agent: eplua",
                b"Accept-Encoding: gzip, deflate, br",
                b"",
            ],
        )
        self.assertEqual(self.reactor.tcpClients[0][:2], ("127.0.0.1", 8080))

    def test_every_byte(self) -> None:
        """A body is sent unchanged, with its length."""
        self.runtime.expose("bytes", lambda: ALL_BYTES)
        sent = self.sent("{options = {method = 'POST', data = bytes()}}")
        head, _, body = sent.partition(b"\r\n\r\n")
        self.assertEqual(body, ALL_BYTES)
        self.assertIn(b"\r\nContent-Length: 256\r\n", head)

    def test_any_method(self) -> None:
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
            sent = self.sent(f"{{options = {{method = '{method}'}}}}")
            self.assertTrue(sent.startswith(method.encode() + b" / HTTP/1.1"))

    def test_empty_bodies(self) -> None:
        for data in ("nil", "''"):
            sent = self.sent(f"{{options = {{method = 'POST', data = {data}}}}}")
            self.assertIn(b"\r\nContent-Length: 0\r\n", sent)

    def test_headers(self) -> None:
        sent = self.sent(
            "{options = {headers = {['X-One'] = 'a', ['x-two'] = 2, Cookie = 'c=d',"
            " ['User-Agent'] = 'mine', ['X-Three'] = {'b', 'c'}, Host = 'other'}}}"
        ).splitlines()
        for line in (
            b"X-One: a",
            b"x-two: 2",
            b"Cookie: c=d",
            b"User-Agent: mine",
            b"X-Three: b",
            b"X-Three: c",
            b"Host: other",
        ):
            self.assertEqual(sent.count(line), 1, line)

    def test_names_and_method_are_sent_as_written(self) -> None:
        """By name: a Lua table has no order.  C{Host} is first."""
        sent = self.sent(
            "{options = {method = 'pAtCh', data = 'x', headers = {SOAPACTION = 'a',"
            " ['x-B'] = '1', hOST = 'other', ['X-a'] = '2', ETag = {'c', 'd'}}}}"
        )
        self.assertEqual(
            sent.split(b"\r\n"),
            [
                b"pAtCh / HTTP/1.1",
                b"hOST: other",
                b"Content-Length: 1",
                b"ETag: c",
                b"ETag: d",
                b"SOAPACTION: a",
                b"X-a: 2",
                b"x-B: 1",
                b"User-Agent: eplua",
                b"Accept-Encoding: gzip, deflate, br",
                b"",
                b"x",
            ],
        )

    def test_url_is_sent_as_written(self) -> None:
        for path in ("/a?", "/a?b=%zz", "/%2F//", "/a;b?c?d", "/../x"):
            sent = self.sent(
                "nil", "http://127.0.0.1" + path, "{persistent = false}"
            ).split(b"\r\n")[0]
            self.assertEqual(sent, b"GET %b HTTP/1.1" % path.encode())

    def test_a_form_has_the_order_of_its_names(self) -> None:
        sent = self.sent(
            "{options = {method = 'POST', form = {c = 1, a = 2, b = 3, [7] = 4}}}"
        )
        self.assertTrue(sent.endswith(b"\r\n\r\n7=4&a=2&b=3&c=1"), sent)

    def test_length_is_ours(self) -> None:
        """HC3 scripts set Content-Length; a second or a wrong one is no use."""
        sent = self.sent(
            "{options = {method = 'PUT', data = 'abc', headers = {['Content-Length'] = '7',"
            " ['transfer-encoding'] = 'chunked'}}}"
        ).lower()
        self.assertEqual(sent.count(b"content-length:"), 1)
        self.assertIn(b"content-length: 3\r\n", sent)
        self.assertNotIn(b"transfer-encoding", sent)

    def test_accept_encoding_of_the_script(self) -> None:
        sent = self.sent("{options = {headers = {['Accept-Encoding'] = 'identity'}}}")
        self.assertEqual(sent.count(b"Accept-Encoding"), 1)
        self.assertIn(b"\r\nAccept-Encoding: identity\r\n", sent)

    def test_form(self) -> None:
        sent = self.sent(
            "{options = {method = 'POST', form = {['a b'] = 'c&d=\\255/', }}}"
        )
        self.assertIn(b"\r\nContent-Type: application/x-www-form-urlencoded\r\n", sent)
        self.assertTrue(sent.endswith(b"\r\n\r\na+b=c%26d%3D%FF%2F"), sent)

    def test_form_with_an_array(self) -> None:
        sent = self.sent("{options = {method = 'POST', form = {a = {1, true, 'x'}}}}")
        self.assertTrue(sent.endswith(b"\r\n\r\na=1&a=true&a=x"), sent)

    def test_json(self) -> None:
        sent = self.sent("{options = {method = 'POST', json = {a = {1, json.null}}}}")
        self.assertIn(b"\r\nContent-Type: application/json\r\n", sent)
        self.assertTrue(sent.endswith(b'\r\n\r\n{"a":[1,null]}'), sent)

    def test_json_false(self) -> None:
        self.assertTrue(
            self.sent("{options = {method = 'POST', json = false}}").endswith(
                b"\nfalse"
            )
        )

    def test_content_type_of_the_script(self) -> None:
        sent = self.sent(
            "{options = {method = 'POST', json = {}, headers = {['content-type'] = 'x/y'}}}"
        )
        self.assertEqual(sent.lower().count(b"content-type: "), 1)
        self.assertIn(b"\r\ncontent-type: x/y\r\n", sent)

    def test_basic_auth(self) -> None:
        header = b"\r\nAuthorization: Basic dXM6cGE6c3M=\r\n"
        self.assertIn(
            header, self.sent("{options = {user = 'us', password = 'pa:ss'}}")
        )
        self.assertIn(header, self.sent("nil", "http://us:pa%3Ass@127.0.0.1/"))

    def test_not_persistent(self) -> None:
        sent = self.sent("nil", options="{persistent = false}")
        self.assertIn(b"\r\nConnection: close\r\n", sent)

    # What may not be asked.

    def test_wrong_arguments(self) -> None:
        for arguments, problem in (
            ("nil", "bad argument #1 to 'request' (url: string expected, got nil)"),
            (
                "'ftp://h/'",
                "bad argument #1 to 'request' (url: http or https URL expected, got \"ftp://h/\")",
            ),
            (
                "'http:/h'",
                "bad argument #1 to 'request' (url: URL with a host expected, got \"http:/h\")",
            ),
            (
                "'http://h', 1",
                "bad argument #2 to 'request' (params: table expected, got 1)",
            ),
            (
                "'http://h', {success = 1}",
                "bad argument #2 to 'request' (success: function expected, got 1)",
            ),
            (
                "'http://h', {data = 'x'}",
                "bad argument #2 to 'request' (data: function expected, got \"x\")",
            ),
            (
                "'http://h', {options = {data = {}}}",
                "bad argument #2 to 'request' (option data: string expected, got table)",
            ),
            (
                "'http://h', {options = {method = 'A B'}}",
                "bad argument #2 to 'request' (option method: HTTP method expected, got \"A B\")",
            ),
            (
                "'http://h', {options = {redirects = -1}}",
                "bad argument #2 to 'request' (option redirects: integer of at least 0 expected, got -1)",
            ),
            (
                "'http://h', {options = {timeout = 0/0}}",
                "option timeout: a finite number of milliseconds, at least 0 expected",
            ),
            (
                "'http://h', {options = {data = 'x', form = {}}}",
                "bad argument #2 to 'request' (options: one of data, form and json expected)",
            ),
            (
                "'http://h', {options = {tls = {legacy = 1}}}",
                "bad argument #2 to 'request' (option tls.legacy: boolean expected, got 1)",
            ),
            (
                "'http://h', {options = {proxy = 'socks://h'}}",
                "bad argument #2 to 'request' (option proxy: http or https or socks5 URL expected, got \"socks://h\")",
            ),
        ):
            self.assertRaisedAtLine(f"net.HTTPClient():request({arguments})", problem)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_too_many_headers(self) -> None:
        headers = "local h = {} for i = 1, %d do h['X-' .. i] = 'y' end\n"
        request = (
            "net.HTTPClient():request('http://127.0.0.1', {options = {headers = h}})"
        )
        self.assertRaisedAtLine(
            headers % 1001 + request,
            "(options.headers: at most 1000 headers expected, got table)",
        )
        self.run_lua(headers % 1000 + request)
        self.assertEqual(self.accept().received().count(b"\r\nX-"), 1000)

    def test_header_injection(self) -> None:
        for headers in (
            "['A'] = 'b\\r\\nC: d'",
            "['A'] = 'b\\nC: d'",
            "['A'] = 'b\\0'",
            "['A'] = {'x', 'b\\r'}",
            "['A\\r\\nC'] = 'b'",
            "['A: b'] = 'c'",
            "[''] = 'c'",
            "[1] = 'c'",
            "['A'] = true",
        ):
            self.assertRaisedAtLine(
                f"net.HTTPClient():request('http://h', {{options = {{headers = {{{headers}}}}}}})",
                "bad argument #2 to 'request'",
            )
        self.assertEqual(self.reactor.tcpClients, [])

    def test_unknown_keys_warn_once(self) -> None:
        for _ in range(2):
            self.ask("{foo = 1, options = {bar = 2}}", options="{baz = 3}")
        self.warnings.sort()
        self.assertWarned(
            "'HTTPClient' does not know \"baz\"; known: cookies,"
            " maxConnectionsPerHost, maxSize, persistent, proxy, timeout, tls",
            "'request' does not know \"bar\"; known: authentication, checkCertificate,"
            " data, form, headers, json, maxSize, method, password, proxy,"
            " redirects, timeout, tls, user",
            "'request' does not know \"foo\"; known: data, error, options, success",
        )


class AnswerTests(MemoryTestCase):
    """What comes back."""

    def test_every_status_is_success(self) -> None:
        for status in (200, 204, 301, 404, 500, 999):
            self.ask().send(answer(b"", b"%d X" % status))
            self.assertEqual(self.lines.pop(), b"%d\t0" % status)

    def test_every_byte(self) -> None:
        got: list[bytes] = []
        self.runtime.expose("take", got.append)
        peer = self.ask("{success = function(r) take(r.data) end}")
        peer.send(answer(ALL_BYTES))
        self.assertEqual(got, [ALL_BYTES])

    def test_headers(self) -> None:
        """Any case finds them; one name several times is joined, and kept in a list."""
        peer = self.ask("{success = function(r) response = r end}")
        peer.send(
            answer(
                b"hi",
                b"200 OK",
                b"content-type: text/plain",
                b"Set-Cookie: a=1",
                b"X-Other: x",
                b"set-cookie: b=2",
            )
        )
        self.run_lua(
            """
            local h = response.headers
            print(h["Content-Type"], h["content-type"], h["CONTENT-TYPE"], h.nothing, h[1])
            print(h["Set-Cookie"], h["Content-Length"])
            local names = {}
            for name in pairs(h) do names[#names + 1] = name end
            table.sort(names)
            print(table.concat(names, " "))
            for _, each in ipairs(response.headerList) do
              if each[1] == "Set-Cookie" then print(each[2]) end
            end
            print(json.encode(h))
            """
        )
        *lines, encoded = self.lines
        self.assertEqual(
            lines,
            [
                b"text/plain\ttext/plain\ttext/plain\tnil\tnil",
                b"a=1, b=2\t2",
                b"Content-Length Content-Type Set-Cookie X-Other",
                b"a=1",
                b"b=2",
            ],
        )
        self.assertEqual(json.loads(encoded)["Set-Cookie"], "a=1, b=2")

    def test_response_encodes(self) -> None:
        """hc3-to-mqtt passes the whole response to json.encode."""
        self.ask("{success = function(r) print(json.encode(r)) end}").send(answer(b"x"))
        response = json.loads(self.lines[0])
        self.assertEqual(
            response,
            {
                "status": 200,
                "statusText": "OK",
                "data": "x",
                "url": "http://127.0.0.1/",
                "headers": {"Content-Length": "1"},
                "headerList": [["Content-Length", "1"]],
            },
        )

    def test_encoded_body(self) -> None:
        """The body is decoded; the headers are as they came."""
        peer = self.ask(
            "{success = function(r) print(r.data, r.headers['Content-Encoding']) end}"
        )
        peer.send(answer(gzip.compress(b"text"), b"200 OK", b"Content-Encoding: gzip"))
        self.assertEqual(self.lines, [b"text\tgzip"])

    def test_words_of_the_status(self) -> None:
        for status, words in (
            (b"200 OK", b"OK"),
            (b"404 Not  Found ", b"Not  Found"),
            (b"200", b""),
            (b"200 \xfc", b"\xfc"),
        ):
            peer = self.ask("{success = function(r) print(r.statusText) end}")
            peer.send(answer(b"", status))
            self.assertEqual(self.lines.pop(), words)

    def test_words_of_the_status_of_a_stream(self) -> None:
        peer = self.ask("{success = function(r) print(r.statusText, r.data) end}")
        peer.send(b"HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\n\r\nx")
        self.assertEqual(self.lines, [b"Fine\tx"])

    def test_head(self) -> None:
        peer = self.ask(
            "{options = {method = 'HEAD'}, success = function(r)"
            " print(r.headers['Content-Length'], #r.data) end}"
        )
        peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n"
        )
        self.assertEqual(self.lines, [b"5\t0"])

    def test_informational(self) -> None:
        self.ask().send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", answer(b"abc"))
        self.assertEqual(self.lines, [b"200\t3"])

    def test_never_inside_the_call(self) -> None:
        self.patch(Route, "request", lambda *_: fail(ConnectionRefusedError()))
        self.run_lua(
            "net.HTTPClient():request('http://127.0.0.1/', params) print('chunk')"
        )
        self.turn()
        self.assertEqual(self.lines, [b"chunk", b"error\tConnection refused\trefused"])

    def test_error_in_a_callback(self) -> None:
        """It is reported, and the connection goes on."""
        peer = self.ask("{success = function() error('oops') end}")
        peer.send(answer())
        self.assertIn("oops", self.errors[0])
        self.run_lua("client:request('http://127.0.0.1/', params)")
        peer.send(answer())
        self.assertEqual(self.lines, [b"200\t0"])

    def test_without_callbacks(self) -> None:
        self.ask("nil").send(answer(b"x"))
        self.assertEqual((self.lines, self.errors), ([], []))

    def test_callable_tables(self) -> None:
        self.ask(
            "{success = setmetatable({}, {__call = function(_, r) print(r.status) end})}"
        ).send(answer())
        self.assertEqual(self.lines, [b"200"])

    def test_not_collected(self) -> None:
        """Nothing but the request itself refers to it."""
        self.run_lua(
            "net.HTTPClient():request('http://127.0.0.1/', {success = function(r) print(r.status) end})"
            " collectgarbage() collectgarbage()"
        )
        peer = self.accept()
        self.run_lua("collectgarbage() collectgarbage()")
        peer.send(answer())
        self.assertEqual(self.lines, [b"200"])

    def test_tostring(self) -> None:
        peer = self.ask()
        self.run_lua("print(client, request)")
        peer.send(answer())
        self.run_lua("print(request)")
        self.assertEqual(
            self.lines,
            [
                b"HTTPClient: direct\tHTTPRequest: http://127.0.0.1/ (pending)",
                b"200\t0",
                b"HTTPRequest: http://127.0.0.1/ (done)",
            ],
        )


class CutTests(MemoryTestCase):
    @settings(max_examples=40, deadline=None)
    @given(
        st.binary(max_size=500),
        st.lists(st.integers(1, 40), max_size=20),
        st.sampled_from(["length", "chunked", "close"]),
        st.sampled_from(["", "gzip", "br"]),
    )
    def test_any_cut(
        self, body: bytes, sizes: list[int], framing: str, coding: str
    ) -> None:
        """However it is framed, encoded and cut."""
        self.lines.clear()
        self.run_lua("got = nil params.success = function(r) got = r.data end")
        peer = self.ask(options="{persistent = false}")
        encode = {"": bytes, "gzip": gzip.compress, "br": brotli.compress}[coding]
        data = encode(body)
        head = [b"HTTP/1.1 200 OK", b"Content-Encoding: " + coding.encode()]
        if framing == "length":
            head.append(b"Content-Length: %d" % len(data))
        elif framing == "chunked":
            head.append(b"Transfer-Encoding: chunked")
            data = (
                b"".join(
                    b"%x\r\n%b\r\n" % (len(data[i : i + 7]), data[i : i + 7])
                    for i in range(0, len(data), 7)
                )
                + b"0\r\n\r\n"
            )
        data = b"\r\n".join([*head, b"", data])
        for size in sizes:
            peer.send(data[:size])
            data = data[size:]
        peer.send(data)
        peer.close()
        self.turn()
        self.run_lua("function result() return got end")
        self.assertEqual(self.successResultOf(self.runtime.call("result")), (body,))
        self.assertEqual(self.lines, [])


class TaskTests(MemoryTestCase):
    def wait(self, params: str = "nil") -> RemotePeer:
        self.run_lua(
            f"""
            t = task.start(function()
              local r, message, code = net.HTTPClient():request("http://127.0.0.1/", {params})
              if r then print(r.status, r.data, r.headers["x"]) else print(r, message, code) end
            end)
            """
        )
        return self.accept()

    def test_success(self) -> None:
        self.wait().send(answer(b"body", b"200 OK", b"X: y"))
        self.assertEqual(self.lines, [b"200\tbody\ty"])

    def test_failure(self) -> None:
        self.wait().close()
        self.assertEqual(self.lines, [b"nil\tEnd of file\teof"])

    def test_events_are_given_whole(self) -> None:
        peer = self.wait()
        peer.send(answer(b"data: 1\n\n", b"200 OK", b"Content-Type: text/event-stream"))
        self.assertEqual(self.lines, [b"200\tdata: 1\n\n\tnil"])

    def test_streamed(self) -> None:
        peer = self.wait("{data = function(chunk) print('chunk', chunk) end}")
        peer.send(answer(b"body"))
        self.assertEqual(self.lines, [b"chunk\tbody", b"200\t\tnil"])


globals().update(for_each_lua(RequestTests))
globals().update(for_each_lua(AnswerTests))
globals().update(for_each_lua(TaskTests))
