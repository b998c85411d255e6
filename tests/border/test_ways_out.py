"""Every known way out of the permissions, over the network; each leads nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import eplua_twisted
from eplua_twisted import Permissions
from eplua_twisted.files import lua_directory
from eplua_twisted.hc3.setup import Setup
from eplua_twisted.programs import Programs
from eplua_twisted.runtime_options import RuntimeOptions
from tests.support import LuaTestCase, for_each_lua
from tests.support.dtls import pems

NETWORK = {
    "an address": "net.TCPSocket():connect('127.0.0.1', 8080, r)",
    "a name of another": "net.TCPSocket():connect('evil.example', 8080, r)",
    "another port": "net.TCPSocket():connect('allowed.example', 8080, r)",
    "the address of a name": "net.TCPSocket():connect('192.0.2.5', 80, r)",
    "a name below": "net.TCPSocket():connect('x.allowed.example', 80, r)",
    "IPv4 in IPv6": "net.TCPSocket():connect('::ffff:127.0.0.1', 8080, r)",
    "IPv4 in IPv6, in hex": "net.TCPSocket():connect('::ffff:7f00:1', 8080, r)",
    "a zone": "net.TCPSocket():connect('::ffff:127.0.0.1%1', 8080, r)",
    "IPv6": "net.TCPSocket():connect('::1', 8080, r)",
    "any address": "net.TCPSocket():connect('0.0.0.0', 8080, r)",
    "a number": "net.TCPSocket():connect('2130706433', 8080, r)",
    "parts": "net.TCPSocket():connect('127.1', 8080, r)",
    "an answer of DNS": "net.TCPSocket():connect('rebound.example', 443, r)",
    "a UNIX socket": "net.TCPSocket():connect('unix:/tmp/some.sock', nil, r)",
    "a server": "net.TCPServer():start('127.0.0.1', 0, print, r)",
    "a server on a UNIX socket": (
        "net.TCPServer():start('unix:/tmp/new.sock', nil, print, r)"
    ),
    "an HTTP server": "net.HTTPServer():start('*', 0, print, r)",
    "a WebSocket server": (
        "net.WebSocketServer():start('*', 0, {started = r.success, error = r.error})"
    ),
    "a datagram": "net.UDPSocket():sendTo('x', '127.0.0.1', 5353, r)",
    "a datagram to IPv4 in IPv6": (
        "net.UDPSocket{ipv6 = true}:sendTo('x', '::ffff:127.0.0.1', 5353, r)"
    ),
    "a datagram by name": "net.UDPSocket():sendTo('x', 'evil.example', 5353, r)",
    "a datagram to all": (
        "net.UDPSocket{broadcast = true}:sendTo('x', '255.255.255.255', 5353, r)"
    ),
    "a datagram to a group": "net.UDPSocket():sendTo('x', '224.0.0.251', 5353, r)",
    "a peer": "net.UDPSocket():connect('127.0.0.1', 5353, r)",
    "a peer by name": "net.UDPSocket():connect('evil.example', 5353, r)",
    "a port": "net.UDPSocket():bind('*', 0, r)",
    "a group": "net.UDPSocket():joinGroup('224.0.0.251', nil, r)",
    "DTLS": "net.UDPSocket{tls = true}:connect('127.0.0.1', 5353, r)",
    "TLS": "net.TCPSocket{tls = true}:connect('127.0.0.1', 8080, r)",
    "a URL": "net.HTTPClient():request('http://127.0.0.1:8080/', r)",
    "a URL with user": "net.HTTPClient():request('http://allowed.example@127.0.0.1/', r)",
    "https": "net.HTTPClient():request('https://127.0.0.1:8080/', r)",
    "a URL in numbers": "net.HTTPClient():request('http://0x7f000001:8080/', r)",
    "a proxy": (
        "net.HTTPClient{proxy = 'http://127.0.0.1:8080'}"
        ":request('http://allowed.example/', r)"
    ),
    "what a proxy is asked for": (
        "net.HTTPClient{proxy = 'http://allowed.example:80'}"
        ":request('http://127.0.0.1:8080/', r)"
    ),
    "what a proxy is asked for by name": (
        "net.HTTPClient{proxy = 'http://198.51.100.7:443'}"
        ":request('http://rebound.example:443/', r)"
    ),
    "a tunnel": (
        "net.HTTPClient{proxy = 'http://allowed.example:80'}"
        ":request('https://127.0.0.1:8080/', r)"
    ),
    "SOCKS": (
        "net.HTTPClient{proxy = 'socks5://allowed.example:80'}"
        ":request('http://127.0.0.1:8080/', r)"
    ),
    "a WebSocket": """
        local ws = net.WebSocketClient()
        ws:addEventListener("connected", r.success) ws:addEventListener("error", r.error)
        ws:connect("ws://127.0.0.1:8080/")""",
    "wss": """
        local ws = net.WebSocketClientTls()
        ws:addEventListener("connected", r.success) ws:addEventListener("error", r.error)
        ws:connect("wss://127.0.0.1:8080/")""",
    **{
        uri: f"""
        local client = mqtt.Client.connect("{uri}127.0.0.1:8080", {{}})
        client:addEventListener("connected", r.success)
        client:addEventListener("error", function(e) r.error(e.message, e.message) end)"""
        for uri in ("mqtt://", "mqtts://", "ws://", "wss://")
    },
}
"""Ways to 127.0.0.1:8080 or :5353, or to be reached; `r` are callbacks."""


class NetworkTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor.nameResolver.addresses.update(
            {
                "allowed.example": ["192.0.2.5"],
                "Allowed.Example.": ["192.0.2.5"],
                "rebound.example": ["127.0.0.1"],
            }
        )

    def limited(self, **given: object) -> None:
        self.runtime = self.make_runtime(
            permissions=Permissions(
                allow_net=("allowed.example:80", "198.51.100.0/24:443")
            ),
            **given,
        )

    def denied(self, code: str) -> str:
        """What a piece of Lua was told."""
        self.run_lua(
            "r = {success = function() print('OUT') end,"
            f" error = function(message, code) print(code, message) end}} {code}"
        )
        self.reactor.settle()
        return b"".join(self.lines).decode()

    def test_nothing_gets_out(self) -> None:
        remote = self.reactor.bind("127.0.0.1", 5353)
        for sandbox in (False, True):
            self.limited(sandbox=sandbox)
            for name, code in NETWORK.items():
                self.lines.clear()
                said = self.denied(code)
                self.assertIn("denied", said.lower(), (name, said))
                self.assertRegex(said, "--(allow-net|allow-listen|allow-read)", name)
                self.assertEqual(self.reactor.tcpClients, [], name)
                self.assertEqual(self.reactor.tcpServers, [], name)
                self.assertEqual(self.reactor.unixClients, [], name)
                self.assertEqual(self.reactor.unixServers, [], name)
                self.assertEqual(self.errors, [], name)
        self.assertEqual(remote.received(), [])

    def test_a_question_to_dns(self) -> None:
        """Whoever may reach no addresses but by their names asks for no others."""
        self.runtime = self.make_runtime(
            permissions=Permissions(allow_net=["allowed.example:80"])
        )
        for code in (
            "net.resolve('secret.other.example', r)",
            "net.TCPSocket():connect('secret.other.example', 80, r)",
            "net.TCPSocket():connect('allowed.example', 81, r)",
            "net.UDPSocket():sendTo('x', 'secret.other.example', 80, r)",
            "net.HTTPClient():request('http://secret.other.example/', r)",
            "net.TCPServer():start('secret.other.example', 0, print, r)",
            "net.UDPSocket():bind('secret.other.example', 0, r)",
        ):
            self.lines.clear()
            self.assertTrue(self.denied(code).startswith("denied"), code)
        self.assertEqual(self.reactor.nameResolver.asked, [])
        self.run_lua("net.resolve('allowed.example', r)")
        self.assertEqual(self.reactor.nameResolver.asked, ["allowed.example"])

    def test_these_are_ways(self) -> None:
        """Without limits none of them is denied by us."""
        for code in NETWORK.values():
            self.run_lua(f"r = {{success = print, error = print}} {code}")
            self.turn(3)
        self.assertNotIn(b"--allow-", b"".join(self.lines))
        self.assertGreater(len(self.reactor.tcpClients), 20)
        self.assertGreater(len(self.reactor.tcpServers), 2)

    def test_a_redirect(self) -> None:
        self.limited()
        self.run_lua(
            "net.HTTPClient():request('http://allowed.example/',"
            " {options = {redirects = 5}, success = print, error = print})"
        )
        peer = self.reactor.accept()
        self.reactor.settle()
        peer.send(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:8080/\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        self.reactor.settle()
        self.assertIn(b"--allow-net=127.0.0.1:8080", self.lines[0])
        self.assertEqual(
            [each[:2] for each in self.reactor.tcpClients], [("192.0.2.5", 80)]
        )

    def test_what_is_allowed_goes(self) -> None:
        self.limited()
        self.run_lua(
            """
            socket = net.TCPSocket()
            socket:connect("Allowed.Example.", 80, {success = print, error = print})
            net.HTTPClient():request("https://rebound.example/", {error = print})
            net.HTTPClient():request("http://198.51.100.7:443/", {error = print})
            udp = net.UDPSocket()
            udp:sendTo("x", "198.51.100.7", 443, {error = print})
            """
        )
        self.reactor.settle()
        self.assertEqual(
            {each[:2] for each in self.reactor.tcpClients},
            {("192.0.2.5", 80), ("198.51.100.7", 443)},
        )
        self.assertEqual(len(self.lines), 1)
        self.assertIn(b"rebound.example:443", self.lines[0])

    def test_what_a_controller_fetches(self) -> None:
        """The proxy of a simulated controller, of one runtime and of several."""
        code = (
            "function QuickApp:onInit() local _, status ="
            " api.get('/proxy?url=http://127.0.0.1:8080/') print('status', status) end"
        )
        script = Path(self.mktemp()).resolve()
        script.write_text(code)
        self.limited(hc3=True)
        self.runtime.run_string(code)
        options: RuntimeOptions = {
            "reactor": self.reactor,
            "output": self.lines.append,
            "permissions": Permissions(deny_net=True),
        }
        clock: Any = self.reactor
        failed: list[Exception] = []
        programs = Programs(
            clock, clock, [str(script)], Setup(), failed.append, None, **options
        )
        begun = programs.begin()
        for _ in range(20):
            self.reactor.advance(0.01)
        self.successResultOf(begun)
        said = b"".join(self.lines)
        self.assertEqual((said.count(b"status 502"), failed), (2, []), said)
        self.assertEqual(self.reactor.tcpClients, [])
        stopped = programs.stop()
        self.reactor.pump([0, 0, 6, 0])
        self.successResultOf(stopped)

    def test_datagrams_of_others_are_not_heard(self) -> None:
        """A socket that sent something hears those that it may send to."""
        self.runtime = self.make_runtime(
            permissions=Permissions(allow_net=["allowed.example:5000", "198.51.100.7"])
        )
        self.run_lua(
            """
            udp = net.UDPSocket()
            local function receive()
              udp:receive({success = function(data) print(data) receive() end})
            end
            receive()
            udp:sendTo("x", "allowed.example", 5000, {error = print})
            udp:sendTo("x", "198.51.100.7", 5001, {error = print})
            """
        )
        self.reactor.settle()
        for host, port, text in (
            ("192.0.2.5", 5000, b"by name"),
            ("192.0.2.5", 5001, b"other port"),
            ("198.51.100.7", 9, b"network"),
            ("203.0.113.1", 5000, b"other"),
        ):
            _, bound = self.reactor.getReaders()[0].socket.getsockname()
            self.reactor.bind(host, port).send(text, ("127.0.0.1", bound))
        self.reactor.settle()
        self.assertEqual(self.lines, [b"by name", b"network"])


class FileTests(LuaTestCase):
    """Ways to files by the classes of net; and with limits, but no sandbox, by Lua."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(os.path.realpath(self.mktemp()))
        for name in ("read", "write", "out", "beside"):
            (self.root / name).mkdir(parents=True)
        (self.root / "out" / "secret").write_text("secret")
        (self.root / "out" / "secret.lua").write_text("return 'secret'")
        (self.root / "read" / "plain").write_text("plain")
        (self.root / "read" / "link").symlink_to(self.root / "out" / "secret")
        (self.root / "write" / "link").symlink_to(self.root / "out" / "secret")
        (self.root / "write" / "dir").symlink_to(self.root / "out")
        (self.root / "beside" / "link.lua").symlink_to(self.root / "out" / "secret.lua")
        (self.root / "beside" / "dir").symlink_to(self.root / "out")
        (self.root / "beside" / "good.lua").write_text("return 'good'")
        (self.root / "beside" / "notes.txt").write_text("return 'notes'")
        self.runtime = self.make_runtime(
            permissions=Permissions(
                allow_read=[self.root / "read"], allow_write=[self.root / "write"]
            )
        )

    def refused(self, code: str) -> None:
        """It returns nil and why, or raises that."""
        self.run_lua(f"local root = '{self.root}' print(pcall(function() {code} end))")
        said = self.lines.pop().decode()
        self.assertRegex(said, r"^(false\t|true\tnil\t|true\tfalse)", code)
        if "loadfile" not in code and "dofile" not in code and "require" not in code:
            self.assertIn("Permission denied", said, code)
            self.assertNotIn("<eplua>", said, code)

    def test_lua(self) -> None:
        for code in (
            "return io.open(root .. '/out/secret')",
            "return io.open(root .. '/read/../out/secret')",
            "return io.open(root .. '/read/link')",
            "return io.open('/proc/self/root' .. root .. '/out/secret')",
            "return io.open('/proc/self/environ')",
            "return io.open('/dev/fd/0')",
            r"return io.open(root .. '/out/secret\0')",
            "return io.open(root .. '/read/plain', 'r+')",
            "return io.open(root .. '/read/plain', 'a')",
            "return io.open(root .. '/read/new', 'w')",
            "return io.open(root .. '/write/new', 'w+')",
            "return io.open(root .. '/write/link', 'w')",
            "return io.open(root .. '/write/dir/new', 'w')",
            "return io.lines(root .. '/out/secret')",
            "return io.input(root .. '/out/secret')",
            "return io.output(root .. '/out/new')",
            "return io.popen('id')",
            "return os.execute('id')",
            "return os.remove(root .. '/out/secret')",
            "return os.remove(root .. '/write/dir/secret')",
            "return os.rename(root .. '/out/secret', root .. '/write/mine')",
            "return os.rename(root .. '/write/link', root .. '/read/mine')",
            "return os.tmpname()",
            "return io.tmpfile()",
            "return loadfile(root .. '/out/secret.lua')",
            "return dofile(root .. '/out/secret.lua')",
            "return net.HTTPServer():static('/', root .. '/out')",
            "return net.HTTPServer():static('/', root)",
            "return net.HTTPServer():static('/', root .. '/write/dir')",
            "net.TCPSocket{tls = {certificateAuthority = root .. '/out/secret'}}",
            "net.HTTPClient{tls = {clientCertificate = root .. '/out/secret',"
            " privateKey = root .. '/out/secret'}}",
            "net.HTTPServer{tls = {certificate = root .. '/out/secret',"
            " privateKey = root .. '/out/secret'}}",
            "mqtt.Client.connect('mqtts://x', {tls ="
            " {certificateAuthority = root .. '/out/secret'}})",
            "net.TCPSocket():startTLS({certificateAuthority = root .. '/read/link'})",
        ):
            self.refused(code)
        self.assertEqual((self.root / "out" / "secret").read_text(), "secret")
        self.assertEqual(len(list((self.root / "out").iterdir())), 2)

    def test_what_runs_the_script(self) -> None:
        """
        Its memory, its modules and the library are not written, and no directory takes
        their place, whichever limit there is: that would be a way round it.
        """
        package = Path(eplua_twisted.__file__).parent
        library = lua_directory()
        for given in (
            {"allow_read": ["/"]},
            {"allow_write": ["/"]},
            {"deny_net": True},
            {"allow_net": ["192.0.2.1"]},
        ):
            permissions = Permissions(**given)
            self.runtime = self.make_runtime(permissions=permissions)
            for code in (
                "return io.open('/proc/self/mem', 'r+')",
                "return io.open('/proc/self/mem', 'w')",
                "return io.open('/proc/thread-self/mem', 'w')",
                "return io.output('/proc/self/mem')",
                f"return io.open('{package}/new.py', 'w')",
                f"return io.open('{package.parent}/{package.name}/./new.py', 'a')",
                f"return io.open('{library}/new.lua', 'w')",
                f"return io.open('{os.__file__}', 'a')",
                f"return os.remove('{package}/new.py')",
                f"return os.rename(root .. '/read/plain', '{package}/new.py')",
                f"return os.rename('{package}', root .. '/write/mine')",
                f"return os.rename('{package.parent}', root .. '/write/mine')",
            ):
                self.refused(code)
        self.assertTrue(package.is_dir())
        self.run_lua(
            f"print(io.open('{self.root}/write/new', 'w'):write('x') ~= nil)"
            " print(io.open('/dev/stderr', 'a') ~= nil)"
        )
        self.assertEqual(self.lines, [b"true", b"true"])

    def test_what_is_allowed(self) -> None:
        self.run_lua(
            f"""
            local root = '{self.root}'
            print(io.open(root .. '/read/plain'):read('*a'))
            for line in io.lines(root .. '/read/plain') do print(line) end
            local file = io.open(root .. '/write/new', 'w')
            file:write('x')
            file:close()
            print(os.remove(root .. '/write/new'), os.remove(root .. '/write/link'))
            print(io.type(io.input()), io.type(io.output()), os.execute())
            print(debug.getinfo(1, 'Sl').currentline, debug.getinfo(print).func)
            print(type(debug.traceback()))
            """
        )
        self.assertEqual(
            self.lines,
            [
                *(b"plain", b"plain", b"true\ttrue", b"file\tfile\tfalse"),
                *(b"10\tnil", b"string"),
            ],
        )
        self.assertEqual((self.root / "out" / "secret").read_text(), "secret")

    def test_modules(self) -> None:
        """Beside the script, or where it may read."""
        script = self.root / "beside" / "script.lua"
        for name, template, found in (
            ("good", "", True),
            ("link", "", False),
            ("dir.secret", "", False),
            ("secret", "../out/?.lua", False),
            ("secret", f"{self.root}/out/?.lua", False),
            ("secret", f"{self.root}/out/?", False),
            ("notes", f"{self.root}/beside/?.txt", False),
            ("plain", f"{self.root}/read/?", None),
            ("link", f"{self.root}/read/?", False),
        ):
            script.write_text(
                f"package.path = package.path .. ';{template}'"
                f" print(pcall(require, '{name}'))"
            )
            self.successResultOf(self.runtime.run_file(str(script)))
            said = b"".join(self.lines).decode()
            self.lines.clear()
            if found is None:
                self.assertIn("error loading module 'plain'", said)
            else:
                self.assertEqual(said.startswith("true"), found, (name, said))
                self.assertEqual("not found" in said, not found, (name, said))

    def test_what_takes_the_place_of_a_file(self) -> None:
        """What was looked at is what is used, whatever the script renames meanwhile."""
        pub = self.root / "read" / "pub"
        pub.mkdir()
        (self.root / "read" / "away").symlink_to(self.root / "out")
        pem = pems()[1].decode()
        (self.root / "read" / "pem").write_text(pem)
        self.runtime = self.make_runtime(
            permissions=Permissions(
                allow_read=[self.root / "read"],
                allow_write=[self.root / "read"],
                allow_listen=True,
            )
        )
        self.run_lua(
            f"""
            local root = '{self.root}/read/'
            server = net.HTTPServer({{tls = {{certificate = root .. 'pem',
              privateKey = root .. 'pem'}}}})
            plain = net.HTTPServer()
            plain:static("/", root .. "pub")
            assert(os.rename(root .. "pub", root .. "old"))
            assert(os.rename(root .. "away", root .. "pub"))
            assert(os.remove(root .. "pem"))
            plain:start("127.0.0.1", 8080, function(_, response)
              response:send(404, {{}}, "no file")
            end)
            server:start("127.0.0.1", 8443, print, {{success = print, error = print}})
            """
        )
        peer = self.reactor.connect(0)
        peer.send(b"GET /secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.reactor.settle()
        self.assertTrue(peer.received().endswith(b"no file"))
        self.assertEqual(self.lines, [b"8443"])

    def test_files_that_headers_name(self) -> None:
        """Those of QuickApps are modules too."""
        script = self.root / "beside" / "script.lua"
        self.runtime = self.make_runtime(hc3=True, sandbox=True)
        for name in ("../out/secret.lua", "link.lua", "dir/secret.lua", "notes.txt"):
            script.write_text(f"--%%file:{name},other\n")
            problem = self.failureResultOf(self.runtime.run_file(str(script)))
            self.assertIn("--allow-read", str(problem.value), name)
            problem = self.failureResultOf(
                self.runtime.run_string(f"--%%file:{script.parent / name},other\n")
            )
            self.assertIn("--allow-read", str(problem.value), name)

    def test_a_compressed_file_beside_a_static_one(self) -> None:
        """It may not be a link out of the directory."""
        (self.root / "read" / "plain.gz").symlink_to(self.root / "out" / "secret")
        self.runtime = self.make_runtime()
        self.run_lua(
            f"server = net.HTTPServer() server:static('/', '{self.root}/read')"
            " server:start('127.0.0.1', 8080)"
        )
        peer = self.reactor.connect()
        peer.send(
            b"GET /plain HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n"
            b"Connection: close\r\n\r\n"
        )
        self.reactor.settle()
        self.assertTrue(peer.received().endswith(b"plain"))


for _case in (NetworkTests, FileTests):
    globals().update(for_each_lua(_case))
del _case
