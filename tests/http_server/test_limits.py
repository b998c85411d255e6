"""HTTPServer in memory: pieces, limits on size and time, the end."""

from __future__ import annotations

from tests.support import ALL_BYTES, RemotePeer
from tests.support.http_server import OK, ServerTestCase

PUT = b"PUT / HTTP/1.1\r\nHost: x\r\n"


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
        self.assertEqual(client.received(), b"3\r\ntwo\r\n0\r\n\r\n")

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
        self.turn()
        self.assertEqual(client.ending, "reset")

    def test_slow_client(self) -> None:
        """A write waits for the client, and says when too much waits."""
        client = self.serve(
            "kept = response response:write('a')"
            " function more(n) response:write(('x'):rep(n), {success = function() print('done', n) end,"
            " error = function(m, c) print(c) end}) end"
        )
        self.get(client)
        client.stall()
        self.run_lua("more(1000) more(1048576) more(15728640) more(1048577)")
        self.assertEqual(self.lines, [b"done\t1000", b"limit"])
        client.take()
        self.reactor.settle()
        self.assertEqual(self.lines[2:], [b"done\t1048576", b"done\t1048577"])

    def test_large_answer(self) -> None:
        """It goes out slice by slice, as the client takes it."""
        client = self.serve(
            "response:send(200, nil, ('x'):rep(1000000), {success = function() print('sent') end})"
        )
        client.stall(70_000)
        head, _, body = self.get(client).partition(b"\r\n\r\n")
        self.assertIn(b"Content-Length: 1000000", head)
        self.turn()
        body += client.received()
        self.assertEqual(len(head) + 4 + len(body), 70_000)
        client.take()
        self.reactor.settle()
        self.assertEqual(self.lines, [b"sent"])
        self.assertEqual(body + client.received(), b"x" * 1_000_000)
        self.assertEqual(self.get(client)[:15], b"HTTP/1.1 200 OK")

    def test_client_that_takes_nothing(self) -> None:
        client = self.serve(
            "response:write('a') response:onClose(function() print('gone') end)"
            " kept = response",
            "{timeout = 5000}",
        )
        client.stall()
        self.get(client)
        self.reactor.advance(4)
        self.turn()
        self.assertIsNone(client.ending)
        self.reactor.advance(1)
        self.turn()
        self.assertEqual((client.ending, self.lines), ("reset", [b"gone"]))


