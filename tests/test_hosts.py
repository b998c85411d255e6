"""Hosts mean the same to every class."""

from __future__ import annotations

from tests.support import LuaTestCase

CLIENTS = {
    "tcp": 'net.TCPSocket():connect("HOST", 80, {error = failed})',
    "tls": "net.TCPSocket({tls = {allowUnauthorized = true}})"
    ':connect("HOST", 80, {error = failed})',
    "http": 'net.HTTPClient():request("http://HOST/", {error = failed})',
    "https": "net.HTTPClient({tls = {allowUnauthorized = true}})"
    ':request("https://HOST:80/", {error = failed})',
    "proxy": 'net.HTTPClient({proxy = "http://HOST:80"})'
    ':request("http://other/", {error = failed})',
    "ws": "local ws = net.WebSocketClient()"
    ' ws:addEventListener("error", failed) ws:connect("ws://HOST/")',
    "wss": "local ws = net.WebSocketClientTls({tls = {allowUnauthorized = true}})"
    ' ws:addEventListener("error", failed) ws:connect("wss://HOST:80/")',
    "mqtt": 'local c = mqtt.Client.connect("mqtt://HOST:80", {})'
    ' c:addEventListener("error", function(e) failed(e.message) end)',
    "mqtts": 'local c = mqtt.Client.connect("mqtts://HOST:80",'
    " {tls = {allowUnauthorized = true}})"
    ' c:addEventListener("error", function(e) failed(e.message) end)',
    "mqtt over wss": 'local c = mqtt.Client.connect("wss://HOST:80",'
    " {tls = {allowUnauthorized = true}})"
    ' c:addEventListener("error", function(e) failed(e.message) end)',
    "mqtt over ws": 'local c = mqtt.Client.connect("ws://HOST:80", {})'
    ' c:addEventListener("error", function(e) failed(e.message) end)',
}
"""What connects to port 80 of C{HOST}."""

OTHERS = {
    "resolve": 'net.resolve("HOST", {error = failed})',
    "udp sendTo": 'net.UDPSocket():sendTo("x", "HOST", 80, {error = failed})',
    "udp connect": 'net.UDPSocket():connect("HOST", 80, {error = failed})',
    "udp bind": 'net.UDPSocket():bind("HOST", 0, {error = failed})',
    "dtls": "net.UDPSocket({tls = {allowUnauthorized = true}})"
    ':connect("HOST", 80, {error = failed})',
    "TCPServer": 'net.TCPServer():start("HOST", 0, print, {error = failed})',
    "HTTPServer": 'net.HTTPServer():start("HOST", 0, print, {error = failed})',
    "WebSocketServer": 'net.WebSocketServer():start("HOST", 0, {error = failed})',
}

URLS = {"http", "https", "proxy", "ws", "wss", "mqtt", "mqtts"}
URLS |= {"mqtt over ws", "mqtt over wss"}
"""Those where the host is in a URL."""

LISTENING = {"udp bind", "TCPServer", "HTTPServer", "WebSocketServer"}

IMPOSSIBLE = ("a..b", ".x", "%41", "a|b", "x" * 64, "a^b", ".".join(["xy"] * 90))

BEFORE = "local function failed(message, code) print(message) end "


