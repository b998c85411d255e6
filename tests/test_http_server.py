"""HTTPServer in memory: requests, answers, limits, time, the end."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.support import ALL_BYTES, LuaTestCase, for_each_lua

DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + DATE


class Transport(StringTransport):
    """
    The server's side of a connection, held by the test.

    @ivar ending: how the server let it go: C{lose}, C{half} or C{abort}
    """

    ending: str | None = None
    protocol: Any

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def loseConnection(self) -> None:
        self.ending = "lose"
        self.disconnecting = True
        self.gone()

    def abortConnection(self) -> None:
        self.ending = "abort"
        self.gone()

    def loseWriteConnection(self) -> None:
        self.ending = "half"

    def gone(self) -> None:
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            protocol.connectionLost(Failure(ConnectionDone()))

    def receive(self, data: bytes) -> bytes:
        """Bytes from the client; gives what was answered since."""
        if self.protocol is not None:
            self.protocol.dataReceived(data)
        return self.answer()

    def answer(self) -> bytes:
        value: bytes = self.value()
        self.clear()
        return value


class ServerTestCase(LuaTestCase):
    def serve(self, handler: str, options: str = "") -> Transport:
        """A server with that handler's body, and a client of it."""
        self.run_lua(
            f"server = net.HTTPServer({options})"
            f" server:start('127.0.0.1', 0, function(request, response) {handler} end,"
            " {error = print})"
        )
        return self.client()

    def client(self) -> Transport:
        transport = Transport()
        transport.protocol = self.reactor.tcpServers[-1][1].buildProtocol(None)
        if transport.protocol is not None:
            transport.protocol.makeConnection(transport)
        return transport

    def get(self, transport: Transport, path: str = "/", *headers: str) -> bytes:
        lines = "".join(f"{each}\r\n" for each in headers)
        return transport.receive(
            f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()
        )


