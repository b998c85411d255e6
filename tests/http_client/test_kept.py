"""Kept connections lose no command, and serve again what may be asked again."""

from __future__ import annotations

from tests.memory import RemotePeer
from tests.support import for_each_lua
from tests.support.http_client import MemoryTestCase, answer

KEPT = answer(b"", b"200 OK", b"Connection: keep-alive")


class KeptTestCase(MemoryTestCase):
    def connections(self) -> int:
        return len(self.reactor.tcpClients)

    def again(self, method: str = "POST", data: str = "'x'") -> None:
        """Another request by the same client."""
        self.run_lua(
            f"client:request('http://127.0.0.1/', {{options = {{method = '{method}', data = {data}}},"
            " success = show, error = print})"
        )

    def first(self, reply: bytes = KEPT) -> RemotePeer:
        """A connection that has carried one request, and is kept."""
        peer = self.ask()
        peer.received()
        peer.send(reply)
        self.lines.clear()
        return peer


class CommandTests(KeptTestCase):
    """Requests that are not repeated when their connection turns out to be closed."""

    COMMANDS = (
        ("POST", "'x'"),
        ("POST", "nil"),
        ("PUT", "'x'"),
        ("PATCH", "'x'"),
        ("DELETE", "'x'"),
        ("GET", "'x'"),
        ("MKCOL", "nil"),
    )

    def test_a_server_that_has_shown_nothing_gets_a_new_connection(self) -> None:
        """It may keep a connection and close it when the second request comes."""
        for method, data in self.COMMANDS:
            old = self.first(answer())
            self.again(method, data)
            new = self.accept()
            self.assertEqual(old.received(), b"")
            self.assertTrue(new.received().startswith(method.encode()))
            new.send(answer(b"", b"200 OK", b"Connection: close"))
            self.assertEqual(self.lines, [b"200\t0"])
            new.close()

    def test_forty_commands_all_succeed(self) -> None:
        """Each connection answers once, and closes when the second request comes."""
        self.first(answer())
        for _ in range(40):
            self.reactor.advance(0.02)
            self.again()
            peer = self.accept()
            self.assertTrue(peer.received().startswith(b"POST"))
            peer.send(answer())
        self.assertEqual(self.lines, [b"200\t0"] * 40)

    def test_the_kept_one_is_closed_for_the_new_one(self) -> None:
        """Some servers serve one connection at a time."""
        old = self.first(answer())
        self.again()
        self.accept()
        self.turn()
        self.assertTrue(old.gone)

    def test_none_goes_behind_a_body_that_was_not_read(self) -> None:
        """The server has answered without it; what is asked next would wait for it."""
        for method, data in (("POST", "'x'"), ("GET", "nil")):
            old = self.first(KEPT)
            old.stall(10)
            self.again("POST", "('x'):rep(100000)")
            old.send(answer(b"", b"413 Too Large", b"Connection: keep-alive"))
            self.again(method, data)
            new = self.accept()
            self.assertTrue(new.received().startswith(method.encode()))
            new.send(answer(b"", b"200 OK", b"Connection: close"))
            self.assertEqual(self.lines, [b"413\t0", b"200\t0"])
            new.close()

    def test_what_the_server_has_not_read_is_sent_before_the_end(self) -> None:
        peer = self.first(KEPT)
        peer.stall(1000)
        self.again("PUT", "('x'):rep(100000)")
        peer.send(KEPT)
        self.assertEqual(self.lines, [b"200\t0"])
        peer.take()
        self.turn()
        self.turn()
        self.assertEqual(len(peer.received().partition(b"\r\n\r\n")[2]), 100000)
        self.assertTrue(peer.gone)

    def test_it_goes_behind_a_large_body_that_was_read(self) -> None:
        peer = self.first(KEPT)
        self.again("POST", "('x'):rep(100000)")
        peer.received()
        peer.send(KEPT)
        self.again()
        self.assertTrue(peer.received().startswith(b"POST"))
        self.assertEqual(self.connections(), 1)

    def test_it_goes_on_one_that_the_server_says_it_keeps(self) -> None:
        peer = self.first(KEPT)
        self.again()
        self.assertTrue(peer.received().startswith(b"POST"))
        self.assertEqual(self.connections(), 1)

    def test_it_goes_where_two_requests_were_answered(self) -> None:
        peer = self.first(answer())
        self.again("GET", "nil")
        peer.send(answer())
        peer.received()
        self.again()
        self.assertTrue(peer.received().startswith(b"POST"))
        self.assertEqual(self.connections(), 1)

    def test_only_for_a_moment(self) -> None:
        for seconds, connections in ((0.009, 1), (0.011, 2)):
            self.first(KEPT)
            before = self.connections() - 1
            self.reactor.advance(seconds)
            self.again()
            self.assertEqual(self.connections() - before, connections)
            self.accept() if connections > 1 else None
            self.peer.close()
            self.turn()

    def test_an_end_that_was_not_read_yet_is_seen(self) -> None:
        """The server has closed; the reactor had no turn to see it."""
        peer = self.first(KEPT)
        peer.close(noticed=False)
        self.again()
        new = self.accept()
        self.assertTrue(new.received().startswith(b"POST"))
        new.send(answer())
        self.assertEqual(self.lines, [b"200\t0"])

    def test_a_server_that_broke_its_word_is_not_trusted_again(self) -> None:
        peer = self.first(answer())
        self.again("GET", "nil")
        peer.send(answer())
        self.again("GET", "nil")
        peer.close()
        self.accept().send(answer())
        before = self.connections()
        self.again()
        self.assertEqual(self.connections(), before + 1)

    def test_it_is_not_repeated_when_the_server_has_given_up(self) -> None:
        peer = self.first(KEPT)
        self.again()
        peer.send(answer(b"", b"408 Request Timeout"))
        self.assertEqual((self.lines, self.connections()), ([b"408\t0"], 1))

    def test_it_is_sent_once(self) -> None:
        """Whether the server got it, nobody can tell."""
        peer = self.first(KEPT)
        self.again()
        peer.close()
        self.assertEqual(self.lines, [b"End of file\teof"])
        self.assertEqual(self.connections(), 1)


