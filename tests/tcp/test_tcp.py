"""TCP in memory: options, states, time limits, errors."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import (
    ConnectionDone,
    ConnectionLost,
)
from twisted.internet.error import (
    ConnectionRefusedError as Refused,
)
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure

from tests.support import ALL_BYTES, LuaTestCase, for_each_lua


class Transport(StringTransport):
    """A connection in memory, on the side that a script has."""

    gone = False

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.keep_alive = enabled

    def loseConnection(self) -> None:
        self.ended(ConnectionDone())

    def abortConnection(self) -> None:
        self.ended(ConnectionLost())

    def loseWriteConnection(self) -> None:
        self.protocol.writeConnectionLost()

    def ended(self, reason: Exception) -> None:
        if not self.gone:
            self.gone = True
            self.protocol.connectionLost(Failure(reason))


class SocketTests(LuaTestCase):
    """One socket, connected to a transport that the test holds."""

    def connect(self, code: str, options: str = "") -> Transport:
        self.run_lua(
            f"s = net.TCPSocket({options}) s:connect('127.0.0.1', 80, {{success = function() {code} end,"
            " error = print})"
        )
        factory = self.reactor.tcpClients[-1][2]
        protocol: Any = factory.buildProtocol(None)
        transport = Transport()
        transport.protocol = protocol
        protocol.makeConnection(transport)
        self.turn()
        return transport

    def test_read(self) -> None:
        """What has arrived, unchanged, at once or when it comes."""
        transport = self.connect("s:read({success = print})")
        transport.protocol.dataReceived(ALL_BYTES)
        self.assertEqual(self.lines, [ALL_BYTES])

    def test_read_what_has_arrived(self) -> None:
        transport = self.connect("")
        transport.protocol.dataReceived(b"one")
        transport.protocol.dataReceived(b"two")
        self.run_lua("s:read({success = print}) print('called')")
        self.assertEqual(self.lines, [b"called", b"onetwo"])

    def test_forms_of_reading(self) -> None:
        transport = self.connect(
            "s:readExactly(3, {success = print}) s:readUntil('\\r\\n', {success = print})"
            " s:read({success = print}) s:readAll({success = print})"
        )
        transport.protocol.dataReceived(b"abcline\r\nrest")
        self.assertEqual(self.lines, [b"abc", b"line", b"rest"])
        transport.protocol.dataReceived(b"all ")
        transport.protocol.dataReceived(b"of it")
        transport.protocol.readConnectionLost()
        self.assertEqual(self.lines[3:], [b"all of it"])

    def test_second_read_while_one_is_pending(self) -> None:
        """Reads are served in order, one delivery each."""
        transport = self.connect(
            "for i = 1, 3 do s:read({success = function(d) print(i, d) end}) end"
        )
        for data in (b"a", b"b", b"c"):
            transport.protocol.dataReceived(data)
        self.assertEqual(self.lines, [b"1\ta", b"2\tb", b"3\tc"])

    def test_too_many_reads(self) -> None:
        self.connect("for i = 1, 65 do s:read({error = print}) end")
        self.assertEqual(self.lines, [b"64 reads are waiting already\tlimit"])

    def test_write(self) -> None:
        """Back to back writes keep their order and every byte."""
        transport = self.connect(
            "local t = {} for i = 0, 255 do t[#t+1] = string.char(i) end"
            " s:write(table.concat(t), {success = function(...) print('ok', ...) end}) s:send('x') print('called')"
        )
        self.assertEqual(transport.value(), ALL_BYTES + b"x")
        self.assertEqual(self.lines, [b"called", b"ok"])

    def test_write_of_a_number(self) -> None:
        transport = self.connect("s:write(42)")
        self.assertEqual(transport.value(), b"42")

    def test_peer_closes(self) -> None:
        """Bytes first, then eof for reads and state for writes, and nothing is left."""
        transport = self.connect("")
        transport.protocol.dataReceived(b"last")
        transport.protocol.readConnectionLost()
        self.run_lua(
            "print(s:isConnected(), s) s:readUntil('x', {error = print}) s:read({success = print, error = print})"
            " s:read({error = print}) s:write('x', {error = print})"
        )
        self.assertEqual(
            self.lines,
            [
                b"false\tTCPSocket: 192.168.1.1:54321 (closed)",
                b"End of file\teof",
                b"last",
                b"End of file\teof",
                b"Not connected\tstate",
            ],
        )
        self.run_lua("print(s, eplua.stats().TCPSocket)")
        self.assertEqual(self.lines[5:], [b"TCPSocket: closed\tnil"])

    def test_pending_read_at_the_end(self) -> None:
        transport = self.connect("s:read({success = print, error = print})")
        transport.protocol.readConnectionLost()
        self.assertEqual(self.lines, [b"End of file\teof"])

    def test_reset(self) -> None:
        transport = self.connect("s:read({error = print}) s:readAll({error = print})")
        transport.protocol.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.lines, [b"Connection reset by peer\treset"] * 2)

    def test_read_times_out_and_loses_nothing(self) -> None:
        transport = self.connect("s:readExactly(5, {error = print})", "{timeout = 100}")
        transport.protocol.dataReceived(b"abc")
        self.reactor.advance(0.100)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])
        self.run_lua("s:read({success = print})")
        self.assertEqual(self.lines[1:], [b"abc"])
        self.run_lua("print(s:isConnected())")
        self.assertEqual(self.lines[2:], [b"true"])

    def test_read_in_time(self) -> None:
        transport = self.connect("s:read({success = print})", "{timeout = 100}")
        transport.protocol.dataReceived(b"abc")
        self.assertEqual(self.lines, [b"abc"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_flow_control(self) -> None:
        """Unread bytes stop the reading; reading them starts it again."""
        transport = self.connect("", "{maxBuffer = 10}")
        transport.protocol.dataReceived(b"x" * 10)
        self.assertEqual(transport.producerState, "paused")
        self.run_lua("s:read({success = print})")
        self.assertEqual(transport.producerState, "producing")

    def test_read_until_without_delimiter(self) -> None:
        transport = self.connect(
            "s:readUntil('\\n', {error = print})", "{maxBuffer = 10}"
        )
        transport.protocol.dataReceived(b"x" * 11)
        self.assertEqual(
            self.lines,
            [
                b"what comes before the delimiter is longer than 10 bytes (option maxBuffer)\tlimit"
            ],
        )
        self.run_lua("s:read({success = print})")
        self.assertEqual(self.lines[1:], [b"x" * 11])

    def test_read_exactly_too_much(self) -> None:
        self.connect("s:readExactly(11, {error = print})", "{maxBuffer = 10}")
        self.assertEqual(
            self.lines,
            [b"a read of 11 bytes is longer than 10 bytes (option maxBuffer)\tlimit"],
        )

    def stall(self, code: str, options: str) -> Transport:
        """A connection whose peer takes nothing more after the first write."""
        transport = self.connect("", options)
        write = transport.write

        def full(data: bytes) -> None:
            write(data)
            if transport.producer is not None:
                transport.producer.pauseProducing()

        transport.write = full
        self.run_lua(code)
        return transport

    def test_write_waits_for_a_slow_peer(self) -> None:
        """Success comes when less than maxWriteBuffer waits."""
        transport = self.stall(
            "s:write('12345', {success = function() print('first') end})"
            " s:write('67890', {success = function() print('second', s:bufferedAmount()) end})"
            " print(s:bufferedAmount())",
            "{maxWriteBuffer = 8}",
        )
        self.assertEqual(self.lines, [b"10", b"first"])
        transport.producer.resumeProducing()
        self.assertEqual(self.lines[2:], [b"second\t5"])
        self.assertEqual(transport.value(), b"1234567890")

    def test_write_buffer_is_bounded(self) -> None:
        self.stall(
            "for i = 1, 17 do s:write('12345678', {error = print}) end",
            "{maxWriteBuffer = 8}",
        )
        self.assertEqual(
            self.lines,
            [b"128 bytes wait to be sent already (option maxWriteBuffer)\tlimit"],
        )

    def test_write_times_out(self) -> None:
        """It aborts the connection, and a read that waits is told so too."""
        self.stall(
            "s:write('12345678', {error = print}) s:read({error = print})",
            "{maxWriteBuffer = 8, timeout = 100}",
        )
        self.reactor.advance(0.1)
        self.assertEqual(self.lines[0], b"Operation canceled\ttimeout")
        self.assertEqual(self.lines[1:], [b"Operation canceled\ttimeout"])
        self.run_lua("print(s:isConnected())")
        self.assertEqual(self.lines[2:], [b"false"])

    def test_pending_write_when_lost(self) -> None:
        transport = self.stall(
            "s:write('12345678', {error = print})", "{maxWriteBuffer = 8}"
        )
        transport.ended(ConnectionLost())
        self.assertEqual(self.lines, [b"Connection reset by peer\treset"])

    def test_close_flushes(self) -> None:
        """What was written before close is sent; its callbacks are dropped."""
        transport = self.stall(
            "s:write('12345678') s:write('9', {success = print, error = print}) s:close()",
            "{maxWriteBuffer = 8}",
        )
        self.assertFalse(transport.gone)
        transport.producer.resumeProducing()
        transport.producer.resumeProducing()
        self.assertTrue(transport.gone)
        self.assertEqual((transport.value(), self.lines), (b"123456789", []))

    def test_close_does_not_wait_for_ever(self) -> None:
        transport = self.stall("s:write('12345678') s:close()", "{maxWriteBuffer = 8}")
        self.reactor.advance(30)
        self.assertTrue(transport.gone)

    def test_close_drops_callbacks(self) -> None:
        transport = self.connect("s:read({success = print, error = print}) s:close()")
        self.assertTrue(transport.gone)
        self.assertEqual(self.lines, [])

    def test_close_in_a_callback(self) -> None:
        """An answer that is on its way to another callback is dropped too."""
        transport = self.connect(
            "s:readExactly(1, {success = function() print('one') s:close() end})"
            " s:readExactly(1, {success = print, error = print})"
        )
        transport.protocol.dataReceived(b"ab")
        self.assertEqual(self.lines, [b"one"])

    def test_close_in_any_state(self) -> None:
        self.run_lua("s = net.TCPSocket() s:close() s:close() print(s)")
        transport = self.connect("s:close() s:close()")
        self.assertTrue(transport.gone)
        self.run_lua("s:close() print(s:isConnected())")
        self.assertEqual(self.lines, [b"TCPSocket: closed", b"false"])

    def test_close_while_connecting(self) -> None:
        """No event at all."""
        self.run_lua(
            "s = net.TCPSocket() s:connect('127.0.0.1', 80, {success = print, error = print}) s:close()"
        )
        self.turn()
        self.assertEqual(self.lines, [])

    def test_waiting_task_is_told_of_close(self) -> None:
        self.connect("task.start(function() print(s:read()) end) s:close()")
        self.assertEqual(self.lines, [b"nil\tOperation canceled\tclosed"])

    def test_error_in_a_callback(self) -> None:
        """It is reported once, and the connection goes on."""
        transport = self.connect("s:read({success = function() error('mine') end})")
        transport.protocol.dataReceived(b"x")
        self.assertEqual(len(self.errors), 1)
        self.assertTrue(self.errors[0].startswith("test.lua:1: mine\nstack traceback:"))
        self.run_lua("s:read({success = print})")
        transport.protocol.dataReceived(b"more")
        self.assertEqual(self.lines, [b"more"])

    def test_shutdown(self) -> None:
        """Writing ends, reading goes on."""
        transport = self.connect("s:shutdown({success = function() print('shut') end})")
        self.run_lua("s:write('x', {error = print}) s:read({success = print})")
        transport.protocol.dataReceived(b"still")
        self.assertEqual(self.lines, [b"shut", b"Not connected\tstate", b"still"])

    def test_options_of_the_transport(self) -> None:
        transport = self.connect("", "{noDelay = false, keepAlive = true}")
        self.assertEqual((transport.no_delay, transport.keep_alive), (False, True))
        transport = self.connect("")
        self.assertEqual((transport.no_delay, transport.keep_alive), (True, False))

    def test_tostring(self) -> None:
        self.connect("print(s)")
        self.assertEqual(self.lines, [b"TCPSocket: 192.168.1.1:54321 (connected)"])

    def test_collected_leftovers(self) -> None:
        """Unread bytes of a closed connection go when the script lost its socket."""
        transport = self.connect("")
        transport.protocol.dataReceived(b"unread")
        transport.protocol.readConnectionLost()
        self.run_lua(
            "print(eplua.stats().TCPSocket) s = nil collectgarbage() collectgarbage()"
        )
        self.run_lua(
            "local t = net.TCPSocket() t:connect('127.0.0.1', 1, {}) t:close() setTimeout(function()"
            " print(eplua.stats().TCPSocket) end, 0)"
        )
        self.turn(2)
        self.assertEqual(self.lines, [b"1", b"nil"])


class ConnectTests(LuaTestCase):
    def test_timeout(self) -> None:
        """10 s by default; an option; 0 for none."""
        for options, time in (("", 10.0), ("{timeout = 500}", 0.5)):
            self.lines.clear()
            self.run_lua(
                f"net.TCPSocket({options}):connect('127.0.0.1', 80, {{error = print}})"
            )
            self.reactor.advance(time - 0.01)
            self.assertEqual(self.lines, [])
            self.reactor.advance(0.02)
            self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])
        self.lines.clear()
        self.run_lua(
            "s = net.TCPSocket({timeout = 0}) s:connect('127.0.0.1', 80, {error = print})"
        )
        self.reactor.advance(1000)
        self.assertEqual(self.lines, [])
        self.run_lua("s:close()")

    def refuse(self) -> None:
        connector = self.reactor.connectors[-1]
        self.reactor.tcpClients[-1][2].clientConnectionFailed(
            connector, Failure(Refused())
        )

    def test_refused_and_again(self) -> None:
        """After a failure the same object can be connected again."""
        self.run_lua(
            "s = net.TCPSocket() s:connect('127.0.0.1', 80, {error = function(...)"
            " print(...) print(s) s:connect('127.0.0.1', 81, {error = print}) end})"
        )
        self.refuse()
        self.turn()
        self.assertEqual(
            self.lines, [b"Connection refused\trefused", b"TCPSocket: closed"]
        )
        self.assertEqual(self.reactor.tcpClients[-1][1], 81)
        self.refuse()
        self.assertEqual(len(self.lines), 3)

    def test_while_connecting(self) -> None:
        self.run_lua(
            "s = net.TCPSocket() s:connect('127.0.0.1', 80) s:connect('127.0.0.1', 80, {error = print})"
            " s:read({error = print}) s:write('x', {error = print})"
        )
        self.assertEqual(
            self.lines,
            [
                b"Already connecting\tstate",
                b"Not connected\tstate",
                b"Not connected\tstate",
            ],
        )
        self.run_lua("print(s)")
        self.assertEqual(self.lines[3:], [b"TCPSocket: connecting"])

    def test_before_connect(self) -> None:
        self.run_lua(
            "s = net.TCPSocket() for _, name in ipairs({'read', 'readAll', 'shutdown'}) do"
            " s[name](s, {error = print}) end s:write('x', {error = print})"
            " print(s:localAddress()) print(s:peerAddress()) print(s:isConnected(), s:bufferedAmount())"
        )
        self.assertEqual(
            self.lines,
            [b"nil\tNot connected\tstate"] * 2
            + [b"false\t0"]
            + [b"Not connected\tstate"] * 4,
        )

    def test_local_address(self) -> None:
        self.run_lua(
            "s = net.TCPSocket({localAddress = '127.0.0.9'}) s:connect('127.0.0.1', 80)"
        )
        self.assertEqual(self.reactor.tcpClients[-1][4], ("127.0.0.9", 0))

    def test_unheard_error(self) -> None:
        """Without an error callback one warning names the script's file and line."""
        warnings: list[Any] = []
        from twisted.logger import globalLogPublisher

        globalLogPublisher.addObserver(warnings.append)
        self.addCleanup(globalLogPublisher.removeObserver, warnings.append)
        self.run_lua("\n\nnet.TCPSocket():connect('127.0.0.1', 80, {success = print})")
        self.refuse()
        texts = [event["text"] for event in warnings if "text" in event]
        self.assertEqual(
            texts,
            ["test.lua:3: Connection refused (refused; no error callback was given)"],
        )

    def test_bad_arguments(self) -> None:
        for call, what in (
            ("connect()", "#1 to 'connect' (host: string expected, got nil)"),
            ("connect('')", "#1 to 'connect' (host: string expected"),
            ("connect('a b', 1)", "#1 to 'connect' (host: name or address expected"),
            ("connect('h', 0)", "(port: integer 1..65535 expected, got 0)"),
            ("connect('h', 70000)", "(port: integer 1..65535 expected, got 70000)"),
            ("connect('h', 1.5)", "(port: integer 1..65535 expected, got 1.5)"),
            ("connect('h', {})", "(port: integer 1..65535 expected, got table)"),
            ("connect('unix:/x', 5)", "(port: nil for a UNIX socket expected, got 5)"),
            ("connect('h', 1, print)", "(callbacks: table expected, got function)"),
            (
                "connect('h', 1, {success = 1})",
                "(callbacks.success: function expected, got 1)",
            ),
            ("write()", "#1 to 'write' (data: string expected, got nil)"),
            ("write({})", "#1 to 'write' (data: string expected, got table)"),
            ("readUntil('')", "(delimiter: at least one byte expected"),
            ("readUntil()", "(delimiter: string expected, got nil)"),
            ("readExactly('x')", '(count: integer of at least 0 expected, got "x")'),
            ("readExactly(-1)", "(count: integer of at least 0 expected, got -1)"),
        ):
            self.lines.clear()
            self.run_lua(
                f"local s = net.TCPSocket()\nprint(select(2, pcall(function() s:{call} end)))"
            )
            self.assertIn(what.encode(), self.lines[0], call)
            self.assertTrue(
                self.lines[0].startswith(b"test.lua:2: bad argument"), self.lines
            )

    def test_bad_options(self) -> None:
        for options, what in (
            (
                "{timeout = 'x'}",
                "option timeout: a finite number of milliseconds, at least 0 expected",
            ),
            ("{noDelay = 1}", "option noDelay: boolean expected, got 1"),
            ("{maxBuffer = 0}", "option maxBuffer: positive integer expected, got 0"),
            ("5", "#1 to 'TCPSocket' (options: table expected, got 5)"),
        ):
            self.lines.clear()
            self.run_lua(
                f"print(select(2, pcall(function() net.TCPSocket({options}) end)))"
            )
            self.assertIn(what.encode(), self.lines[0], options)

    def test_an_unknown_option_warns_once(self) -> None:
        """HC3's constructors take what they do not know."""
        events: list[LogEvent] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        self.run_lua("for i = 1, 3 do net.TCPSocket({timeOut = 1}) end")
        self.assertEqual(
            [event["text"] for event in events if "text" in event],
            [
                "test.lua:1: 'TCPSocket' does not know \"timeOut\"; known: keepAlive,"
                " localAddress, maxBuffer, maxWriteBuffer, noDelay, timeout, tls"
            ],
        )

    def test_numeric_strings(self) -> None:
        """Ports and times may be strings of numbers, as HC3 scripts have them."""
        self.run_lua(
            "s = net.TCPSocket({timeout = '500'}) s:connect('127.0.0.1', '8080')"
        )
        self.assertEqual(self.reactor.tcpClients[-1][1], 8080)


for _case in (SocketTests, ConnectTests):
    globals().update(for_each_lua(_case))
del _case
