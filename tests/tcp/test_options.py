"""Options of TCPSocket and TCPServer: what is refused, and where."""

from __future__ import annotations

from tests.support import LuaTestCase, for_each_lua


class OptionTests(LuaTestCase):
    def test_bad_options(self) -> None:
        self.run_lua("long = {} for i = 1, 1e6 do long[i] = 'x' end")
        for options, what in (
            (
                "{timeout = 'x'}",
                "option timeout: a finite number of milliseconds, at least 0 expected",
            ),
            ("{noDelay = 1}", "option noDelay: boolean expected, got 1"),
            ("{maxBuffer = 0}", "option maxBuffer: positive integer expected, got 0"),
            (
                "{localAddress = 'nonsense'}",
                "option localAddress: IPv4 or IPv6 address",
            ),
            ("{localAddress = 'localhost'}", 'IPv6 address expected, got "localhost"'),
            (
                "{localAddress = 5}",
                "option localAddress: IPv4 or IPv6 address expected",
            ),
            ("{allowHalfOpen = 1}", "option allowHalfOpen: boolean expected, got 1"),
            (
                "{tls = {serverName = 'a\\0b'}}",
                "option tls.serverName: host name or address",
            ),
            (
                "{tls = {serverName = 'a b'}}",
                "serverName: host name or address expected",
            ),
            ("{tls = {serverName = ''}}", "serverName: host name or address expected"),
            (
                "{tls = {serverName = 'a..b'}}",
                "serverName: host name or address expected",
            ),
            ("{tls = {serverName = 5}}", "serverName: host name or address expected"),
            (
                "{tls = {minVersion = '1.4'}}",
                'minVersion: "1.0", "1.1", "1.2" or "1.3"',
            ),
            ("{tls = {minVersion = 0/0}}", "option tls.minVersion: "),
            ("{tls = {alpn = 'h2'}}", "option tls.alpn: array of at most 100 strings"),
            (
                "{tls = {alpn = {'h2', ''}}}",
                "option tls.alpn: array of at most 100 strings",
            ),
            (
                "{tls = {alpn = {'h2', 5}}}",
                "option tls.alpn: array of at most 100 strings",
            ),
            (
                "{tls = {alpn = {[1] = 'a', [3] = 'b'}}}",
                "option tls.alpn: array of at most",
            ),
            ("{tls = {alpn = {h2 = 'h2'}}}", "option tls.alpn: array of at most 100"),
            ("{tls = {alpn = long}}", "option tls.alpn: array of at most 100 strings"),
            ("{tls = {legacy = 'yes'}}", "option tls.legacy: boolean expected"),
            ("5", "#1 to 'TCPSocket' (options: table expected, got 5)"),
        ):
            self.assertRaisedAtLine(f"net.TCPSocket({options})", what)

    def test_bad_options_of_a_server(self) -> None:
        for options, what in (
            ("{backlog = 2^40}", "option backlog: integer 1..2147483647 expected"),
            ("{backlog = 0}", "option backlog: integer 1..2147483647 expected"),
            ("{maxConnections = 1.5}", "option maxConnections: positive integer"),
            ("{idleTimeout = -1}", "option idleTimeout: a finite number"),
            (
                "{backlogs = 1}",
                'unknown option "backlogs"; known: allowHalfOpen, backlog',
            ),
        ):
            self.assertRaisedAtLine(f"net.TCPServer({options})", what)

    def test_an_unknown_option_warns_once(self) -> None:
        """HC3's constructors take what they do not know."""
        self.run_lua("for i = 1, 3 do net.TCPSocket({timeOut = 1}) end")
        self.assertWarned(
            "'TCPSocket' does not know \"timeOut\"; known: allowHalfOpen, keepAlive,"
            " localAddress, maxBuffer, maxWriteBuffer, noDelay, timeout, tls"
        )

    def test_numeric_strings(self) -> None:
        """Ports and times may be strings of numbers, as HC3 scripts have them."""
        self.run_lua(
            "s = net.TCPSocket({timeout = '500'}) s:connect('127.0.0.1', '8080')"
        )
        self.assertEqual(self.reactor.tcpClients[-1][1], 8080)


globals().update(for_each_lua(OptionTests))
