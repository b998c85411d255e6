"""A connected socket in memory: reading, writing, closing, time limits."""

from __future__ import annotations

from tests.support import ALL_BYTES, LuaTestCase, RemotePeer, for_each_lua


class SocketTests(LuaTestCase):
    """One socket, connected to a peer that the test holds."""

    def connect(self, code: str, options: str = "") -> RemotePeer:
        self.run_lua(
            f"s = net.TCPSocket({options}) s:connect('127.0.0.1', 80, {{success = function() {code} end,"
            " error = print})"
        )
        peer = self.reactor.accept()
        self.turn()
        return peer

    def test_read(self) -> None:
        """What has arrived, unchanged, at once or when it comes."""
        peer = self.connect("s:read({success = print})")
        peer.send(ALL_BYTES)
        self.assertEqual(self.lines, [ALL_BYTES])

    def test_read_what_has_arrived(self) -> None:
        peer = self.connect("")
        peer.send(b"one")
        peer.send(b"two")
        self.run_lua("s:read({success = print}) print('called')")
        self.assertEqual(self.lines, [b"called", b"onetwo"])

    def test_read_exactly_gives_so_many_bytes(self) -> None:
        peer = self.connect("s:readExactly(3, {success = print})")
        peer.send(b"ab", b"cd")
        self.assertEqual(self.lines, [b"abc"])

    def test_read_until_gives_what_comes_before_the_delimiter(self) -> None:
        peer = self.connect("s:readUntil('\\r\\n', {success = print})")
        peer.send(b"line\r", b"\nrest")
        self.assertEqual(self.lines, [b"line"])

    def test_read_all_gives_what_comes_before_the_end(self) -> None:
        peer = self.connect("s:readAll({success = print})")
        peer.send(b"all ", b"of it")
        self.assertEqual(self.lines, [])
        peer.close()
        self.assertEqual(self.lines, [b"all of it"])

    def test_reads_of_different_kinds_take_their_turns(self) -> None:
        peer = self.connect(
            "s:readExactly(3, {success = print}) s:readUntil('\\r\\n', {success = print})"
            " s:read({success = print}) s:readAll({success = print})"
        )
        peer.send(b"abcline\r\nrest", b"all")
        peer.close()
        self.assertEqual(self.lines, [b"abc", b"line", b"rest", b"all"])

    def test_second_read_while_one_is_pending(self) -> None:
        """Reads are served in order, one delivery each."""
        peer = self.connect(
            "for i = 1, 3 do s:read({success = function(d) print(i, d) end}) end"
        )
        for data in (b"a", b"b", b"c"):
            peer.send(data)
        self.assertEqual(self.lines, [b"1\ta", b"2\tb", b"3\tc"])

    def test_too_many_reads(self) -> None:
        self.connect("for i = 1, 65 do s:read({error = print}) end")
        self.assertEqual(
            self.lines, [b"64 reads wait already, and no option allows more\tlimit"]
        )

    def test_write(self) -> None:
        """Back to back writes keep their order and every byte."""
        peer = self.connect(
            "local t = {} for i = 0, 255 do t[#t+1] = string.char(i) end"
            " s:write(table.concat(t), {success = function(...) print('ok', ...) end}) s:send('x') print('called')"
        )
        self.assertEqual(peer.received(), ALL_BYTES + b"x")
        self.assertEqual(self.lines, [b"called", b"ok"])

    def test_write_of_a_number(self) -> None:
        peer = self.connect("s:write(42)")
        self.assertEqual(peer.received(), b"42")

    def test_peer_closes(self) -> None:
        """Bytes first, then eof for reads and state for writes, and nothing is left."""
        peer = self.connect("")
        peer.send(b"last")
        peer.close()
        self.turn()
        self.run_lua(
            "print(s:isConnected(), s) s:readUntil('x', {error = print}) s:read({success = print, error = print})"
            " s:read({error = print}) s:write('x', {error = print})"
        )
        self.assertEqual(
            self.lines,
            [
                b"false\tTCPSocket: 127.0.0.1:80 (closed)",
                b"End of file\teof",
                b"last",
                b"End of file\teof",
                b"Not connected\tstate",
            ],
        )
        self.run_lua("print(s, eplua.stats().TCPSocket)")
        self.assertEqual(self.lines[5:], [b"TCPSocket: closed\tnil"])

    def test_pending_read_at_the_end(self) -> None:
        peer = self.connect("s:read({success = print, error = print})")
        peer.close()
        self.turn()
        self.assertEqual(self.lines, [b"End of file\teof"])

    def test_reset(self) -> None:
        peer = self.connect("s:read({error = print}) s:readAll({error = print})")
        peer.reset()
        self.assertEqual(self.lines, [b"Connection reset by peer\treset"] * 2)

    def test_read_times_out_and_loses_nothing(self) -> None:
        peer = self.connect("s:readExactly(5, {error = print})", "{timeout = 100}")
        peer.send(b"abc")
        self.reactor.advance(0.100)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])
        self.run_lua("s:read({success = print})")
        self.assertEqual(self.lines[1:], [b"abc"])
        self.run_lua("print(s:isConnected())")
        self.assertEqual(self.lines[2:], [b"true"])

    def test_full_while_a_read_waits_for_its_turn(self) -> None:
        """It will be served: that is no reason to take more from the peer."""
        peer = self.connect("", "{maxBuffer = 10}")
        self.run_lua(
            """
            for _ = 1, 600 do net.TCPSocket():read({error = function() end}) end
            s:read({success = print})
            """
        )
        peer.send(b"ten bytes.", b"more")
        self.assertTrue(peer.paused)
        self.reactor.settle()
        self.assertEqual(self.lines, [b"ten bytes."])
        self.assertFalse(peer.paused)

    def test_timeout_and_data_that_came_in_time(self) -> None:
        """The script is told of the data, however late its turn is."""
        peer = self.connect("", "{timeout = 100}")
        self.run_lua(
            """
            for _ = 1, 600 do net.TCPSocket():read({error = function() end}) end
            s:read({success = print, error = print})
            """
        )
        peer.send(b"in time")
        self.reactor.advance(0.2)
        self.reactor.settle()
        self.assertEqual(self.lines, [b"in time"])

    def test_read_in_time(self) -> None:
        peer = self.connect("s:read({success = print})", "{timeout = 100}")
        peer.send(b"abc")
        self.assertEqual(self.lines, [b"abc"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_refused_reads_leave_no_time_limit(self) -> None:
        """Too long, too many, after the end: each fails once, and nothing comes later."""
        peer = self.connect("", "{timeout = 100, maxBuffer = 10}")
        self.run_lua(
            "s:readExactly(11, {error = print})"
            " for i = 1, 65 do s:read({error = function(_, code) last = code end}) end"
        )
        peer.close()
        self.turn()
        self.run_lua("s:read({error = print}) print(last)")
        self.assertEqual(
            [line.split(b"\t")[-1] for line in self.lines], [b"limit", b"eof", b"eof"]
        )
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_flow_control(self) -> None:
        """Unread bytes stop the reading; reading them starts it again."""
        peer = self.connect("", "{maxBuffer = 10}")
        peer.send(b"x" * 10)
        self.assertTrue(peer.paused)
        self.run_lua("s:read({success = print})")
        self.assertFalse(peer.paused)

    def test_read_until_without_delimiter(self) -> None:
        peer = self.connect("s:readUntil('\\n', {error = print})", "{maxBuffer = 10}")
        peer.send(b"x" * 11)
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

    def stall(self, code: str, options: str) -> RemotePeer:
        """A connection whose peer takes nothing."""
        peer = self.connect("", options)
        peer.stall()
        self.run_lua(code)
        return peer

    def test_write_waits_for_a_slow_peer(self) -> None:
        """Success comes when less than maxWriteBuffer waits."""
        peer = self.stall(
            "s:write('12345', {success = function() print('first') end})"
            " s:write('67890', {success = function() print('second', s:bufferedAmount()) end})"
            " print(s:bufferedAmount())",
            "{maxWriteBuffer = 8}",
        )
        self.assertEqual(self.lines, [b"10", b"first"])
        peer.take(5)
        self.turn()
        self.assertEqual(self.lines[2:], [b"second\t5"])
        self.assertEqual(peer.received(), b"12345")
        peer.take()
        self.turn()
        self.assertEqual(peer.received(), b"67890")

    def test_write_buffer_is_bounded(self) -> None:
        self.stall(
            "for i = 1, 17 do s:write('12345678', {error = print}) end",
            "{maxWriteBuffer = 8}",
        )
        self.assertEqual(
            self.lines,
            [
                b"128 bytes wait to be sent already, and at most 128 may"
                b" (16 times the option maxWriteBuffer)\tlimit"
            ],
        )

    def test_write_times_out(self) -> None:
        """It aborts the connection, and a read that waits is told so too."""
        self.stall(
            "s:write('12345678', {error = print}) s:read({error = print})",
            "{maxWriteBuffer = 8, timeout = 100}",
        )
        self.reactor.advance(0.1)
        self.turn()
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"] * 2)
        self.run_lua("print(s:isConnected())")
        self.assertEqual(self.lines[2:], [b"false"])

    def test_pending_write_when_lost(self) -> None:
        peer = self.stall(
            "s:write('12345678', {error = print})", "{maxWriteBuffer = 8}"
        )
        peer.reset()
        self.assertEqual(self.lines, [b"Connection reset by peer\treset"])

    def test_close_flushes(self) -> None:
        """What was written before close is sent; its callbacks are dropped."""
        peer = self.stall(
            "s:write('12345678') s:write('9', {success = print, error = print}) s:close()",
            "{maxWriteBuffer = 8}",
        )
        self.turn()
        self.assertFalse(peer.gone)
        peer.take()
        self.reactor.settle()
        self.assertTrue(peer.gone)
        self.assertEqual((peer.received(), self.lines), (b"123456789", []))

    def test_close_does_not_wait_for_ever(self) -> None:
        """It ends when nothing has moved for 30 s."""
        peer = self.stall("s:write('12345678') s:close()", "{maxWriteBuffer = 8}")
        self.reactor.pump([7.5] * 3)
        peer.take(1)
        self.turn()
        self.reactor.pump([7.5] * 4)
        self.assertFalse(peer.gone)
        self.reactor.advance(7.5)
        self.turn()
        self.assertTrue(peer.gone)

    def test_close_drops_callbacks(self) -> None:
        peer = self.connect("s:read({success = print, error = print}) s:close()")
        self.turn()
        self.assertTrue(peer.gone)
        self.assertEqual(self.lines, [])

    def test_close_in_a_callback(self) -> None:
        """An answer that is on its way to another callback is dropped too."""
        peer = self.connect(
            "s:readExactly(1, {success = function() print('one') s:close() end})"
            " s:readExactly(1, {success = print, error = print})"
        )
        peer.send(b"ab")
        self.assertEqual(self.lines, [b"one"])

    def test_close_in_any_state(self) -> None:
        self.run_lua("s = net.TCPSocket() s:close() s:close() print(s)")
        peer = self.connect("s:close() s:close()")
        self.turn()
        self.assertTrue(peer.gone)
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
        peer = self.connect("s:read({success = function() error('mine') end})")
        peer.send(b"x")
        self.assertEqual(len(self.errors), 1)
        self.assertTrue(self.errors[0].startswith("test.lua:1: mine\nstack traceback:"))
        self.run_lua("s:read({success = print})")
        peer.send(b"more")
        self.assertEqual(self.lines, [b"more"])

    def test_shutdown(self) -> None:
        """Writing ends, reading goes on."""
        peer = self.connect("s:shutdown({success = function() print('shut') end})")
        self.turn()
        self.assertEqual(peer.ending, "half")
        self.run_lua("s:write('x', {error = print}) s:read({success = print})")
        peer.send(b"still")
        self.assertEqual(self.lines, [b"shut", b"Not connected\tstate", b"still"])

    def test_what_waits_is_sent_after_the_end_of_the_peer(self) -> None:
        peer = self.stall("s:write('12345678')", "{maxWriteBuffer = 8}")
        peer.shutdown()
        self.turn()
        peer.take()
        self.reactor.settle()
        self.assertEqual((peer.received(), peer.ending), (b"12345678", "closed"))

    def test_options_of_the_transport(self) -> None:
        peer = self.connect("", "{noDelay = false, keepAlive = true}")
        self.assertEqual((peer.no_delay, peer.keep_alive), (False, True))
        peer = self.connect("")
        self.assertEqual((peer.no_delay, peer.keep_alive), (True, False))

    def test_tostring(self) -> None:
        self.connect("print(s)")
        self.assertEqual(self.lines, [b"TCPSocket: 127.0.0.1:80 (connected)"])

    def lose(self) -> None:
        """The script loses its socket, and opens another one."""
        self.run_lua(
            "s = nil collectgarbage() collectgarbage() t = net.TCPSocket()"
            " t:connect('127.0.0.1', 1, {}) t:close()"
        )
        self.turn(2)

    def test_nobody_reads_a_collected_socket(self) -> None:
        """What comes is dropped, so that the peer's end is seen."""
        peer = self.connect("", "{maxBuffer = 10}")
        peer.send(b"x" * 10)
        self.assertTrue(peer.paused)
        self.lose()
        self.assertFalse(peer.paused)
        peer.send(b"x" * 100)
        peer.close()
        self.turn()
        self.run_lua("print(eplua.stats().TCPSocket)")
        self.assertEqual(self.lines, [b"nil"])

    def test_a_collected_socket_answers_its_reads(self) -> None:
        peer = self.connect("s:readExactly(3, {success = print})")
        self.lose()
        peer.send(b"abcdef")
        self.assertEqual(self.lines, [b"abc"])

    def test_nobody_closes_a_collected_socket(self) -> None:
        """The peer's end ends it, before and after it was collected."""
        for before in (True, False):
            peer = self.connect("", "{allowHalfOpen = true}")
            if before:
                peer.shutdown()
                self.turn()
                self.assertFalse(peer.gone)
            self.lose()
            if not before:
                peer.shutdown()
                self.turn()
            self.assertTrue(peer.gone)

    def test_collected_leftovers(self) -> None:
        """Unread bytes of a closed connection go when the script lost its socket."""
        peer = self.connect("")
        peer.send(b"unread")
        peer.close()
        self.turn()
        self.run_lua(
            "print(eplua.stats().TCPSocket) s = nil collectgarbage() collectgarbage()"
        )
        self.run_lua(
            "local t = net.TCPSocket() t:connect('127.0.0.1', 1, {}) t:close() setTimeout(function()"
            " print(eplua.stats().TCPSocket) end, 0)"
        )
        self.turn(2)
        self.assertEqual(self.lines, [b"1", b"nil"])


globals().update(for_each_lua(SocketTests))
