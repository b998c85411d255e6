"""Getting connected, in memory: phases, time limits, errors, and closing in each."""

from __future__ import annotations

from tests.support import LuaTestCase, for_each_lua


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
        self.reactor.refuse()

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
        self.run_lua("\n\nnet.TCPSocket():connect('127.0.0.1', 80, {success = print})")
        self.refuse()
        self.assertWarned(
            "test.lua:3: Connection refused (refused; no error callback was given)"
        )

    def test_bad_arguments(self) -> None:
        for call, what in (
            ("connect()", "#1 to 'connect' (host: string expected, got nil)"),
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
            self.assertRaisedAtLine(f"net.TCPSocket():{call}", what)


class PhaseTests(LuaTestCase):
    """
    An attempt is ended in each of its phases: the lookup of the name, the connection,
    the TLS handshake.
    """

    PHASES = (
        ("", "lookup"),
        ("", "connection"),
        ("allowUnauthorized = true", "lookup"),
        ("allowUnauthorized = true", "connection"),
        ("allowUnauthorized = true", "handshake"),
    )

    def begin(self, tls: str, phase: str, code: str) -> None:
        """Run a script that connects C{s} to C{slow}, up to a phase."""
        self.lines.clear()
        names = self.reactor.nameResolver
        names.held.add("slow")
        tls = f"tls = {{{tls}}}" if tls else ""
        self.run_lua(f"s = net.TCPSocket({{{tls}}}) {code}")
        if phase != "lookup":
            names.answer("slow")
            self.turn()
        if phase == "handshake":
            self.peer = self.reactor.accept()
            self.assertTrue(self.peer.received().startswith(b"\x16\x03"))

    def check_nothing_is_left(self, phase: str) -> None:
        self.reactor.nameResolver.answer("slow")
        self.turn(3)
        if phase == "handshake":
            self.assertTrue(self.peer.gone)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.run_lua("print('open', eplua.stats().TCPSocket)")
        self.assertEqual(self.lines.pop(), b"open\tnil")

    def test_close(self) -> None:
        """No callback is called, and nothing is left."""
        for tls, phase in self.PHASES:
            code = "s:connect('slow', 80, {success = print, error = print})"
            self.begin(tls, phase, code)
            self.run_lua("s:close() print(s)")
            self.check_nothing_is_left(phase)
            self.assertEqual(self.lines, [b"TCPSocket: closed"], (tls, phase))

    def test_close_of_a_waiting_task(self) -> None:
        """It is told that the script closed, whatever the libraries say."""
        for tls, phase in self.PHASES:
            self.begin(
                tls, phase, "task.start(function() print(s:connect('slow', 80)) end)"
            )
            self.run_lua("s:close()")
            self.check_nothing_is_left(phase)
            expected = [b"nil\tOperation canceled\tclosed"]
            self.assertEqual(self.lines, expected, (tls, phase))

    def test_close_and_connect_again(self) -> None:
        """The old attempt says nothing to the new one."""
        for tls, phase in self.PHASES:
            code = "s:connect('slow', 80, {success = print, error = print})"
            self.begin(tls, phase, code)
            self.run_lua(
                "s:close() s:connect('127.0.0.1', 81, {error = print}) print(s)"
            )
            self.assertEqual(self.reactor.tcpClients[-1][1], 81)
            self.reactor.refuse()
            self.turn()
            self.assertEqual(
                self.lines,
                [b"TCPSocket: connecting", b"Connection refused\trefused"],
                (tls, phase),
            )
            self.check_nothing_is_left(phase)

    def test_timeout(self) -> None:
        """One limit for all phases together."""
        for tls, phase in self.PHASES:
            code = "s:connect('slow', 80, {success = print, error = print})"
            self.begin(tls, phase, code)
            self.reactor.advance(9.9)
            self.assertEqual(self.lines, [])
            self.reactor.advance(0.1)
            self.turn()
            expected = [b"Operation canceled\ttimeout"]
            self.assertEqual(self.lines, expected, (tls, phase))
            self.check_nothing_is_left(phase)

    def test_stop(self) -> None:
        """The runtime stops without an answer."""
        for tls, phase in self.PHASES:
            self.runtime = self.make_runtime()
            code = "s:connect('slow', 80, {success = print, error = print})"
            self.begin(tls, phase, code)
            self.stop(self.runtime)
            self.assertEqual(self.lines, [], (tls, phase))

    def test_close_during_start_tls(self) -> None:
        """While what goes before is sent, and during the handshake."""
        for stalled in (True, False):
            self.lines.clear()
            self.run_lua("s = net.TCPSocket() s:connect('127.0.0.1', 80)")
            peer = self.reactor.accept()
            if stalled:
                peer.stall()
            self.run_lua(
                "s:write('before') task.start(function() print(s:startTLS()) end)"
            )
            self.turn()
            self.run_lua("print(s:isConnected()) s:close()")
            self.turn(3)
            self.assertTrue(peer.gone)
            self.assertEqual(self.lines, [b"false", b"nil\tOperation canceled\tclosed"])

    def test_start_tls_after_the_end_of_the_peer(self) -> None:
        """There is nobody to shake hands with."""
        self.run_lua(
            "s = net.TCPSocket({allowHalfOpen = true}) s:connect('127.0.0.1', 80)"
        )
        peer = self.reactor.accept()
        peer.shutdown()
        self.turn()
        self.run_lua("print(s:isConnected()) s:startTLS(true, {error = print})")
        self.run_lua("s:close()")
        self.assertEqual(self.lines, [b"true", b"Not connected\tstate"])


for _case in (ConnectTests, PhaseTests):
    globals().update(for_each_lua(_case))
del _case
