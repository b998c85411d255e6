"""Connections, cookies and proxies of the HTTP client."""

from __future__ import annotations

import gc

from eplua_twisted.http_client.cookies import MAX_COOKIES
from eplua_twisted.http_client.pool import ConcurrencyLimit
from tests.support import for_each_lua
from tests.support.http_client import SHOW, MemoryTestCase, answer


class ConnectionTests(MemoryTestCase):
    """Connections are shared, bounded, and closed."""

    def test_kept(self) -> None:
        """Five requests of five clients, one connection."""
        peer = self.ask()
        peer.send(answer())
        for _ in range(4):
            self.run_lua("net.HTTPClient():request('http://127.0.0.1/', params)")
            peer.send(answer())
        self.assertEqual(len(self.lines), 5)
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_what_is_over_is_not_left_to_the_collector(self) -> None:
        """Nothing of a request holds another part of it in a circle."""

        def ours() -> int:
            names = [str(type(each).__module__) for each in gc.get_objects()]
            return sum(each.startswith("eplua_twisted.http_client") for each in names)

        peer = self.ask()
        peer.send(answer())
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        before = ours()
        for _ in range(5):
            self.run_lua("client:request('http://127.0.0.1/', params)")
            peer.send(answer())
        self.assertEqual(len(self.lines), 6)
        self.assertEqual(ours(), before)

    def test_not_kept(self) -> None:
        self.ask(options="{persistent = false}").send(answer())
        self.ask(options="{persistent = false}").send(answer())
        self.assertEqual(len(self.lines), 2)

    def test_other_host(self) -> None:
        self.ask().send(answer())
        self.ask(url="http://127.0.0.2/").send(answer())

    def test_server_closes_kept_connection(self) -> None:
        peer = self.ask()
        peer.send(answer())
        peer.close()
        self.ask().send(answer())
        self.assertEqual(len(self.lines), 2)

    def test_stale_connection(self) -> None:
        """A kept connection that dies as it is used is replaced."""
        peer = self.ask()
        peer.send(answer())
        self.run_lua("client:request('http://127.0.0.1/', params)")
        peer.close()
        self.accept().send(answer())
        self.assertEqual(len(self.lines), 2)

    def test_kept_connection_does_not_keep_alive(self) -> None:
        peer = self.ask()
        idle = self.runtime.idle()
        self.turn()
        self.assertNoResult(idle)
        peer.send(answer())
        self.turn(2)
        self.successResultOf(idle)
        self.turn()
        self.assertFalse(peer.gone)

    def test_kept_connection_is_closed_after_a_minute(self) -> None:
        peer = self.ask()
        peer.send(answer())
        self.reactor.advance(59)
        self.turn()
        self.assertFalse(peer.gone)
        self.reactor.advance(2)
        self.turn()
        self.assertTrue(peer.gone)

    def test_bounded(self) -> None:
        """No more connections to one server than the option says; the rest waits."""
        self.run_lua(
            "local c = net.HTTPClient({maxConnectionsPerHost = 2})"
            " for i = 1, 5 do c:request('http://127.0.0.1/' .. i, params) end"
        )
        self.assertEqual(len(self.reactor.tcpClients), 2)
        one, two = self.accept(0), self.accept(1)
        self.assertTrue(one.received().startswith(b"GET /1 "))
        self.assertTrue(two.received().startswith(b"GET /2 "))
        one.send(answer())
        self.assertTrue(one.received().startswith(b"GET /3 "))
        two.send(answer())
        one.send(answer())
        self.assertTrue(two.received().startswith(b"GET /4 "))
        self.assertTrue(one.received().startswith(b"GET /5 "))
        one.send(answer())
        two.send(answer())
        self.assertEqual(len(self.lines), 5)
        self.assertEqual(len(self.reactor.tcpClients), 2)

    def test_waiting_request_times_out(self) -> None:
        self.run_lua(
            "local c = net.HTTPClient({maxConnectionsPerHost = 1, timeout = 0})"
            " c:request('http://127.0.0.1/', params)"
            " c:request('http://127.0.0.1/', {options = {timeout = 1000}, error = print})"
        )
        self.reactor.advance(1)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])
        self.accept().send(answer())
        self.assertEqual(len(self.lines), 2)

    def test_stop_closes_kept_connections(self) -> None:
        peer = self.ask()
        peer.send(answer())
        self.stop(self.runtime)
        self.turn()
        self.assertTrue(peer.gone)

    def test_stop_ends_requests(self) -> None:
        for begin in (lambda: None, self.accept):
            runtime = self.runtime = self.make_runtime()
            self.run_lua(SHOW)
            self.run_lua("net.HTTPClient():request('http://127.0.0.1/', params)")
            begin()
            self.stop(runtime)
        self.assertEqual(self.lines, [])

    def test_stats(self) -> None:
        peer = self.ask()
        self.run_lua("print(eplua.stats().HTTPRequest)")
        peer.send(answer())
        self.run_lua("print(eplua.stats().HTTPRequest)")
        self.assertEqual(self.lines, [b"1", b"200\t0", b"nil"])

    def test_unref(self) -> None:
        self.run_lua(
            "net.HTTPClient({timeout = 0}):request('http://127.0.0.1/', params):unref()"
        )
        idle = self.runtime.idle()
        self.turn(2)
        self.successResultOf(idle)


