"""HTTPServer with real sockets, and with curl, openssl, websockets and Chromium."""

from __future__ import annotations

import json
import os

from tests.support import ALL_BYTES, start, start_peer
from tests.support.programs import need_program
from tests.support.tls import TLSTestCase

HANDLER = """
local pem, root, client_authority = ...
local tls = pem and pem ~= "" and {
  certificate = pem, privateKey = pem, clientAuthority = client_authority,
}
server = net.HTTPServer({tls = tls})
if root and root ~= "" then server:static("/files", root) end
server:start("127.0.0.1", 0, function(request, response)
  if request.path == "/large" then
    return task.start(function()
      response:writeHead(200)
      for i = 1, 64 do assert(response:write(string.char(i):rep(65536))) end
      response:finish()
    end)
  end
  response:send(200, {["X-Method"] = request.method}, request.path .. request.body)
end, {success = print, error = print})
"""


class HTTPServerTestCase(TLSTestCase):
    async def serve(self, *arguments: str) -> str:
        """@return: the host and port of a script's server"""
        await self.runtime.run_string(HANDLER, "@test.lua", *arguments)
        await self.line(1)
        return f"localhost:{self.lines[0].decode()}"

    async def curl(self, *arguments: str) -> tuple[int | None, bytes]:
        """@return: curl's exit code, and what it wrote"""
        peer = start(self, need_program("curl"), "-sS", "-m", "10", *arguments)
        return await peer.ended, peer.output


class CurlTests(HTTPServerTestCase):
    async def test_body(self) -> None:
        host = await self.serve()
        file = self.mktemp()
        with open(file, "wb") as out:
            out.write(ALL_BYTES * 1000)
        code, output = await self.curl(
            f"http://{host}/", "--data-binary", f"@{os.path.abspath(file)}"
        )
        self.assertEqual((code, output), (0, b"/" + ALL_BYTES * 1000))

    async def test_kept_connection(self) -> None:
        host = await self.serve()
        code, output = await self.curl(
            "-v", f"http://{host}/1", f"http://{host}/2", "-X", "DELETE"
        )
        self.assertEqual(code, 0)
        self.assertIn(b"Re-using existing", output.replace(b"Reusing", b"Re-using"))
        self.assertEqual(output.count(b"X-Method: DELETE"), 2)

    async def test_stream(self) -> None:
        """Four megabytes in pieces, each waiting for the one before."""
        host = await self.serve()
        code, output = await self.curl(f"http://{host}/large")
        self.assertEqual(code, 0)
        self.assertEqual(output, b"".join(bytes([i]) * 65536 for i in range(1, 65)))

    async def test_refused_body(self) -> None:
        """413 reaches a client that is still sending."""
        await self.runtime.run_string(
            "net.HTTPServer({maxBodySize = 1000}):start('127.0.0.1', 0,"
            " function() print('seen') end, {success = print})"
        )
        await self.line(1)
        url = f"http://127.0.0.1:{self.lines[0].decode()}/"
        file = self.mktemp()
        with open(file, "wb") as out:
            out.write(bytes(5_000_000))
        for headers in (("-H", "Expect:"), ("-H", "Transfer-Encoding: chunked")):
            code, output = await self.curl(
                "-w", "%{http_code}", *headers, "-T", os.path.abspath(file), url
            )
            self.assertEqual(output[-3:], b"413", (code, output))
        self.assertEqual(len(self.lines), 1)

    async def test_stop_finishes(self) -> None:
        """What is being answered is answered whole."""
        await self.runtime.run_string(
            """
            local server = net.HTTPServer()
            server:start("127.0.0.1", 0, function(request, response)
              print("asked")
              server:stop({success = function() print("stopped") end})
              setTimeout(function() response:send(200, nil, ("x"):rep(1000000)) end, 50)
            end, {success = print})
            """
        )
        await self.line(1)
        code, output = await self.curl(f"http://127.0.0.1:{self.lines[0].decode()}/")
        self.assertEqual((code, len(output)), (0, 1000000))
        await self.runtime.idle()
        self.assertEqual(self.lines[1:], [b"asked", b"stopped"])

    async def test_own_client(self) -> None:
        lines = await self.run_lua(
            """
            local server = net.HTTPServer()
            task.start(function()
              local port = server:start("127.0.0.1", 0, function(request, response)
                response:send(200, {["X-Twice"] = {"1", "2"}}, request.body:reverse())
              end)
              local response = net.HTTPClient():request("http://localhost:" .. port .. "/", {
                options = {method = "POST", data = "abc"},
              })
              print(response.status, response.data, response.headers["x-twice"])
              server:stop()
            end)
            """
        )
        self.assertEqual(lines, [b"200\tcba\t1, 2"])

    async def test_unix(self) -> None:
        path = "/tmp/" + os.path.basename(self.mktemp()) + str(os.getpid())
        await self.runtime.run_string(
            "net.HTTPServer():start('unix:' .. ..., nil, function(q, r)"
            " r:send(200, nil, tostring(q.ip)) end, {success = print})",
            "@test.lua",
            path,
        )
        await self.line(1)
        code, output = await self.curl("--unix-socket", path, "http://x/")
        self.assertEqual((code, output), (0, b"nil"))


