"""What an open connection does, in both roles: closing, pings, bounds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory import RemotePeer
from tests.support import for_each_lua
from tests.support.websocket import (
    BINARY,
    CLOSE,
    MASK,
    PING,
    TEXT,
    ClientCase,
    Frame,
    ServerCase,
    close,
    frame,
    frames,
)


class Role:
    """Mixed into a case of one role: the test plays the other one."""

    mask: bytes | None = None
    peer: RemotePeer
    lines: list[bytes]
    reactor: Any
    run_lua: Any
    turn: Any
    press: Any
    release: Any
    alive: Any
    flushLoggedErrors: Any
    assertEqual: Any
    assertTrue: Any
    assertFalse: Any
    assertIn: Any

    def fresh(self, options: str = "{compression = false}") -> None:
        """A new connection, on whose side of the script C{send(data)} etc. work."""
        raise NotImplementedError

    def ended(self) -> tuple[int, bytes]:
        """Code and reason that the script was told."""
        raise NotImplementedError

    def send(self, opcode: int, payload: bytes = b"", **how: Any) -> None:
        self.peer.send(frame(opcode, payload, mask=self.mask, **how))

    def got(self) -> list[Frame]:
        return list(frames(self.peer.received()))

    def check_anything(self, sent: list[bytes], shut: bool, resets: bool) -> None:
        """
        Whatever a peer sends, and however it leaves: one end is told, nothing is
        raised, nothing is left.
        """
        self.lines.clear()
        before = self.alive
        self.fresh("{}")
        for number, data in enumerate(sent):
            if data and not self.peer.gone:
                self.peer.send(data)
            if shut and number == 3:
                self.run_lua("shut(4000)")
        if not self.peer.gone:
            if resets:
                self.peer.reset()
            else:
                self.peer.close()
        self.reactor.settle()
        self.ended()
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertTrue(self.alive <= before + 1)


class Cases(Role):
    """What is so in both roles."""

    # Closing.

    def test_a_slow_peer_gets_all(self) -> None:
        """The close time runs only while nothing moves, however long it takes."""
        self.fresh()
        self.peer.stall()
        self.run_lua("for i = 1, 14 do send(('x'):rep(1000000)) end shut(4000, 'bye')")
        data = b""
        for _ in range(15):
            self.peer.take(1_000_000)
            self.reactor.advance(2)
            self.reactor.advance(2)
            data += self.peer.received()
        *messages, last = frames(data)
        self.assertEqual([len(each.payload) for each in messages], [1_000_000] * 14)
        self.assertEqual(last[:2], (CLOSE, close(4000, b"bye")))
        self.assertFalse(self.peer.gone)
        self.send(CLOSE, close(4000, b"bye"))
        self.peer.close()
        self.assertEqual(self.ended(), (4000, b"bye"))

    def test_a_peer_that_still_sends_is_heard_out(self) -> None:
        """What it sends before its close frame is progress too."""
        self.fresh()
        self.run_lua("shut(4000)")
        for _ in range(10):
            self.send(BINARY, bytes(1000))
            self.reactor.advance(4)
        self.send(CLOSE, close(4000))
        self.peer.close()
        self.assertEqual(self.ended(), (4000, b""))

    def test_a_peer_that_sends_for_ever_is_not(self) -> None:
        self.fresh()
        self.run_lua("shut(4000)")
        for _ in range(20):
            if not self.peer.gone:
                self.send(BINARY, bytes(1000))
            self.reactor.advance(4)
        self.assertTrue(self.peer.gone)
        self.assertEqual(self.ended()[0], 1006)

    def test_a_peer_that_does_nothing_has_five_seconds(self) -> None:
        self.fresh()
        self.peer.stall()
        self.run_lua("send(('x'):rep(1000000)) shut(4000, 'bye')")
        self.reactor.advance(4.9)
        self.assertFalse(self.peer.gone)
        self.reactor.advance(0.1)
        self.assertEqual(
            self.ended(), (1006, b"the closing handshake was not finished in time")
        )

    def test_a_peer_cannot_be_blamed_while_we_do_not_read(self) -> None:
        self.fresh("{compression = false, pingInterval = 1000, pingTimeout = 1000}")
        self.press()
        self.reactor.advance(1)
        for _ in range(10):
            self.reactor.advance(1)
        self.assertFalse(self.peer.gone)
        self.run_lua("shut(4000)")
        for _ in range(10):
            self.reactor.advance(1)
        self.assertFalse(self.peer.gone)
        self.send(CLOSE, close(4000))
        self.release()
        self.peer.close()
        self.assertEqual(self.ended()[0], 4000)

    def test_both_close_at_once(self) -> None:
        """All that was sent before arrives."""
        self.fresh()
        self.peer.stall()
        self.run_lua("send(('x'):rep(1000000)) shut(4000)")
        self.send(CLOSE, close(4001))
        self.turn(2)
        self.peer.take()
        data = b""
        for _ in range(50):
            self.turn()
            data += self.peer.received()
        self.assertEqual([each.opcode for each in frames(data)], [TEXT, CLOSE])
        self.peer.close()
        self.assertEqual(self.ended()[0], 4001)

    def test_a_reason_that_is_no_text(self) -> None:
        """It is refused, and nothing is closed."""
        self.fresh()
        self.run_lua("print(shut(4000, '\\255'))")
        self.assertEqual(
            self.lines[-1], b"nil\tthe reason of a close must be UTF-8\tprotocol"
        )
        self.run_lua("print(shut(4000, 'ü'))")
        self.assertEqual(self.lines[-1], b"true")
        self.assertEqual(self.got()[0].payload, close(4000, "ü".encode()))
        self.run_lua("print(shut(4001, 'again'))")
        self.assertEqual(self.got(), [])

    def test_a_number_is_a_reason(self) -> None:
        self.fresh()
        self.run_lua("shut('4000', 5)")
        self.assertEqual(self.got()[0].payload, close(4000, b"5"))

    def test_nothing_is_sent_after_a_close(self) -> None:
        for begin in ("shut()", ""):
            self.lines.clear()
            self.fresh()
            if begin:
                self.run_lua(begin)
            else:
                self.send(CLOSE, close(1000))
            self.got()
            self.run_lua("print(send('x'))")
            self.assertIn(b"nil\tNot connected\tstate", self.lines)
            self.assertEqual(self.got(), [])

    # Failing.

    def test_a_failed_connection_is_over_at_once(self) -> None:
        """The script is told; the peer gets the reason, and some time to read it."""
        self.fresh("{maxMessageSize = 1000, compression = false}")
        self.peer.send(frame(BINARY, bytes(2000), mask=self.mask)[:500])
        self.assertEqual(self.ended()[0], 1009)
        self.assertEqual(self.got()[0].payload[:2], close(1009))
        self.assertEqual((self.peer.ending, self.peer.gone), ("half", False))
        before = len(self.lines)
        # What still comes is thrown away.
        self.peer.send(bytes(1500))
        self.send(PING, b"x")
        self.send(TEXT, b"late")
        self.send(CLOSE, close(1000))
        self.turn(2)
        self.assertEqual((self.got(), self.lines[before:]), ([], []))
        self.peer.close()
        self.turn(2)
        self.assertTrue(self.peer.gone)

    def test_a_peer_that_does_not_leave_is_cut_off(self) -> None:
        self.fresh()
        self.send(3, b"")
        for _ in range(5):
            self.peer.send(bytes(1000))
            self.reactor.advance(1)
        self.turn()
        self.assertTrue(self.peer.gone)

    def test_a_failed_connection_does_not_keep_the_program_alive(self) -> None:
        self.fresh()
        before = self.alive
        self.send(3, b"")
        self.assertEqual(self.alive, before - 1)

    def test_messages_may_be_sent_that_must_not_come(self) -> None:
        """maxMessageSize bounds what comes."""
        self.fresh("{maxMessageSize = 1000, compression = false}")
        self.run_lua("print(send(('x'):rep(5000)))")
        self.assertEqual(self.lines[-1], b"true")
        self.assertEqual(len(self.got()[0].payload), 5000)

    def test_as_large_as_may_be(self) -> None:
        self.fresh("{maxMessageSize = 1000, compression = false}")
        self.send(BINARY, bytes(1000))
        self.send(BINARY, bytes(600), fin=False)
        self.send(0, bytes(400))
        self.send(BINARY, bytes(600), fin=False)
        self.send(0, bytes(401))
        self.assertEqual(self.ended()[0], 1009)

    def test_what_waits_for_a_slow_peer_is_bounded(self) -> None:
        self.fresh()
        self.peer.stall()
        self.run_lua(
            "local sent, message, code = 0 repeat sent = sent + 1 local ok"
            " ok, message, code = send(('x'):rep(1048576)) until not ok"
            " print(code, sent, message)"
        )
        (line,) = [each for each in self.lines if each.startswith(b"limit")]
        self.assertTrue(line.startswith(b"limit\t17\t"), line)
        self.assertIn(b"more than 16777216 (no option", line)

    # Pings.

    def test_a_slow_peer_is_not_dead(self) -> None:
        """What it takes shows that it lives, though the ping waits behind it."""
        self.fresh("{compression = false, pingInterval = 1000, pingTimeout = 500}")
        self.peer.stall()
        self.run_lua("for i = 1, 10 do send(('x'):rep(1000000)) end")
        for _ in range(20):
            self.peer.take(200_000)
            self.reactor.settle()
            self.reactor.advance(0.5)
            self.peer.received()
        self.assertFalse(self.peer.gone)
        for _ in range(8):
            self.reactor.advance(0.5)
        self.assertEqual(self.ended(), (1006, b"ping timeout"))

    def test_what_is_sent_to_a_dead_peer_is_no_life(self) -> None:
        self.fresh("{compression = false, pingInterval = 1000, pingTimeout = 500}")
        self.peer.stall()
        for _ in range(3):
            self.run_lua("send(('x'):rep(1000000))")
            self.reactor.advance(0.5)
        self.assertEqual(self.ended(), (1006, b"ping timeout"))

    def test_what_the_system_takes_is_no_life(self) -> None:
        """A peer that hangs while its system takes bytes does not answer."""
        self.fresh("{compression = false, pingInterval = 1000, pingTimeout = 500}")
        for _ in range(3):
            self.run_lua("send('x')")
            self.reactor.advance(0.5)
        self.assertEqual(self.ended(), (1006, b"ping timeout"))

    def test_pings_without_a_limit(self) -> None:
        """pingTimeout = 0: they only keep the connection in use."""
        self.fresh("{compression = false, pingInterval = 1000, pingTimeout = 0}")
        for _ in range(5):
            self.reactor.advance(1)
        self.assertEqual([each.opcode for each in self.got()], [PING] * 5)
        self.assertFalse(self.peer.gone)

    def test_no_ping_after_the_end(self) -> None:
        self.fresh("{compression = false, pingInterval = 1000}")
        self.run_lua("shut()")
        self.got()
        self.reactor.advance(1)
        self.assertEqual(self.got(), [])


JUNK = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            frame,
            st.integers(0, 15),
            st.binary(max_size=130),
            fin=st.booleans(),
            rsv=st.sampled_from([0, 0, 0, 4, 7]),
            mask=st.sampled_from([None, MASK]),
        ),
    ),
    max_size=8,
)
"""What a peer may send: frames, good and bad, and bytes that are none."""


class ClientRole(Role, ClientCase):
    """A script's client."""

    def fresh(self, options: str = "{compression = false}") -> None:
        self.peer = self.open(options)
        self.run_lua(
            "function send(data) return ws:send(data) end"
            " function shut(...) return ws:close(...) end"
        )

    def ended(self) -> tuple[int, bytes]:
        self.turn(2)
        (line,) = [each for each in self.lines if each.startswith(b"disconnected")]
        _, code, reason, _ = line.split(b"\t")
        return int(code), reason