class CookieTests(MemoryTestCase):
    SET = answer(b"", b"200 OK", b"Set-Cookie: a=1; Path=/")

    def test_kept_on_request(self) -> None:
        """By the client that asked for it, and no other."""
        peer = self.ask(options="{cookies = true}")
        peer.send(self.SET)
        peer.received()
        self.run_lua("client:request('http://127.0.0.1/x', params)")
        self.assertIn(b"\r\nCookie: a=1\r\n", peer.received())
        peer.send(answer())
        self.run_lua(
            "net.HTTPClient({cookies = true}):request('http://127.0.0.1/x', params)"
        )
        self.assertNotIn(b"Cookie", peer.received())

    def test_not_kept(self) -> None:
        peer = self.ask()
        peer.send(self.SET)
        peer.received()
        self.run_lua("client:request('http://127.0.0.1/x', params)")
        self.assertNotIn(b"Cookie", peer.received())

    def test_across_a_redirect(self) -> None:
        peer = self.ask("{options = {redirects = 1}}", options="{cookies = true}")
        peer.received()
        peer.send(answer(b"", b"302 X", b"Location: /b", b"Set-Cookie: a=1; Path=/"))
        self.assertIn(b"\r\nCookie: a=1\r\n", peer.received())

    def test_not_ascii(self) -> None:
        peer = self.ask(options="{cookies = true}")
        peer.send(answer(b"", b"200 OK", b"Set-Cookie: x=\xc3\xbc", b"Set-Cookie: a=b"))
        peer.received()
        self.run_lua("client:request('http://127.0.0.1/', params)")
        self.assertIn(b"\r\nCookie: x=\xc3\xbc; a=b\r\n", peer.received())

    def test_one_that_cannot_be_read(self) -> None:
        """The others of the same answer are kept."""
        for bad in (
            b"",
            b"=",
            b";",
            b"x=1; Max-Age=x",
            b"x=1; Expires=never",
            b"x=1; Version=x; Port",
            b"x=1; Domain=.",
            b"x=a\rX-Y: z",
            b"x=\x01",
        ):
            peer = self.ask(options="{cookies = true}")
            peer.send(answer(b"", b"200 OK", b"Set-Cookie: " + bad, b"Set-Cookie: a=b"))
            peer.received()
            self.run_lua("client:request('http://127.0.0.1/', params)")
            sent = peer.received()
            self.assertIn(b"a=b", sent, bad)
            self.assertNotIn(b"X-Y", sent)
            peer.send(answer())
        self.assertEqual(self.flushWarnings(), [])

    def test_those_of_the_script_go_before_the_jar(self) -> None:
        peer = self.ask(options="{cookies = true}")
        peer.send(self.SET)
        peer.received()
        self.run_lua(
            "client:request('http://127.0.0.1/', {options = {headers = {cookie = 'b=2'}}})"
        )
        sent = peer.received()
        self.assertIn(b"\r\ncookie: b=2\r\n", sent)
        self.assertNotIn(b"a=1", sent)

    def test_bounded(self) -> None:
        peer = self.ask(options="{cookies = true}")
        for start in range(0, MAX_COOKIES + 200, 100):
            headers = [b"Set-Cookie: c%d=1" % (start + n) for n in range(100)]
            peer.send(answer(b"", b"200 OK", *headers))
            peer.received()
            self.run_lua("client:request('http://127.0.0.1/', params)")
        self.assertEqual(peer.received().count(b"=1"), MAX_COOKIES)

    def test_jar_goes_with_its_client(self) -> None:
        self.ask(options="{cookies = true}").send(answer())
        self.run_lua("client, request = nil, nil collectgarbage() collectgarbage()")
        self.ask(options="{cookies = true}")
        self.run_lua("print(eplua.stats().CookieJar)")
        self.assertEqual(self.lines, [b"200\t0", b"1"])