class HostTests(LuaTestCase):
    def run_with(self, code: str, host: str) -> None:
        self.lines.clear()
        self.run_lua(BEFORE + code.replace("HOST", host))
        self.turn(2)

    def test_underscores(self) -> None:
        """They are usual in routers and containers."""
        self.reactor.nameResolver.addresses["my_device"] = ["10.9.8.7"]
        for name, code in CLIENTS.items():
            self.reactor.tcpClients.clear()
            self.run_with(code, "my_device")
            self.assertEqual(
                [each[:2] for each in self.reactor.tcpClients], [("10.9.8.7", 80)], name
            )
        for name, code in OTHERS.items():
            self.reactor.nameResolver.asked.clear()
            self.run_with(code, "my_device")
            self.assertEqual(self.reactor.nameResolver.asked, ["my_device"], name)

    def test_every_address_is_tried(self) -> None:
        addresses = ["10.9.8.7", "::5"]
        self.reactor.nameResolver.addresses["two"] = addresses
        for name, code in CLIENTS.items():
            self.reactor.tcpClients.clear()
            self.run_with(code, "two")
            self.reactor.refuse()
            self.turn()
            tried = [each[0] for each in self.reactor.tcpClients]
            self.assertEqual(tried, addresses, name)

    def test_other_letters(self) -> None:
        for name, code in (CLIENTS | OTHERS).items():
            self.reactor.nameResolver.asked.clear()
            self.run_with(code, "gerät")
            self.assertEqual(self.reactor.nameResolver.asked, ["xn--gert-noa"], name)

    def test_zones(self) -> None:
        """The interface is used, by name and, in URLs, behind C{%25}."""
        for name, code in CLIENTS.items():
            for zone in ("%25lo", "%lo") if name in URLS else ("%lo",):
                self.reactor.tcpClients.clear()
                host = f"[fe80::1{zone}]" if name in URLS else f"fe80::1{zone}"
                self.run_with(code, host)
                tried = [each[0] for each in self.reactor.tcpClients]
                self.assertEqual(tried, ["fe80::1%1"], (name, zone, self.lines))

    def test_unknown_zones(self) -> None:
        for name, code in (CLIENTS | OTHERS).items():
            host = "[fe80::1%25nonsense]" if name in URLS else "fe80::1%nonsense"
            self.run_with(code, host)
            self.assertEqual(self.lines, [b"Host not found"], name)

    def test_impossible_names(self) -> None:
        """They are C{dns}, as names that do not exist; a proxy is an option, and raises."""
        for name, code in (CLIENTS | OTHERS).items():
            for host in IMPOSSIBLE:
                if name == "proxy":
                    self.assertRaisedAtLine(
                        code.replace("HOST", host), "URL with a host name expected"
                    )
                    continue
                self.run_with(code, host)
                self.assertEqual(self.lines, [b"Host not found"], (name, host))
        self.assertEqual((self.errors, self.reactor.nameResolver.asked), ([], []))

    def test_settings_that_nobody_has_filled_in(self) -> None:
        """They are C{dns} too; what listens is the script's own, and raises."""
        for name, code in (CLIENTS | OTHERS).items():
            for host in ("", "a b", " "):
                self.turn()
                if name in LISTENING:
                    self.assertRaisedAtLine(code.replace("HOST", host), "(host: name")
                elif name != "proxy":
                    self.run_with(code, host)
                    self.assertEqual(self.lines, [b"Host not found"], (name, host))
        self.assertEqual((self.errors, self.reactor.nameResolver.asked), ([], []))

    def test_impossible_names_are_not_asked_of_a_proxy(self) -> None:
        for proxy in ("http", "socks5"):
            for url in ("http://a..b/", "https://a..b/", f"http://{'x' * 300}/"):
                self.run_with(
                    f"net.HTTPClient({{proxy = '{proxy}://127.0.0.1:80'}})"
                    ":request('HOST', {error = failed})",
                    url,
                )
                self.assertEqual(self.lines, [b"Host not found"], (proxy, url))
        self.assertEqual(self.reactor.tcpClients, [])

    def test_a_task_that_asks_for_an_impossible_name_waits(self) -> None:
        """Others have their turn between two of its requests."""
        self.run_lua(
            """
            task.start(function()
              for _ = 1, 2 do print(net.HTTPClient():request("http://a..b/")) end
            end)
            setTimeout(print, 0, "timer")
            """
        )
        self.turn(3)
        self.assertEqual(
            sorted(self.lines), [b"nil\tHost not found\tdns"] * 2 + [b"timer"]
        )

    def test_empty_and_numbers(self) -> None:
        """Whoever passes no text is told at the script's line."""
        self.assertRaisedAtLine("net.resolve(5)", "name: string expected, got 5")
        self.assertRaisedAtLine("net.resolve()", "name: string expected, got nil")
        for code in OTHERS.values():
            if "resolve" not in code:
                self.assertRaisedAtLine(code.replace('"HOST"', "5"), "host: string")