class RepeatedTests(KeptTestCase):
    """Requests that may be sent twice."""

    def test_on_a_connection_that_had_gone(self) -> None:
        for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"):
            for lost in (RemotePeer.close, RemotePeer.reset):
                peer = self.first(answer())
                self.reactor.advance(30)
                self.again(method, "nil")
                self.assertTrue(peer.received().startswith(method.encode()))
                lost(peer)
                new = self.accept()
                self.assertTrue(new.received().startswith(method.encode()))
                new.send(answer(b"", b"200 OK", b"Connection: close"))
                self.assertEqual(self.lines, [b"200\t0"])
                new.close()

    def test_once(self) -> None:
        peer = self.first()
        self.again("GET", "nil")
        peer.close()
        self.accept().close()
        self.assertEqual(self.lines, [b"End of file\teof"])

    def test_when_the_server_has_given_up_to_wait(self) -> None:
        """Its 408 may have been on its way before the request was."""
        for gave_up in (
            answer(b"", b"408 Request Timeout", b"Connection: close"),
            b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 9\r\n\r\nIt",
        ):
            peer = self.first()
            self.again("GET", "nil")
            peer.send(gave_up)
            new = self.accept()
            self.assertTrue(new.received().startswith(b"GET"))
            new.send(answer(b"", b"200 OK", b"Connection: close"))
            self.assertEqual(self.lines, [b"200\t0"])
            new.close()

    def test_once_when_the_server_has_given_up(self) -> None:
        """And what it says on a new connection is the answer."""
        peer = self.first()
        self.again("GET", "nil")
        peer.send(answer(b"", b"408 Request Timeout"))
        self.accept().close()
        self.assertEqual(self.lines, [b"End of file\teof"])
        self.ask().send(answer(b"", b"408 Request Timeout"))
        self.assertEqual(self.lines[1:], [b"408\t0"])

    def test_not_when_a_part_of_the_answer_came(self) -> None:
        peer = self.first()
        self.again("GET", "nil")
        peer.send(b"HTTP/1.1 2")
        peer.close()
        self.assertEqual(self.lines, [b"End of file\teof"])
        self.assertEqual(self.connections(), 1)

    def test_not_on_a_new_connection(self) -> None:
        self.ask().close()
        self.assertEqual(self.lines, [b"error\tEnd of file\teof"])
        self.assertEqual(self.connections(), 1)

    def test_the_new_connection_may_be_refused(self) -> None:
        peer = self.first()
        self.again("GET", "nil")
        peer.close()
        self.reactor.refuse()
        self.assertEqual(self.lines, [b"Connection refused\trefused"])

    def test_cancelled_it_is_not_repeated(self) -> None:
        peer = self.first()
        self.run_lua("client:request('http://127.0.0.1/', params):cancel()")
        peer.close()
        self.turn()
        self.assertEqual((self.lines, self.connections()), ([], 1))