class ServerRole(Role, ServerCase):
    """A script's server."""

    mask = MASK

    def fresh(self, options: str = "{compression = false}") -> None:
        self.serve(options)
        self.peer = self.client()
        self.run_lua(
            """
            local id = server:getClients()[1]
            function send(data) return server:send(id, data) end
            function shut(...) return server:close(id, ...) end
            """
        )

    def ended(self) -> tuple[int, bytes]:
        self.turn(2)
        (line,) = [each for each in self.lines if each.startswith(b"out")]
        _, code, reason = line.split(b"\t")
        return int(code), reason


class ClientConnectionTests(Cases, ClientRole):
    """A script's client."""


class ServerConnectionTests(Cases, ServerRole):
    """A script's server."""


class ClientAnythingTests(ClientRole):
    @settings(max_examples=150, deadline=None)
    @given(JUNK, st.booleans(), st.booleans())
    def test_anything(self, sent: list[bytes], shut: bool, resets: bool) -> None:
        self.check_anything(sent, shut, resets)


class ServerAnythingTests(ServerRole):
    @settings(max_examples=150, deadline=None)
    @given(JUNK, st.booleans(), st.booleans())
    def test_anything(self, sent: list[bytes], shut: bool, resets: bool) -> None:
        self.check_anything(sent, shut, resets)


globals().update(for_each_lua(ClientConnectionTests))
globals().update(for_each_lua(ServerConnectionTests))