class ClientTests(HTTPServerTestCase):
    """Programs that people use."""

    async def test_requests(self) -> None:
        """Python's requests: each kind of body, all on one connection."""
        host = await self.serve()
        peer = start_peer(self, "use_requests.py", f"http://{host}")
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertEqual(
            json.loads(peer.output),
            [
                [200, 4, "/get"],
                [200, 0, ""],
                [200, 8, "/forma=1"],
                [200, 13, "/putin chunks"],
                [200, 7, "/delete"],
                [200, 64 * 65536, "\1" * 20],
                1,
            ],
        )

    async def test_wrk(self) -> None:
        """Thousands of requests on kept connections, none of which fails."""
        host = await self.serve()
        peer = start(
            self, need_program("wrk"), "-t1", "-c20", "-d1s", f"http://{host}/"
        )
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertIn(b" requests in ", peer.output)
        self.assertNotIn(b"Non-2xx", peer.output)
        self.assertNotIn(b"Socket errors", peer.output)


class TLSTests(HTTPServerTestCase):
    async def test_verified(self) -> None:
        host = await self.serve(self.localhost)
        code, output = await self.curl(
            "--cacert", self.authority.file, f"https://{host}/secure"
        )
        self.assertEqual((code, output), (0, b"/secure"))

    async def test_unknown_authority(self) -> None:
        host = await self.serve(self.localhost)
        code, output = await self.curl(f"https://{host}/")
        self.assertEqual(code, 60, output)

    async def test_client_certificate(self) -> None:
        """Required, and asked for with the name of who may issue it."""
        host = await self.serve(self.localhost, "", self.authority.file)
        trust = ("--cacert", self.authority.file)
        mine = self.authority.issue("client")
        code, output = await self.curl(*trust, "--cert", mine, f"https://{host}/me")
        self.assertEqual((code, output), (0, b"/me"))
        code, _ = await self.curl(*trust, f"https://{host}/me")
        self.assertNotEqual(code, 0)

    async def test_plain_text(self) -> None:
        """Neither side is fooled, and the server goes on."""
        host = await self.serve(self.localhost)
        code, output = await self.curl(f"http://{host}/")
        self.assertNotEqual(code, 0)
        self.assertNotIn(b"200", output)
        code, _ = await self.curl("--cacert", self.authority.file, f"https://{host}/")
        self.assertEqual(code, 0)

    async def test_tls_to_a_plain_port(self) -> None:
        host = await self.serve()
        code, _ = await self.curl("-k", f"https://{host}/")
        self.assertEqual(code, 35)
        code, _ = await self.curl(f"http://{host}/")
        self.assertEqual(code, 0)

    async def test_large_upload(self) -> None:
        """Through records of TLS, both ways."""
        host = await self.serve(self.localhost)
        file = self.mktemp()
        with open(file, "wb") as out:
            out.write(ALL_BYTES * 16000)
        code, output = await self.curl(
            *("--cacert", self.authority.file, f"https://{host}/"),
            *("--data-binary", f"@{os.path.abspath(file)}"),
        )
        self.assertEqual((code, output), (0, b"/" + ALL_BYTES * 16000))

    async def test_refused_body(self) -> None:
        await self.runtime.run_string(
            "local pem = ... net.HTTPServer({maxBodySize = 1000,"
            " tls = {certificate = pem, privateKey = pem}}):start('127.0.0.1', 0,"
            " function() print('seen') end, {success = print})",
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        code, output = await self.curl(
            *("--cacert", self.authority.file, "-w", "%{http_code}"),
            *("--data-binary", "@" + need_program("curl"), "-H", "Expect:"),
            f"https://localhost:{self.lines[0].decode()}/",
        )
        self.assertEqual(output[-3:], b"413", (code, output))

    async def test_unusable_files(self) -> None:
        """Named with the option, at the script's line."""
        for pem, wanted in (
            ("/no/such.pem", b"certificate ('/no/such.pem'): No such file"),
            ("-----BEGIN CERTIFICATE-----\nx", b"certificate: "),
            (self.authority.file, b"privateKey ("),
        ):
            self.lines.clear()
            await self.runtime.run_string(
                "local pem = ... local s = net.HTTPServer({tls = {certificate = pem,"
                " privateKey = pem}}) print(pcall(s.start, s, '127.0.0.1', 0, print))",
                "@test.lua",
                pem,
            )
            self.assertTrue(self.lines[0].startswith(b"false\t"), self.lines)
            self.assertIn(wanted, self.lines[0])


class StaticTests(HTTPServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.outside = os.path.abspath(self.mktemp())
        self.root = os.path.join(self.outside, "root")
        os.makedirs(os.path.join(self.root, "sub"))
        os.makedirs(os.path.join(self.root, "bare"))
        os.makedirs(self.root + "-beside")
        for name, text in (
            ("root/page.html", b"<p>page"),
            ("root/all.bin", ALL_BYTES),
            ("root/a b.txt", b"space"),
            ("root/sub/index.html", b"index"),
            ("root/bare/x", b"x"),
            ("secret", b"secret"),
            ("root-beside/secret", b"secret"),
        ):
            with open(os.path.join(self.outside, name), "wb") as file:
                file.write(text)
        os.symlink(self.outside, os.path.join(self.root, "up"))
        os.symlink("../secret", os.path.join(self.root, "link"))
        os.symlink("page.html", os.path.join(self.root, "inside"))

    async def fetch(self, host: str, path: str, *arguments: str) -> bytes:
        _, output = await self.curl(
            "-i", "--path-as-is", *arguments, f"http://{host}{path}"
        )
        return output

    async def test_files(self) -> None:
        host = await self.serve("", self.root)
        output = await self.fetch(host, "/files/page.html")
        self.assertIn(b"Content-Type: text/html\r\n", output)
        self.assertTrue(output.endswith(b"\r\n\r\n<p>page"))
        output = await self.fetch(host, "/files/all.bin?query")
        self.assertTrue(output.endswith(b"\r\n\r\n" + ALL_BYTES))
        self.assertIn(b"Content-Length: 256\r\n", output)
        self.assertTrue((await self.fetch(host, "/files/a%20b.txt")).endswith(b"space"))
        self.assertTrue((await self.fetch(host, "/files/inside")).endswith(b"page"))
        self.assertTrue((await self.fetch(host, "/files/sub/")).endswith(b"index"))

    async def test_directory(self) -> None:
        """Its page is found with the slash that relative links need; no listing."""
        host = await self.serve("", self.root)
        output = await self.fetch(
            host, "/files/sub?a=b", "-L", "-o", "/dev/null", "-D-"
        )
        self.assertIn(b"301 Moved Permanently", output)
        self.assertIn(b"Location: ./sub/?a=b\r\n", output)
        self.assertTrue((await self.fetch(host, "/files/sub", "-L")).endswith(b"index"))
        for path in ("/files/bare", "/files/bare/", "/files/", "/files"):
            output = await self.fetch(host, path, "-L")
            self.assertTrue(output.endswith(path.encode()) or path == "/files", output)

    async def test_nothing_outside(self) -> None:
        """The script is asked instead, whatever the path tries."""
        host = await self.serve("", self.root)
        for path in (
            "/files/../secret",
            "/files/%2e%2e/secret",
            "/files/..%2fsecret",
            "/files/%2e%2e%2fsecret",
            "/files/sub/../../secret",
            "/files/..%5csecret",
            "/files/..%00/secret",
            "/files/%00",
            "/files//secret",
            "/files/./page.html",
            "/files//etc/passwd",
            "/files/%2fetc/passwd",
            "/files/up/secret",
            "/files/link",
            "/files-beside/secret",
            "/files/../root-beside/secret",
            "/files/" + "../" * 20 + "etc/passwd",
            "/files/" + "x" * 5000,
        ):
            output = await self.fetch(host, path)
            self.assertIn(b"X-Method: GET", output, path)
            self.assertNotIn(b"\r\n\r\nsecret", output)

    async def test_conditions(self) -> None:
        host = await self.serve("", self.root)
        output = await self.fetch(host, "/files/all.bin", "-I")
        self.assertIn(b"Content-Length: 256\r\n", output)
        modified = next(
            line for line in output.decode().split("\r\n") if "Last-Mod" in line
        ).partition(": ")[2]
        output = await self.fetch(
            host, "/files/all.bin", "-H", f"If-Modified-Since: {modified}"
        )
        self.assertIn(b" 304 ", output)
        self.assertTrue(output.endswith(b"\r\n\r\n"))
        output = await self.fetch(host, "/files/all.bin", "-r", "10-19")
        self.assertIn(b" 206 ", output)
        self.assertTrue(output.endswith(b"\r\n\r\n" + ALL_BYTES[10:20]))

    async def test_other_methods(self) -> None:
        """They are the script's."""
        host = await self.serve("", self.root)
        output = await self.fetch(host, "/files/page.html", "-X", "DELETE")
        self.assertIn(b"X-Method: DELETE", output)

    async def test_client_that_goes(self) -> None:
        """In the middle of a file that does not fit into any buffer."""
        with open(os.path.join(self.root, "large"), "wb") as file:
            file.truncate(50_000_000)
        host = await self.serve("", self.root)
        peer = start_peer(self, "http_leaver.py", host.split(":")[1], "/files/large")
        await peer.says(b"HTTP/1.1 200 OK")
        await peer.ended
        # The connection is gone too before the server is.
        await self.runtime.run_string(
            "server:stop({success = function() print('stopped') end})"
        )
        await self.line(2)

    async def test_slow_client(self) -> None:
        """A file larger than all buffers arrives whole at one who takes his time."""
        with open(os.path.join(self.root, "large"), "wb") as file:
            file.write(ALL_BYTES * 40000)
        host = await self.serve("", self.root)
        code, output = await self.curl(
            "--limit-rate", "20M", f"http://{host}/files/large"
        )
        self.assertEqual((code, output), (0, ALL_BYTES * 40000))


class WebSocketTests(HTTPServerTestCase):
    SERVER = """
    local pem = ...
    server = net.HTTPServer({tls = pem and {certificate = pem, privateKey = pem}})
    ws = server:websocket("/live", {
      started = function(port) print("started", port == server:port()) end,
      connected = function(id, info) print("connected", info.path, info.ip) end,
      receive = function(id, data, binary)
        if data == "big" then data = ("x"):rep(100000) end
        if binary then ws:sendBinary(id, data) else ws:send(id, data) end
      end,
      disconnected = function(id, code) print("disconnected", code) end,
      accept = function(info) return info.path ~= "/live?no" end,
    }, {subprotocols = {"b"}})
    server:start("127.0.0.1", 0, function(request, response)
      response:send(200, nil, "page")
    end, {success = print})
    """

    async def serve(self, *arguments: str) -> str:
        await self.runtime.run_string(self.SERVER, "@test.lua", *arguments)
        await self.line(2)
        return f"localhost:{max(self.lines, key=bytes.isdigit).decode()}"

    async def test_websockets(self) -> None:
        host = await self.serve()
        self.assertIn(b"started\ttrue", self.lines)
        peer = start_peer(self, "websocket_client.py", "bytes", f"ws://{host}/live?yes")
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertEqual(peer.output, b"True b\n100000\ndone\n")
        await self.line(4)
        self.assertEqual(
            self.lines[2:], [b"connected\t/live?yes\t127.0.0.1", b"disconnected\t1000"]
        )

    async def test_secure(self) -> None:
        host = await self.serve(self.localhost)
        peer = start_peer(
            self,
            "websocket_client.py",
            "bytes",
            f"wss://{host}/live",
            self.authority.file,
        )
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertEqual(peer.output, b"True b\n100000\ndone\n")
        code, output = await self.curl(
            "--cacert", self.authority.file, f"https://{host}/"
        )
        self.assertEqual((code, output), (0, b"page"))

    async def test_refused(self) -> None:
        host = await self.serve()
        peer = start_peer(self, "websocket_client.py", "bytes", f"ws://{host}/live?no")
        self.assertEqual(await peer.ended, 1)
        self.assertIn(b"HTTP 403", peer.output)
        _, output = await self.curl("-i", f"http://{host}/live")
        self.assertIn(b"426 Upgrade Required", output)
        self.assertIn(b"Upgrade: websocket\r\n", output)

    async def test_full(self) -> None:
        await self.runtime.run_string(
            "local s = net.HTTPServer() s:websocket('/', {}, {maxConnections = 1})"
            " s:start('127.0.0.1', 0, print, {success = function(port) print(port)"
            " task.start(function() local one, two = net.WebSocketClient(), net.WebSocketClient()"
            " one:connect('ws://127.0.0.1:' .. port) print(one:wait('connected'))"
            " two:connect('ws://127.0.0.1:' .. port) print(two:wait('error'))"
            " print(one:isOpen()) s:stop() print(one:wait('disconnected')) end) end})"
        )
        await self.runtime.idle()
        self.assertEqual(self.lines[1], b"true")
        self.assertIn(b"503", self.lines[2])
        self.assertEqual(self.lines[3], b"true")
        self.assertEqual(self.lines[4][:4], b"1001")

    async def test_stopped_alone(self) -> None:
        """The WebSocket server goes; the path is not found, all else is as before."""
        host = await self.serve()
        await self.runtime.run_string(
            "ws:stop({success = function() print('gone') end})"
        )
        await self.line(3)
        _, output = await self.curl("-i", f"http://{host}/live")
        self.assertIn(b" 404 ", output)
        _, output = await self.curl(f"http://{host}/")
        self.assertEqual(output, b"page")

    async def test_again(self) -> None:
        """A server that is started again has its WebSockets again."""
        await self.serve()
        await self.runtime.run_string(
            "server:stop({success = function()"
            " server:start('127.0.0.1', 0, print, {success = print}) end})"
        )
        await self.line(4)
        port = self.lines[-1] if self.lines[-1].isdigit() else self.lines[-2]
        peer = start_peer(
            self, "websocket_client.py", "bytes", f"ws://127.0.0.1:{port.decode()}/live"
        )
        self.assertEqual(await peer.ended, 0, peer.output)

    async def test_does_not_keep_alive(self) -> None:
        """A WebSocket server whose HTTP server was never started holds up nothing."""
        lines = await self.run_lua("net.HTTPServer():websocket('/', {}) print('over')")
        self.assertEqual(lines, [b"over"])

    async def test_chromium(self) -> None:
        """A page from a directory, that talks to the WebSocket on the same port."""
        chromium = need_program("chromium")
        root = os.path.abspath(self.mktemp())
        os.makedirs(root)
        with open(os.path.join(root, "index.html"), "w") as file:
            file.write(
                "<script src=page.js></script><script>"
                "const w = new WebSocket('ws://' + location.host + '/live');"
                "w.onopen = () => w.send(title());</script>"
            )
        with open(os.path.join(root, "page.js"), "w") as file:
            file.write("function title() { return 'from the page'; }")
        await self.runtime.run_string(
            "local s = net.HTTPServer() s:static('/', ...)"
            " s:websocket('/live', {receive = function(_, data) print(data) end})"
            " s:start('127.0.0.1', 0, function(_, r) r:send(404) end, {success = print})",
            "@test.lua",
            root,
        )
        await self.line(1)
        profile = os.path.abspath(self.mktemp())
        browser = start(
            self,
            chromium,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync"),
            f"--user-data-dir={profile}",
            f"http://127.0.0.1:{self.lines[0].decode()}/",
        )
        await self.line(2)
        self.assertEqual(self.lines[1], b"from the page")
        await browser.kill()

    test_chromium.timeout = 60  # type: ignore[attr-defined]