HEAD = b"HTTP/1.1 200 OK\r\nX: "


class ProxyTests(MemoryTestCase):
    PROXY = "{proxy = 'http://us:er@127.0.0.9:3128'}"

    def test_http(self) -> None:
        """The proxy is sent the whole URL."""
        peer = self.ask(url="http://example.com/a?b", options=self.PROXY)
        self.assertEqual(self.reactor.tcpClients[0][:2], ("127.0.0.9", 3128))
        sent = peer.received()
        self.assertTrue(sent.startswith(b"GET http://example.com/a?b HTTP/1.1\r\n"))
        self.assertIn(b"\r\nHost: example.com\r\n", sent)
        self.assertIn(b"\r\nProxy-Authorization: Basic dXM6ZXI=\r\n", sent)
        peer.send(answer())
        self.run_lua("client:request('http://other.example/', params)")
        self.assertTrue(peer.received().startswith(b"GET http://other.example/ "))

    def test_tunnel_with_any_line_ends(self) -> None:
        """Some proxies end their lines with LF only."""
        for ends in (b"\r\n", b"\n"):
            peer = self.ask(
                url="https://example.com/",
                options="{proxy = 'http://127.0.0.9:3128', persistent = false}",
            )
            self.assertEqual(
                peer.received(),
                b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
            )
            peer.send(ends.join([b"HTTP/1.0 200 Established", b"Via: x", b"", b""]))
            # A TLS ClientHello.
            self.assertEqual(peer.received()[:2], b"\x16\x03")
            peer.close()

    def test_tunnel_after_informational_answers(self) -> None:
        answers = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
        answers += b"HTTP/1.1 200 OK\r\n\r\n"
        for size in (1, 30, len(answers)):
            peer = self.ask(url="https://example.com/", options=self.PROXY)
            peer.received()
            for at in range(0, len(answers), size):
                peer.send(answers[at : at + size])
            self.assertEqual(peer.received()[:2], b"\x16\x03")
            peer.close()

    def test_tunnel_refused(self) -> None:
        for data, line in (
            (b"HTTP/1.1 407 Who?\n\n", b"the proxy refused: 407 Who?\tdenied"),
            (b"HTTP/1.1 502 \r\n\r\n", b"the proxy refused: 502\tdenied"),
            (
                b"HTTP/1.1 403 \x1b[31mred\n\n",
                rb"the proxy refused: 403 \x1b[31mred%s" % b"\tdenied",
            ),
            (
                b"HTTP/1.1 101 Switching\n\n",
                b"the proxy refused: 101 Switching\tdenied",
            ),
            (b"SSH-2.0\r\n\r\n", b"the proxy's answer is not HTTP\tprotocol"),
            (b"\x15\x03\x03\0\2\2\x28", b"the proxy's answer is not HTTP\tprotocol"),
            (HEAD + b"x" * 17_000, b"the proxy's answer is too long\tprotocol"),
            (
                HEAD + b"x" * 17_000 + b"\n\n",
                b"the proxy's answer is too long\tprotocol",
            ),
            (b"HTTP/1.1 100 \n\n" * 2000, b"the proxy's answer is too long\tprotocol"),
        ):
            peer = self.ask(url="https://example.com/", options=self.PROXY)
            peer.send(data)
            self.assertEqual(self.lines.pop(), b"error\t" + line)
            self.turn()
            self.assertTrue(peer.gone)

    def test_not_shared_with_direct(self) -> None:
        self.ask(options=self.PROXY).send(answer())
        self.ask().send(answer())


class ConcurrencyLimitTests(MemoryTestCase):
    def test_in_order(self) -> None:
        gate = ConcurrencyLimit()
        self.assertIsNone(gate.enter(1))
        one, two = gate.enter(1), gate.enter(1)
        assert one is not None and two is not None
        gate.leave()
        self.successResultOf(one)
        self.assertNoResult(two)
        gate.leave()
        self.successResultOf(two)
        self.assertTrue(gate.leave())

    def test_withdrawn(self) -> None:
        """Those behind one that gives up come in."""
        gate = ConcurrencyLimit()
        gate.enter(2)
        one, two = gate.enter(1), gate.enter(2)
        assert one is not None and two is not None
        one.addErrback(lambda _: None)
        one.cancel()
        self.successResultOf(two)


globals().update(for_each_lua(CookieTests))