class LimitTests(ServerTestCase):
    def refused(self, client: RemotePeer, status: int) -> None:
        answer = client.received()
        self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
        self.assertTrue(answer.endswith(b"Connection: close\r\n\r\n"))
        self.turn()
        self.assertEqual(client.ending, "half")
        # What still comes is not looked at.
        client.ask(b"x" * 100000)
        self.assertEqual(client.received(), b"")
        self.reactor.advance(2)
        self.turn()
        self.assertEqual(client.ending, "reset")
        self.assertEqual(self.lines, [])

    def test_body(self) -> None:
        client = self.serve("print('seen')", "{maxBodySize = 10}")
        client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello, ")
        self.refused(client, 413)

    def test_chunked_body(self) -> None:
        client = self.serve("print('seen')", "{maxBodySize = 10}")
        client.send(
            b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n"
        )
        self.refused(client, 413)

    def test_body_that_just_fits(self) -> None:
        client = self.serve("response:send(200)", "{maxBodySize = 10}")
        answer = client.ask(
            b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789"
        )
        self.assertIn(b" 200 ", answer)

    def test_long_lines(self) -> None:
        client = self.serve("print('seen')")
        client.send(b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n")
        self.refused(client, 414)
        client = self.client()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20000 + b"\r\n\r\n")
        self.refused(client, 431)

    def test_what_is_no_request(self) -> None:
        for text, status in (
            (ALL_BYTES + b"\r\n\r\n", 501),
            (b"GET\r\n\r\n", 501),
            (b"GET / HTTP/1.1\r\nno colon\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nA B: x\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\nHost: x\n\n", 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
            (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            (PUT + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
            (PUT + b"Content-Length: -1\r\n\r\nab", 400),
            (
                PUT
                + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
                400,
            ),
            (PUT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
            (PUT + b"A: b\r\n" * 501 + b"\r\n", 431),
            (PUT + b"A: %s\r\n" % (b"b" * 100) * 200 + b"\r\n", 431),
        ):
            client = self.serve("print('seen')")
            client.send(text)
            self.refused(client, status)

    def test_a_refusal_comes_after_the_answers_before_it(self) -> None:
        client = self.serve("kept = response")
        client.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
        self.assertEqual(client.received(), b"")
        self.run_lua("kept:send(200, nil, 'one')")
        self.turn()
        answer = client.received()
        self.assertIn(b"\r\n\r\noneHTTP/1.1 501 ", answer)

    def test_connections(self) -> None:
        client = self.serve("response:send(200)", "{maxConnections = 1}")
        refused = self.client()
        self.assertTrue(refused.gone)
        client.close()
        self.turn()
        self.assertIn(b" 200 ", self.get(self.client()))

    def test_options_that_are_wrong_raise(self) -> None:
        for options in ("{maxBodySize = -1}", "{timeout = 'x'}", "{port = 1}", "1"):
            self.run_lua(f"print(pcall(net.HTTPServer, {options}))")
        self.assertEqual([line[:5] for line in self.lines], [b"false"] * 4)
        self.assertIn(
            b"known: compress, maxBodySize, maxConnections, timeout, tls", self.lines[2]
        )


class TimeTests(ServerTestCase):
    def test_trickling_head(self) -> None:
        """The head has its time from the first byte on, whatever comes meanwhile."""
        client = self.serve("print('seen')")
        for byte in b"GET / HTTP/1":
            client.ask(bytes([byte]))
            self.reactor.advance(1)
        self.turn()
        self.assertIsNone(client.ending)
        client.ask(b".")
        self.reactor.advance(3)
        self.assertTrue(client.received().startswith(b"HTTP/1.1 408 Request Timeout"))
        self.turn()
        self.assertEqual(client.ending, "half")

    def test_trickling_headers_of_a_second_request(self) -> None:
        client = self.serve("response:send(200)")
        self.get(client)
        self.reactor.advance(50)
        client.ask(b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n")
        self.reactor.advance(14)
        client.ask(b"C: d\r\n")
        self.reactor.advance(1)
        self.assertIn(b" 408 ", client.received())

    def test_head_in_time(self) -> None:
        """Afterwards the time for the body is the idle time."""
        client = self.serve("response:send(200)")
        client.ask(b"PUT / HTTP/1.1\r\nHost: x\r\n")
        self.reactor.advance(14)
        client.ask(b"Content-Length: 2\r\n\r\n")
        self.reactor.advance(59)
        client.ask(b"a")
        self.reactor.advance(59)
        self.assertIn(b" 200 ", client.ask(b"b"))
        self.reactor.advance(59)
        self.assertIn(b" 200 ", self.get(client))

    def test_trickling_body(self) -> None:
        """Twice the idle time, and a second more for each KiB."""
        client = self.serve("print('seen')")
        client.ask(PUT + b"Content-Length: 5000\r\n\r\n")
        for _ in range(119):
            client.ask(b"x")
            self.reactor.advance(1)
        self.assertEqual(client.received(), b"")
        self.reactor.advance(2)
        self.assertIn(b" 408 ", client.received())

    def test_what_is_not_read_is_not_awaited(self) -> None:
        """Behind a request that is being answered; then its time begins."""
        for rest, status in ((b"x" * 10, b"200 OK"), (b"x", b"408 Request Timeout")):
            client = self.serve(
                "if request.method == 'PUT' then response:send(200)"
                " else setTimeout(function() response:send(204) end, 20000) end",
                "{timeout = 5000}",
            )
            client.ask(
                b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                + PUT
                + b"Content-Length: 20\r\n\r\n"
            )
            client.push(b"x" * 10)
            for _ in range(20):
                self.reactor.advance(1)
            self.assertTrue(client.received().startswith(b"HTTP/1.1 204 "))
            client.send(rest)
            for _ in range(6):
                self.reactor.advance(1)
            self.assertIn(status, client.received())

    def test_idle(self) -> None:
        client = self.serve("response:send(200)", "{timeout = 5000}")
        self.get(client)
        self.reactor.advance(4)
        self.get(client)
        self.reactor.advance(4)
        self.turn()
        self.assertIsNone(client.ending)
        self.reactor.advance(1)
        self.turn()
        self.assertEqual(client.ending, "closed")

    def test_no_limit(self) -> None:
        client = self.serve("response:send(200)", "{timeout = 0}")
        self.get(client)
        self.reactor.advance(100000)
        self.assertIn(b" 200 ", self.get(client))
        client.ask(b"GET / ")
        self.reactor.advance(15)
        self.assertIn(b" 408 ", client.received())

    def test_slow_script(self) -> None:
        """While an answer is awaited no time runs."""
        client = self.serve("kept = response")
        self.get(client)
        self.reactor.advance(100000)
        self.run_lua("kept:send(200)")
        self.assertIn(b" 200 ", client.received())


class HalfClosedTests(ServerTestCase):
    def test_the_answer_still_arrives(self) -> None:
        """A client may close its side after its request."""
        client = self.serve(
            "setTimeout(function() response:send(200, nil, 'x') end, 300)"
        )
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.shutdown()
        self.turn()
        self.reactor.advance(0.3)
        self.assertTrue(client.received().endswith(b"\r\n\r\nx"))
        self.turn(2)
        self.assertEqual(client.ending, "closed")

    def test_half_a_request_gets_no_answer(self) -> None:
        client = self.serve("print('seen')")
        client.send(PUT + b"Content-Length: 5\r\n\r\nhel")
        client.shutdown()
        self.turn(2)
        self.assertEqual((client.received(), client.ending), (b"", "closed"))
        self.assertEqual(self.lines, [])

    def test_one_that_reads_a_stream_is_not_gone(self) -> None:
        """As long as something is written to it now and then."""
        client = self.serve(
            "response:onClose(function() print('gone') end) response:write('a')"
            " setInterval(function() response:write('b') end, 4000):unref()"
        )
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.shutdown()
        for _ in range(5):
            self.reactor.advance(4)
        self.turn()
        self.assertEqual((client.received()[-6:], self.lines), (b"1\r\nb\r\n", []))


class StopTests(ServerTestCase):
    def test_idle_connections(self) -> None:
        client = self.serve("response:send(200)")
        self.get(client)
        self.run_lua(
            "server:stop({success = function() print('stopped', server:isRunning(), server) end})"
        )
        self.turn()
        self.assertEqual(client.ending, "closed")
        self.turn()
        self.assertEqual(self.lines, [b"stopped\tfalse\tHTTPServer: stopped"])

    def test_open_requests(self) -> None:
        """They are answered still, and told that it is the last."""
        client = self.serve("kept = response")
        self.get(client)
        self.run_lua("server:stop({success = function() print('stopped') end})")
        self.reactor.advance(4)
        self.turn()
        self.assertEqual((client.ending, self.lines), (None, []))
        self.run_lua("kept:send(200, nil, 'last')")
        answer = client.received()
        self.assertIn(b"Connection: close\r\n", answer)
        self.assertTrue(answer.endswith(b"last"))
        self.turn()
        self.assertEqual(client.ending, "closed")
        self.turn()
        self.assertEqual(self.lines, [b"stopped"])

    def test_request_that_still_arrives(self) -> None:
        client = self.serve("response:send(200)")
        client.ask(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        self.run_lua("server:stop()")
        self.assertIn(b" 200 ", client.ask(b"b"))
        self.turn()
        self.assertEqual(client.ending, "closed")

    def test_not_for_ever(self) -> None:
        client = self.serve("kept = response")
        self.get(client)
        self.run_lua("server:stop({success = function() print('stopped') end})")
        self.reactor.advance(5)
        self.turn()
        self.assertEqual((client.ending, self.lines), ("reset", [b"stopped"]))

    def test_stop_of_the_runtime_answers_503(self) -> None:
        """When nobody is left to answer, that is said."""
        client = self.serve("kept = response")
        self.get(client)
        self.stop(self.runtime)
        self.assertIn(b" 503 ", client.received())
        self.turn()
        self.assertEqual(client.ending, "closed")

    def test_a_stopped_server_starts_again(self) -> None:
        self.serve("response:send(200)")
        self.run_lua("server:stop()")
        self.turn()
        self.run_lua("server:start('127.0.0.1', 0, function(_, r) r:send(202) end)")
        self.assertIn(b" 202 ", self.get(self.client()))

    def test_states_refuse_what_they_cannot_do(self) -> None:
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
        for call, text in (
            ("start(1, 2, print)", "#1 to 'start' (host: string"),
            ("start('127.0.0.1', 'x', print)", "#2 to 'start' (port: integer 0..65535"),
            ("start('127.0.0.1', 0)", "#3 to 'start' (onRequest: function"),
            ("static('x', '.')", "#1 to 'static' (prefix: path that begins with /"),
            ("static('/', 5)", "#2 to 'static' (directory: string expected, got 5)"),
            ("static('/', '/no/such')", "#2 to 'static' (/no/such is no directory)"),
            ("static('/', ('/x'):rep(50000))", "/x/... is no directory)"),
            (
                "websocket('x', {})",
                "#1 to 'websocket' (path: path that begins with /",
            ),
            ("websocket('/', 1)", "#2 to 'websocket' (callbacks: table"),
            (
                "websocket('/', {receive = 1})",
                "#2 to 'websocket' (receive: function",
            ),
            (
                "websocket('/', {}, {tls = true})",
                "#3 to 'websocket' (unknown option \"tls\"",
            ),
        ):
            self.assertRaisedAtLine(f"net.HTTPServer():{call}", text)