class RequestTests(ServerTestCase):
    def test_what_a_script_gets(self) -> None:
        client = self.serve(
            "print(request.method, request.path, request.uri, request.ip, request.port)"
            " print(request.query.a, request.query['b c'], #request.query.d, request.query.d[2])"
            " print(request.headers.HOST, request.headers['x-twice'], request.headers.cookie,"
            " request.headers.none)"
            " response:send(200)"
        )
        answer = client.receive(
            b"GET /a%20b/c?a=1&b+c=%26&d=x&d=y&e HTTP/1.1\r\nHost: here\r\n"
            b"X-Twice: 1\r\nCookie: a=1\r\nx-twice: 2\r\nCookie: b=2\r\n\r\n"
        )
        self.assertEqual(answer, OK + b"Content-Length: 0\r\n\r\n")
        self.assertEqual(
            self.lines,
            [
                b"GET\t/a b/c\t/a%20b/c?a=1&b+c=%26&d=x&d=y&e\t192.168.1.1\t54321",
                b"1\t&\t2\ty",
                b"here\t1, 2\ta=1; b=2\tnil",
            ],
        )

    def test_every_byte(self) -> None:
        """A body there and back, whether its length is told or it comes in chunks."""
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.receive(
            b"PUT / HTTP/1.1\r\nContent-Length: 256\r\n\r\n" + ALL_BYTES
        )
        self.assertEqual(answer, OK + b"Content-Length: 256\r\n\r\n" + ALL_BYTES)
        client.receive(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n")
        answer = client.receive(
            ALL_BYTES[:128] + b"\r\n80\r\n" + ALL_BYTES[128:] + b"\r\n0\r\n\r\n"
        )
        self.assertEqual(answer, OK + b"Content-Length: 256\r\n\r\n" + ALL_BYTES)

    def test_form_is_a_body(self) -> None:
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.receive(
            b"POST / HTTP/1.1\r\nContent-Length: 7\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\na=1&b=2"
        )
        self.assertTrue(answer.endswith(b"\r\n\r\na=1&b=2"))

    def test_pipeline(self) -> None:
        """Requests in one piece are answered one after the other."""
        client = self.serve("print(request.path) kept = kept or response")
        self.run_lua("gc = setTimeout(function() end, 100000)")
        request = b"GET /%d HTTP/1.1\r\n\r\n"
        self.assertEqual(client.receive(request % 1 + request % 2), b"")
        self.assertEqual(self.lines, [b"/1"])
        self.run_lua("kept:send(200, nil, 'one')")
        self.assertEqual(self.lines, [b"/1", b"/2"])
        self.assertTrue(client.answer().endswith(b"one"))

    def test_expect_continue(self) -> None:
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.receive(
            b"PUT / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        self.assertEqual(answer, b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertTrue(client.receive(b"hi").endswith(b"hi"))

    def test_old_client(self) -> None:
        """HTTP/1.0: one request, no chunks."""
        client = self.serve("response:write('a') response:finish()")
        answer = client.receive(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(answer, b"HTTP/1.0 200 OK\r\n" + DATE + b"\r\na")
        self.assertEqual(client.ending, "lose")


class AnswerTests(ServerTestCase):
    def test_headers(self) -> None:
        client = self.serve(
            "response:send(201, {['Content-Type'] = 'a/b', ['set-cookie'] = {'a=1', 'b=2'},"
            " ['Content-Length'] = 77, ['X-Number'] = 1}, 'body')"
        )
        lines = self.get(client).split(b"\r\n")
        self.assertEqual(lines[0], b"HTTP/1.1 201 Created")
        self.assertEqual(
            sorted(lines[1:]),
            sorted(
                [
                    DATE.strip(),
                    b"Content-Type: a/b",
                    b"Set-Cookie: a=1",
                    b"Set-Cookie: b=2",
                    b"X-Number: 1",
                    b"Content-Length: 4",
                    b"",
                    b"body",
                ]
            ),
        )

    def test_one_write(self) -> None:
        """Head and body leave in one piece."""
        client = self.serve("response:send(200, nil, 'body')")
        written: list[bytes] = []
        client.write = written.append  # type: ignore[method-assign]
        self.get(client)
        self.assertEqual(len(written), 1)

    def test_no_body(self) -> None:
        """HEAD has the length and no more; 204 and 304 have neither."""
        client = self.serve("response:send(tonumber(request.query.s), nil, 'body')")
        answer = client.receive(b"HEAD /?s=200 HTTP/1.1\r\n\r\n")
        self.assertEqual(answer, OK + b"Content-Length: 4\r\n\r\n")
        for status in ("204", "304"):
            answer = self.get(client, f"/?s={status}")
            self.assertTrue(answer.endswith(DATE + b"\r\n"), answer)

    def test_unknown_status(self) -> None:
        client = self.serve("response:send(599)")
        self.assertTrue(self.get(client).startswith(b"HTTP/1.1 599 Unknown\r\n"))

    def test_later(self) -> None:
        client = self.serve("setTimeout(function() response:send(200) end, 1000)")
        self.assertEqual(self.get(client), b"")
        self.reactor.advance(1)
        self.assertTrue(client.answer().endswith(b"Content-Length: 0\r\n\r\n"))

    def test_twice(self) -> None:
        client = self.serve(
            "response:send(200, nil, 'one') response:send(200, nil, 'two', {error = print})"
            " response:write('x', {error = print}) response:finish({error = print})"
            " print(response)"
        )
        self.assertTrue(self.get(client).endswith(b"one"))
        said = b"Already answered, or the client is gone\tstate"
        self.assertEqual(self.lines[:1], [b"HTTPResponse: 2 (answered)"])
        self.assertEqual(self.lines[1:], [said] * 3)

    def test_close_on_request(self) -> None:
        client = self.serve("response:send(200, {Connection = 'close'})")
        self.assertIn(b"Connection: close\r\n", self.get(client))
        self.assertEqual(client.ending, "lose")

    def test_in_a_task(self) -> None:
        """Each step waits for its answer there."""
        client = self.serve(
            "task.start(function()"
            " print(response:writeHead(200)) print(response:write('a')) print(response:finish())"
            " print(response:finish()) end)"
        )
        answer = self.get(client)
        self.turn(4)
        answer += client.answer()
        self.assertEqual(
            answer, OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
        )
        self.assertEqual(self.lines[:3], [b"true"] * 3)
        self.assertTrue(self.lines[3].startswith(b"nil\tAlready answered"))

    def test_bad_arguments(self) -> None:
        """Raised at the script's own line; nothing can be slipped into a head."""
        client = self.serve(
            """
            for _, bad in ipairs({
              {"200"}, {99}, {200.5}, {1000}, {200, "x"}, {200, {a = {}}, "x", 3},
              {200, {["a b"] = "x"}}, {200, {a = "b\\r\\nc: d"}}, {200, {a = "b\\nc"}},
              {200, {a = "\\0"}}, {200, {["Transfer-Encoding"] = "chunked"}}, {200, nil, {}},
              {200, {["a\\r\\nb"] = "c"}}, {200, {a = true}},
            }) do
              local unpack = table.unpack or unpack
              local good, message = pcall(response.send, response, unpack(bad, 1, 4))
              if good then print("accepted", bad[1], bad[2], bad[3]) end
            end
            for _, length in ipairs({"-1", "1x", "", "1234567890123456"}) do
              if pcall(response.writeHead, response, 200, {["Content-Length"] = length}) then
                print("accepted", length)
              end
            end
            print(select(2, pcall(function() response:send(200, {a = "b\\nc"}) end)))
            print(select(2, pcall(function() response:write({}) end)))
            print(select(2, pcall(function() response:onClose(1) end)))
            response:send(200)
            """
        )
        self.assertEqual(self.get(client), OK + b"Content-Length: 0\r\n\r\n")
        self.assertRegex(
            self.lines[0],
            rb'^test.lua:\d+: bad argument #2 to \'send\' \(header a: string without line ends expected, got "b\\nc"\)',
        )
        self.assertRegex(self.lines[1], rb"#1 to 'write' \(chunk: string expected")
        self.assertRegex(self.lines[2], rb"#1 to 'onClose' \(f: function expected")
        self.assertEqual(len(self.lines), 3)


class ConditionTests(ServerTestCase):
    def test_etag(self) -> None:
        client = self.serve(
            "response:send(200, {etag = '\"v1\"', ['Content-Type'] = 'a/b'}, 'body')"
        )
        self.assertIn(b'\r\nETag: "v1"\r\n', self.get(client))
        answer = self.get(client, "/", 'If-None-Match: "v1"')
        self.assertTrue(answer.startswith(b"HTTP/1.1 304 Not Modified\r\n"))
        self.assertNotIn(b"Content-", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"))
        self.assertTrue(
            self.get(client, "/", 'If-None-Match: "v2"').endswith(b"\r\n\r\nbody")
        )

    def test_last_modified(self) -> None:
        client = self.serve(
            "response:send(200, {['Last-Modified'] = 'Sun, 06 Nov 1994 08:49:37 GMT'}, 'body')"
        )
        self.assertIn(b"Last-Modified: Sun, 06 Nov 1994", self.get(client))
        when = "If-Modified-Since: Sun, 06 Nov 1994 08:49:3%d GMT"
        self.assertIn(b" 304 ", self.get(client, "/", when % 7))
        self.assertIn(b" 200 ", self.get(client, "/", when % 6))

    def test_tag_counts_more(self) -> None:
        """With an If-None-Match that does not match, the date says nothing."""
        client = self.serve(
            "response:send(200, {ETag = '\"v2\"',"
            " ['Last-Modified'] = 'Sun, 06 Nov 1994 08:49:37 GMT'}, 'body')"
        )
        answer = self.get(
            client,
            "/",
            'If-None-Match: "v1"',
            "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        )
        self.assertIn(b" 200 ", answer)

    def test_no_date(self) -> None:
        """What is no date is sent as it is."""
        client = self.serve("response:send(200, {['Last-Modified'] = 'once'}, 'body')")
        answer = self.get(client, "/", "If-Modified-Since: once")
        self.assertIn(b"Last-Modified: once\r\n", answer)


class FailureTests(ServerTestCase):
    def test_raises(self) -> None:
        """500 without the text; the connection goes on; the log has the traceback."""
        client = self.serve("error('secret')")
        for _ in range(2):
            answer = self.get(client)
            self.assertTrue(answer.startswith(b"HTTP/1.1 500 Internal Server Error"))
            self.assertNotIn(b"secret", answer)
        self.assertEqual(len(self.errors), 2)
        self.assertIn("test.lua:1: secret", self.errors[0])
        self.flushLoggedErrors()

    def test_raises_half_way(self) -> None:
        """The client sees that the answer is not complete."""
        client = self.serve("response:write('begun') error('secret')")
        answer = self.get(client)
        self.assertTrue(answer.endswith(b"5\r\nbegun\r\n"))
        self.assertEqual(client.ending, "abort")

    def test_raises_after_the_answer(self) -> None:
        client = self.serve("response:send(200) error('late')")
        self.assertIn(b" 200 ", self.get(client))
        self.assertIn(b" 200 ", self.get(client))

    def test_lost(self) -> None:
        """A response that the script has no more is answered."""
        client = self.serve(
            "if request.path == '/lose' then return end response:send(200)"
        )
        self.assertEqual(self.get(client, "/lose"), b"")
        self.run_lua("collectgarbage() collectgarbage()")
        self.get(self.client())
        other = self.client()
        self.get(other, "/lose")
        self.assertIn(b" 500 ", client.answer())

    def test_client_goes(self) -> None:
        client = self.serve(
            "response:onClose(function() print('gone')"
            " response:send(200, nil, '', {error = print})"
            " response:onClose(function() print('again') end) end)"
        )
        self.get(client)
        client.gone()
        self.turn()
        said = b"Already answered, or the client is gone\tstate"
        self.assertEqual(self.lines, [b"gone", said])

    def test_client_has_gone(self) -> None:
        """Told too when the script asks afterwards."""
        client = self.serve("kept = response")
        self.get(client)
        client.gone()
        self.run_lua("kept:onClose(function() print('gone') end) print('asked')")
        self.turn()
        self.assertEqual(self.lines, [b"asked", b"gone"])

    def test_answered_in_time(self) -> None:
        client = self.serve("response:onClose(print) response:send(200)")
        self.get(client)
        client.gone()
        self.turn()
        self.assertEqual(self.lines, [])


class StreamTests(ServerTestCase):
    def test_pieces(self) -> None:
        client = self.serve(
            "response:writeHead(206, {['X-A'] = 'b'}) response:write('one')"
            " setTimeout(function() response:write('') response:write('two')"
            " response:finish() end, 1000)"
        )
        answer = self.get(client)
        self.assertTrue(answer.startswith(b"HTTP/1.1 206 Partial Content\r\n"))
        self.assertTrue(answer.endswith(b"\r\n\r\n3\r\none\r\n"))
        self.reactor.advance(1)
        self.assertEqual(client.answer(), b"3\r\ntwo\r\n0\r\n\r\n")

    def test_head_first(self) -> None:
        """The head leaves with the first piece, an empty one too."""
        client = self.serve("response:write('')  kept = response")
        self.assertTrue(self.get(client).endswith(b"chunked\r\n\r\n"))

    def test_told_length(self) -> None:
        client = self.serve(
            "response:writeHead(200, {['content-length'] = 4}) response:write('ab')"
            " response:write('xyz', {error = print}) response:write('cd') response:finish()"
        )
        self.assertEqual(self.get(client), OK + b"Content-Length: 4\r\n\r\nabcd")
        self.assertEqual(
            self.lines, [b"more than the Content-Length (2 bytes left)\tprotocol"]
        )

    def test_less_than_told(self) -> None:
        client = self.serve(
            "response:writeHead(200, {['Content-Length'] = 4}) response:write('ab')"
            " response:finish({error = print})"
        )
        self.get(client)
        self.assertEqual(
            self.lines, [b"less than the Content-Length (2 bytes left)\tprotocol"]
        )
        self.assertEqual(client.ending, "abort")

    def test_slow_client(self) -> None:
        """A write waits for the client, and says when too much waits."""
        client = self.serve(
            "kept = response response:write('a')"
            " function more(n) response:write(('x'):rep(n), {success = function() print('done', n) end,"
            " error = function(m, c) print(c) end}) end"
        )
        self.get(client)
        client.producer.pauseProducing()
        self.run_lua("more(1000) more(1048576) more(15728640) more(1048577)")
        self.assertEqual(self.lines, [b"done\t1000", b"limit"])
        client.answer()
        while len(self.lines) < 4:
            client.producer.resumeProducing()
        self.assertEqual(self.lines[2:], [b"done\t1048576", b"done\t1048577"])

    def test_large_answer(self) -> None:
        """It goes out slice by slice, as the client takes it."""
        client = self.serve(
            "response:send(200, nil, ('x'):rep(1000000), {success = function() print('sent') end})"
        )
        write = StringTransport.write

        def full(data: bytes) -> None:
            write(client, data)
            client.producer.pauseProducing()

        client.write = full  # type: ignore[method-assign]
        self.assertLess(len(self.get(client)), 70000)
        for _ in range(20):
            client.producer.resumeProducing()
        self.assertEqual(self.lines, [b"sent"])
        self.assertEqual(client.answer(), b"x" * (1000000 - 65536))
        self.assertEqual(self.get(client)[:15], b"HTTP/1.1 200 OK")

    def test_client_that_takes_nothing(self) -> None:
        client = self.serve(
            "response:write('a') response:onClose(function() print('gone') end)"
            " kept = response",
            "{timeout = 5000}",
        )
        self.get(client)
        client.producer.pauseProducing()
        self.reactor.advance(4)
        self.assertIsNone(client.ending)
        self.reactor.advance(1)
        self.assertEqual((client.ending, self.lines), ("abort", [b"gone"]))


class LimitTests(ServerTestCase):
    def refused(self, client: Transport, status: int) -> None:
        answer = client.answer()
        self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
        self.assertTrue(answer.endswith(b"Connection: close\r\n\r\n"))
        self.assertEqual(client.ending, "half")
        # What still comes is not looked at.
        client.receive(b"x" * 100000)
        self.assertEqual(client.answer(), b"")
        self.reactor.advance(2)
        self.assertEqual(client.ending, "abort")
        self.assertEqual(self.lines, [])

    def test_body(self) -> None:
        client = self.serve("print('seen')", "{maxBodySize = 10}")
        client.protocol.dataReceived(
            b"PUT / HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello, "
        )
        self.refused(client, 413)

    def test_chunked_body(self) -> None:
        client = self.serve("print('seen')", "{maxBodySize = 10}")
        client.protocol.dataReceived(
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n"
        )
        self.refused(client, 413)

    def test_body_that_just_fits(self) -> None:
        client = self.serve("response:send(200)", "{maxBodySize = 10}")
        answer = client.receive(
            b"PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789"
        )
        self.assertIn(b" 200 ", answer)

    def test_long_lines(self) -> None:
        client = self.serve("print('seen')")
        client.protocol.dataReceived(b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n")
        self.refused(client, 414)
        client = self.client()
        client.protocol.dataReceived(
            b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n"
        )
        self.refused(client, 431)

    def test_what_is_no_http(self) -> None:
        for text in (
            bytes(range(256)) + b"\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nA B: x\r\nHost: x\r\n\r\n",
            b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 501 + b"\r\n",
            b"GET / HTTP/1.1\r\n" + b"A: %s\r\n" % (b"b" * 100) * 200 + b"\r\n",
        ):
            client = self.serve("print('seen')")
            answer = client.receive(text)
            self.assertEqual(answer, b"HTTP/1.1 400 Bad Request\r\n\r\n", text)
            self.assertEqual(client.ending, "lose")
        self.assertEqual(self.lines, [])

    def test_connections(self) -> None:
        client = self.serve("response:send(200)", "{maxConnections = 1}")
        self.assertIsNone(self.client().protocol)
        client.gone()
        self.assertIn(b" 200 ", self.get(self.client()))

    def test_options(self) -> None:
        for options in ("{maxBodySize = -1}", "{timeout = 'x'}", "{port = 1}", "1"):
            self.run_lua(f"print(pcall(net.HTTPServer, {options}))")
        self.assertEqual([line[:5] for line in self.lines], [b"false"] * 4)
        self.assertIn(
            b"known: maxBodySize, maxConnections, timeout, tls", self.lines[2]
        )


class TimeTests(ServerTestCase):
    def test_trickling_head(self) -> None:
        """The head has its time from the first byte on, whatever comes meanwhile."""
        client = self.serve("print('seen')")
        for byte in b"GET / HTTP/1":
            client.receive(bytes([byte]))
            self.reactor.advance(1)
        self.assertIsNone(client.ending)
        client.receive(b".")
        self.reactor.advance(3)
        self.assertTrue(client.answer().startswith(b"HTTP/1.1 408 Request Timeout"))
        self.assertEqual(client.ending, "half")

    def test_trickling_headers_of_a_second_request(self) -> None:
        client = self.serve("response:send(200)")
        self.get(client)
        self.reactor.advance(50)
        client.receive(b"GET / HTTP/1.1\r\nA: b\r\n")
        self.reactor.advance(14)
        client.receive(b"C: d\r\n")
        self.reactor.advance(1)
        self.assertIn(b" 408 ", client.answer())

    def test_head_in_time(self) -> None:
        """Afterwards the time for the body is the idle time."""
        client = self.serve("response:send(200)")
        client.receive(b"PUT / HTTP/1.1\r\n")
        self.reactor.advance(14)
        client.receive(b"Content-Length: 2\r\n\r\n")
        self.reactor.advance(59)
        client.receive(b"a")
        self.reactor.advance(59)
        self.assertIn(b" 200 ", client.receive(b"b"))
        self.reactor.advance(59)
        self.assertIn(b" 200 ", self.get(client))

    def test_idle(self) -> None:
        client = self.serve("response:send(200)", "{timeout = 5000}")
        self.get(client)
        self.reactor.advance(4)
        self.get(client)
        self.reactor.advance(4)
        self.assertIsNone(client.ending)
        self.reactor.advance(1)
        self.assertEqual(client.ending, "lose")

    def test_no_limit(self) -> None:
        client = self.serve("response:send(200)", "{timeout = 0}")
        self.get(client)
        self.reactor.advance(100000)
        self.assertIn(b" 200 ", self.get(client))
        client.receive(b"GET / ")
        self.reactor.advance(15)
        self.assertIn(b" 408 ", client.answer())

    def test_slow_script(self) -> None:
        """While an answer is awaited no time runs."""
        client = self.serve("kept = response")
        self.get(client)
        self.reactor.advance(100000)
        self.run_lua("kept:send(200)")
        self.assertIn(b" 200 ", client.answer())


class StopTests(ServerTestCase):
    def test_idle_connections(self) -> None:
        client = self.serve("response:send(200)")
        self.get(client)
        self.run_lua(
            "server:stop({success = function() print('stopped', server:isRunning(), server) end})"
        )
        self.assertEqual(client.ending, "lose")
        self.turn()
        self.assertEqual(self.lines, [b"stopped\tfalse\tHTTPServer: stopped"])

    def test_open_requests(self) -> None:
        """They are answered still, and told that it is the last."""
        client = self.serve("kept = response")
        self.get(client)
        self.run_lua("server:stop({success = function() print('stopped') end})")
        self.reactor.advance(4)
        self.assertEqual((client.ending, self.lines), (None, []))
        self.run_lua("kept:send(200, nil, 'last')")
        answer = client.answer()
        self.assertIn(b"Connection: close\r\n", answer)
        self.assertTrue(answer.endswith(b"last"))
        self.assertEqual(client.ending, "lose")
        self.turn()
        self.assertEqual(self.lines, [b"stopped"])

    def test_request_that_still_arrives(self) -> None:
        client = self.serve("response:send(200)")
        client.receive(b"PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\na")
        self.run_lua("server:stop()")
        self.assertIn(b" 200 ", client.receive(b"b"))
        self.assertEqual(client.ending, "lose")

    def test_not_for_ever(self) -> None:
        client = self.serve("kept = response")
        self.get(client)
        self.run_lua("server:stop({success = function() print('stopped') end})")
        self.reactor.advance(5)
        self.assertEqual((client.ending, self.lines), ("abort", [b"stopped"]))

    def test_runtime(self) -> None:
        """When nobody is left to answer, that is said."""
        client = self.serve("kept = response")
        self.get(client)
        self.stop(self.runtime)
        self.assertIn(b" 503 ", client.answer())
        self.assertEqual(client.ending, "lose")

    def test_again(self) -> None:
        self.serve("response:send(200)")
        self.run_lua("server:stop()")
        self.turn()
        self.run_lua("server:start('127.0.0.1', 0, function(_, r) r:send(202) end)")
        self.assertIn(b" 202 ", self.get(self.client()))

    def test_states(self) -> None:
        self.serve("response:send(200)")
        self.run_lua(
            "server:start('127.0.0.1', 0, print, {error = print})"
            " local other = net.HTTPServer() other:stop() print(other, other:port())"
        )
        self.turn()
        self.assertEqual(
            self.lines,
            [b"HTTPServer: stopped\tnil", b"Already running\tstate"],
        )

    def test_bad_arguments(self) -> None:
        self.run_lua(
            """
            local server = net.HTTPServer()
            for _, f in ipairs({
              function() server:start(1, 2, print) end,
              function() server:start("127.0.0.1", "x", print) end,
              function() server:start("127.0.0.1", 0) end,
              function() server:static("x", ".") end,
              function() server:static("/", "/no/such") end,
              function() server:websocket("x", {}) end,
              function() server:websocket("/", 1) end,
              function() server:websocket("/", {receive = 1}) end,
              function() server:websocket("/", {}, {tls = true}) end,
            }) do print(select(2, pcall(f))) end
            """
        )
        for line, wanted in zip(
            self.lines,
            [
                b"#1 to 'start' (host: string",
                b"#2 to 'start' (port: integer 0..65535",
                b"#3 to 'start' (onRequest: function",
                b"#1 to 'static' (prefix: path that begins with /",
                b"#2 to 'static' (/no/such is no directory)",
                b"#1 to 'websocket' (path: path that begins with /",
                b"#2 to 'websocket' (callbacks: table",
                b"#2 to 'websocket' (receive: function",
                b"#3 to 'websocket' (unknown option \"tls\"",
            ],
            strict=True,
        ):
            self.assertIn(wanted, line)
            self.assertTrue(line.startswith(b"test.lua:"), line)


globals().update(for_each_lua(RequestTests))
globals().update(for_each_lua(AnswerTests))
globals().update(for_each_lua(FailureTests))
