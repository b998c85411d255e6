"""HTTPServer in memory: requests, answers, conditions, failures."""

from __future__ import annotations

import gzip
import os
import time

from tests.memory import Flow, Wire
from tests.support import ALL_BYTES, for_each_lua
from tests.support.http_server import DATE, OK, ServerTestCase


class RequestTests(ServerTestCase):
    def test_what_a_script_gets(self) -> None:
        client = self.serve(
            "print(request.method, request.path, request.uri, request.ip, request.port)"
            " print(request.query.a, request.query['b c'], #request.query.d, request.query.d[2])"
            " print(request.headers.HOST, request.headers['x-twice'], request.headers.cookie,"
            " request.headers.none)"
            " response:send(200)"
        )
        answer = client.ask(
            b"GET /a%20b/c?a=1&b+c=%26&d=x&d=y&e HTTP/1.1\r\nHost: here\r\n"
            b"X-Twice: 1\r\nCookie: a=1\r\nx-twice: 2\r\nCookie: b=2\r\n\r\n"
        )
        self.assertEqual(answer, OK + b"Content-Length: 0\r\n\r\n")
        self.assertEqual(
            self.lines,
            [
                b"GET\t/a b/c\t/a%20b/c?a=1&b+c=%26&d=x&d=y&e\t192.0.2.7\t54321",
                b"1\t&\t2\ty",
                b"here\t1, 2\ta=1; b=2\tnil",
            ],
        )

    def test_every_byte(self) -> None:
        """A body there and back, whether its length is told or it comes in chunks."""
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.ask(
            b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 256\r\n\r\n" + ALL_BYTES
        )
        self.assertEqual(answer, OK + b"Content-Length: 256\r\n\r\n" + ALL_BYTES)
        client.ask(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n"
        )
        answer = client.ask(
            ALL_BYTES[:128] + b"\r\n80\r\n" + ALL_BYTES[128:] + b"\r\n0\r\n\r\n"
        )
        self.assertEqual(answer, OK + b"Content-Length: 256\r\n\r\n" + ALL_BYTES)

    def test_pieces_do_not_wait_for_the_client(self) -> None:
        """As with twisted.web: else one that confirms late gets each piece late."""
        self.assertTrue(self.serve("").no_delay)

    def test_form_is_a_body(self) -> None:
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.ask(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\na=1&b=2"
        )
        self.assertTrue(answer.endswith(b"\r\n\r\na=1&b=2"))

    def test_pipeline(self) -> None:
        """Requests in one piece are answered one after the other."""
        client = self.serve("print(request.path) kept = kept or response")
        self.run_lua("gc = setTimeout(function() end, 100000)")
        request = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
        self.assertEqual(client.ask(request % 1 + request % 2), b"")
        self.assertEqual(self.lines, [b"/1"])
        self.run_lua("kept:send(200, nil, 'one')")
        self.assertEqual(self.lines, [b"/1", b"/2"])
        self.assertTrue(client.received().endswith(b"one"))

    def test_expect_continue(self) -> None:
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.ask(
            b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        self.assertEqual(answer, b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertTrue(client.ask(b"hi").endswith(b"hi"))

    def test_continue_is_asked_of_the_limit(self) -> None:
        """A body that is too large is not asked for, nor one that there is not."""
        client = self.serve("response:send(200)", "{maxBodySize = 5}")
        head = b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        answer = client.ask(head + b"Content-Length: 0\r\n\r\n")
        self.assertEqual(answer, OK + b"Content-Length: 0\r\n\r\n")
        answer = client.ask(head + b"Content-Length: 6\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)

    def test_the_whole_url_as_target(self) -> None:
        """RFC 9112, 3.2.2: its host counts, and not the header."""
        client = self.serve(
            "print(request.uri, request.headers.host) response:send(200)"
        )
        for target in (b"http://b:80/c?d", b"HTTP://b:80?d"):
            client.ask(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(self.lines, [b"/c?d\tb:80", b"/?d\tb:80"])
        for target in (b"http://", b"http:///c", b"http://u:p@b/c"):
            answer = self.client().ask(
                b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), target)

    def test_old_client(self) -> None:
        """HTTP/1.0: one request, no chunks."""
        client = self.serve("response:write('a') response:finish()")
        answer = client.ask(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(answer, b"HTTP/1.0 200 OK\r\n" + DATE + b"\r\na")
        self.turn()
        self.assertEqual(client.ending, "closed")


class Counting(Wire):
    """Counts what is sent at once."""

    def __init__(self) -> None:
        self.sends = 0

    def sent(self, flow: Flow, data: bytes) -> None:
        self.sends += 1
        super().sent(flow, data)


class AnswerTests(ServerTestCase):
    def test_the_head_leaves_with_the_first_piece(self) -> None:
        client = self.serve("response:write('one') response:write('two')")
        wire = self.reactor.network.wire = Counting()
        answer = self.get(client)
        self.assertTrue(answer.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n"), answer)
        self.assertEqual(wire.sends, 2)

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
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(len(client.pieces()), 1)

    def test_no_body(self) -> None:
        """HEAD has the length and no more; 204 and 304 have neither."""
        client = self.serve("response:send(tonumber(request.query.s), nil, 'body')")
        answer = client.ask(b"HEAD /?s=200 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(answer, OK + b"Content-Length: 4\r\n\r\n")
        for status in ("204", "304"):
            answer = self.get(client, f"/?s={status}")
            self.assertTrue(answer.endswith(DATE + b"\r\n"), answer)

    def test_reset_content_has_none(self) -> None:
        """RFC 9110, 15.3.6: and says so."""
        client = self.serve(
            "if request.path == '/' then response:send(205, nil, 'x')"
            " else response:writeHead(205) response:finish() end"
        )
        for path in ("/", "/pieces"):
            self.assertTrue(
                self.get(client, path).endswith(b"Content-Length: 0\r\n\r\n")
            )

    def test_unknown_status(self) -> None:
        client = self.serve("response:send(599)")
        self.assertTrue(self.get(client).startswith(b"HTTP/1.1 599 Unknown\r\n"))

    def test_an_answer_may_come_later(self) -> None:
        client = self.serve("setTimeout(function() response:send(200) end, 1000)")
        self.assertEqual(self.get(client), b"")
        self.reactor.advance(1)
        self.assertTrue(client.received().endswith(b"Content-Length: 0\r\n\r\n"))

    def test_a_second_answer_is_refused(self) -> None:
        client = self.serve(
            "response:send(200, nil, 'one') response:send(200, nil, 'two', {error = print})"
            " response:write('x', {error = print}) response:finish({error = print})"
            " print(response)"
        )
        self.assertTrue(self.get(client).endswith(b"one"))
        said = b"Already answered, or the client is gone\tstate"
        self.assertEqual(self.lines[:1], [b"HTTPResponse: 2 (answered)"])
        self.assertEqual(self.lines[1:], [said] * 3)

    def test_an_answer_begins_once(self) -> None:
        """Said at the script's line; a C{send} in the middle cuts the answer off."""
        said = "The answer has begun: only write and finish go on with it"
        for begin in ("writeHead(200)", "write('a')"):
            client = self.serve(f"response:{begin} response:send(404, nil, 'b')")
            self.assertNotIn(b"404", self.get(client))
            self.turn()
            self.assertEqual(client.ending, "reset")
            self.assertWarned(f"{said} (state; no error callback was given)")
            client = self.serve(
                f"response:{begin} response:writeHead(404) response:finish()"
            )
            answer = self.get(client)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "))
            self.assertTrue(answer.endswith(b"0\r\n\r\n"))
            self.assertWarned(f"{said} (state; no error callback was given)")

    def test_close_on_request(self) -> None:
        client = self.serve("response:send(200, {Connection = 'close'})")
        self.assertIn(b"Connection: close\r\n", self.get(client))
        self.turn()
        self.assertEqual(client.ending, "closed")

    def test_in_a_task(self) -> None:
        """Each step waits for its answer there."""
        client = self.serve(
            "task.start(function()"
            " print(response:writeHead(200)) print(response:write('a')) print(response:finish())"
            " print(response:finish()) end)"
        )
        answer = self.get(client)
        self.turn(4)
        answer += client.received()
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


class CompressionTests(ServerTestCase):
    HANDLER = (
        "response:send(200, {['Content-Type'] = 'application/json'}, ('x'):rep(1000))"
    )

    def test_text_is_compressed_for_those_who_accept_it(self) -> None:
        client = self.serve(self.HANDLER, "{compress = true}")
        head, _, body = self.get(client, "/", "Accept-Encoding: gzip").partition(
            b"\r\n\r\n"
        )
        self.assertIn(b"\r\nContent-Encoding: gzip\r\n", head)
        self.assertEqual(gzip.decompress(body), b"x" * 1000)
        answer = self.get(client)
        self.assertIn(b"\r\nVary: Accept-Encoding\r\n", answer)
        self.assertTrue(answer.endswith(b"x" * 1000))

    def test_a_strong_tag_becomes_weak(self) -> None:
        """It was for other bytes; the client that sends it back has the answer still."""
        client = self.serve(
            "response:send(200, {['Content-Type'] = 'text/plain', ETag = '\"a\"'},"
            " ('x'):rep(300))",
            "{compress = true}",
        )
        accepted = "Accept-Encoding: gzip"
        self.assertIn(b'ETag: W/"a"\r\n', self.get(client, "/", accepted))
        self.assertIn(b'ETag: "a"\r\n', self.get(client))
        answer = self.get(client, "/", accepted, 'If-None-Match: W/"a"')
        self.assertIn(b" 304 ", answer)
        # RFC 9110, 15.4.5: as the answer that it stands for.
        self.assertIn(b"\r\nVary: Accept-Encoding\r\n", answer)

    def test_not_without_the_option(self) -> None:
        client = self.serve(self.HANDLER)
        self.assertNotIn(b"gzip", self.get(client, "/", "Accept-Encoding: gzip"))


class UpgradeTests(ServerTestCase):
    def test_an_upgrade_that_is_not_ours_is_an_ordinary_request(self) -> None:
        """As curl and browsers ask for h2c: the body and the next request follow."""
        client = self.serve("response:send(200, nil, request.body)")
        answer = client.ask(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            b"Upgrade: h2c\r\nHTTP2-Settings: x\r\nContent-Length: 5\r\n\r\nhel",
            b"lo",
        )
        self.assertTrue(answer.endswith(b"\r\n\r\nhello"), answer)
        self.assertIn(b" 200 ", self.get(client))

    def test_in_its_turn(self) -> None:
        client = self.serve("kept = kept or response print(request.path)")
        client.ask(
            b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n"
            b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        self.assertEqual(self.lines, [b"/1"])
        self.run_lua("kept:send(200)")
        self.turn()
        self.assertEqual(self.lines, [b"/1", b"/2"])


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

    def test_a_date_is_greenwich_time(self) -> None:
        """Also in the forms that name no zone (RFC 9110, 5.6.7)."""
        changed = "Sun, 06 Nov 1994 08:49:37 GMT"
        client = self.serve(f"response:send(200, {{['Last-Modified'] = '{changed}'}})")
        before = os.environ.get("TZ")
        self.addCleanup(self.set_zone, before)
        self.set_zone("America/New_York")
        answer = self.get(client, "/", "If-Modified-Since: Sun Nov  6 08:49:37 1994")
        self.assertIn(b" 304 ", answer)
        answer = self.get(client, "/", "If-Modified-Since: Sun Nov  6 08:49:36 1994")
        self.assertIn(b" 200 ", answer)

    def set_zone(self, name: str | None) -> None:
        """Have this process live in a time zone."""
        if name is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = name
        time.tzset()

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
        self.turn()
        self.assertEqual(client.ending, "reset")

    def test_raises_after_the_answer(self) -> None:
        client = self.serve("response:send(200) error('late')")
        self.assertIn(b" 200 ", self.get(client))
        self.assertIn(b" 200 ", self.get(client))

    def test_a_response_that_is_collected_is_answered(self) -> None:
        """Also when the program opens nothing afterwards; the log says which it was."""
        client = self.serve("")
        self.assertEqual(self.get(client, "/lose?x=1"), b"")
        self.run_lua("collectgarbage() collectgarbage()")
        self.assertIn(b" 500 ", client.received())
        self.assertWarned("the response to GET /lose?x=1 was lost")

    def test_a_response_that_is_collected_when_its_client_has_gone(self) -> None:
        """Nobody waits for an answer: there is nothing to warn of."""
        client = self.serve("")
        self.get(client)
        client.close()
        self.reactor.advance(5)
        self.turn()
        self.run_lua("collectgarbage() collectgarbage()")
        self.assertWarned()

    def test_a_client_that_breaks_off_is_no_error(self) -> None:
        """An answer that is still on its way, and nobody asked what became of it."""
        client = self.serve(
            "if request.path == '/send' then response:send(200, nil, ('x'):rep(2^21))"
            " else response:write(('x'):rep(2^21)) end"
        )
        for path in ("/send", "/write"):
            client = self.client()
            client.stall()
            self.get(client, path)
            client.reset()
            self.turn()
        self.assertWarned()

    def test_client_goes(self) -> None:
        client = self.serve(
            "response:onClose(function() print('gone')"
            " response:send(200, nil, '', {error = print})"
            " response:onClose(function() print('again') end) end)"
        )
        self.get(client)
        client.close()
        self.reactor.advance(5)
        self.turn()
        said = b"Already answered, or the client is gone\tstate"
        self.assertEqual(self.lines, [b"gone", said])

    def test_client_has_gone(self) -> None:
        """Told too when the script asks afterwards."""
        client = self.serve("kept = response")
        self.get(client)
        client.close()
        self.reactor.advance(5)
        self.turn()
        self.run_lua("kept:onClose(function() print('gone') end) print('asked')")
        self.turn()
        self.assertEqual(self.lines, [b"asked", b"gone"])

    def test_what_is_logged(self) -> None:
        """A second answer is a mistake of the script; a client that has gone is none."""
        client = self.serve("kept = kept or response response:onClose(print)")
        self.get(client)
        client.close()
        self.reactor.advance(5)
        self.turn()
        self.run_lua("kept:write('x') kept:send(200) kept:finish()")
        self.turn(2)
        self.assertWarned("test.lua:1: Already answered")

    def test_answered_in_time(self) -> None:
        client = self.serve("response:onClose(print) response:send(200)")
        self.get(client)
        client.close()
        self.turn()
        self.assertEqual(self.lines, [])


globals().update(for_each_lua(RequestTests))
globals().update(for_each_lua(AnswerTests))
globals().update(for_each_lua(FailureTests))