class TrustTests(KeptTestCase):
    """What ends the use of a connection."""

    def assertNotKept(self, *replies: bytes) -> None:
        peer = self.first(b"")
        for reply in replies:
            peer.send(reply)
        before = self.connections()
        self.again("GET", "nil")
        self.assertEqual(self.connections(), before + 1, replies)
        self.accept().close()
        self.turn()

    def test_bytes_that_nobody_asked_for(self) -> None:
        self.assertNotKept(answer() + b"HTTP/1.1 200 OK\r\n\r\n")
        self.assertNotKept(answer(), b"HTTP/1.1 200 OK\r\n\r\n")
        self.assertNotKept(answer(), b"\0")

    def test_the_end_of_the_connection_was_announced(self) -> None:
        self.assertNotKept(answer(b"", b"200 OK", b"Connection: close"))
        self.assertNotKept(answer(b"", b"200 OK", b"connection: Keep-Alive, CLOSE"))
        self.assertNotKept(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")

    def test_lengths_that_could_be_read_in_two_ways(self) -> None:
        self.assertNotKept(
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n"
        )

    def test_the_script_asked_for_the_end(self) -> None:
        peer = self.ask(
            "{options = {headers = {Connection = 'close'}}, success = show}"
        )
        self.assertEqual(peer.received().count(b"Connection: close"), 1)
        peer.send(answer())
        self.turn()
        self.assertTrue(peer.gone)

    def test_no_more_are_kept_than_are_used_at_a_time(self) -> None:
        self.run_lua(
            "local c = net.HTTPClient({maxConnectionsPerHost = 12})"
            " for i = 1, 12 do c:request('http://127.0.0.1/', params) end"
            " c = net.HTTPClient({maxConnectionsPerHost = 20})"
            " for i = 1, 8 do c:request('http://127.0.0.1/', params) end"
        )
        peers = [self.accept(number) for number in range(20)]
        for peer in peers:
            peer.send(answer())
        self.turn()
        self.assertEqual(len(self.lines), 20)
        self.assertEqual(sum(peer.gone for peer in peers), 0)

    def test_a_server_that_never_closes_is_not_waited_for(self) -> None:
        peer = self.first(answer(b"", b"200 OK", b"Connection: close"))
        self.reactor.advance(61)
        self.turn()
        self.assertTrue(peer.gone)


class SharingTests(KeptTestCase):
    """Connections are shared by requests with equal options only."""

    def test_options_that_keep_requests_apart(self) -> None:
        first = "{timeout = 7}"
        for other in (
            "{tls = {allowUnauthorized = true}}",
            "{tls = {serverName = 'x'}}",
            "{proxy = 'http://127.0.0.1:3128'}",
            "{proxy = 'socks5://127.0.0.1'}",
            "{persistent = false}",
        ):
            kept = self.ask(options=first)
            kept.send(answer())
            before = self.connections()
            self.run_lua(
                f"net.HTTPClient({other}):request('http://127.0.0.1/', params)"
            )
            self.assertEqual(self.connections(), before + 1, other)
            self.accept().close()
            self.turn()
            self.peer = kept

    def test_equal_options_share(self) -> None:
        options = "{tls = {serverName = 'x', alpn = {'a', 'b'}}}"
        self.ask(options=options).send(answer())
        self.ask(options=options).send(answer())
        self.assertEqual(self.connections(), 1)


globals().update(for_each_lua(CommandTests))
