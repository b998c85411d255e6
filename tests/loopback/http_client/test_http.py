"""The HTTP client against servers that nobody here wrote: httpbin, http.server."""

from __future__ import annotations

import base64
import gzip
import os
import socket
from typing import Any

from twisted.internet.protocol import Factory, Protocol

from tests.support import (
    ALL_BYTES,
    ROOT,
    LoopbackTestCase,
    port_of,
    start_peer,
)


class HttpbinTests(LoopbackTestCase):
    """httpbin, served by waitress, in its own process."""

    async def ask(self, code: str) -> list[bytes]:
        """Run a piece of Lua in a task; C{url} is the server's, C{http} a client."""
        peer = start_peer(self, "httpbin_server.py")
        self.port = await port_of(peer)
        return await self.run_lua(
            f"""
            local url = "http://127.0.0.1:{self.port}"
            task.start(function()
              local http = net.HTTPClient({{timeout = 15000}})
              {code}
            end)
            """
        )

    async def test_methods(self) -> None:
        lines = await self.ask(
            """
            for _, method in ipairs({"GET", "POST", "PUT", "PATCH", "DELETE"}) do
              local r = assert(http:request(url .. "/" .. method:lower(), {
                options = {method = method, headers = {["X-Mine"] = "yes"}},
              }))
              print(r.status, json.decode(r.data).headers["X-Mine"], r.headers["content-type"])
            end
            """
        )
        self.assertEqual(lines, [b"200\tyes\tapplication/json"] * 5)

    async def test_bodies(self) -> None:
        lines = await self.ask(
            """
            local function post(options)
              options.method = "POST"
              local r = assert(http:request(url .. "/post", {options = options}))
              return json.decode(r.data)
            end
            print(post({data = "text", headers = {["Content-Type"] = "text/plain"}}).data)
            print(post({form = {a = "1 & 2"}}).form.a)
            print(post({json = {a = {1, 2}}}).json.a[2])
            """
        )
        self.assertEqual(lines, [b"text", b"1 & 2", b"2"])

    async def test_every_byte(self) -> None:
        """There and back; httpbin shows bytes as a data URL."""
        sent = ALL_BYTES * 100
        self.runtime.expose("bytes", lambda: sent)
        lines = await self.ask(
            """
            local r = assert(http:request(url .. "/anything", {
              options = {method = "POST", data = bytes(),
                headers = {["Content-Type"] = "application/octet-stream"}},
            }))
            print(json.decode(r.data).data)
            r = assert(http:request(url .. "/bytes/1000?seed=1"))
            print(#r.data, r.headers["Content-Length"])
            """
        )
        self.assertEqual(base64.b64decode(lines[0].partition(b"base64,")[2]), sent)
        self.assertEqual(lines[1], b"1000\t1000")

    async def test_every_status(self) -> None:
        lines = await self.ask(
            """
            for _, status in ipairs({200, 204, 304, 404, 418, 500, 503}) do
              print(http:request(url .. "/status/" .. status).status)
            end
            """
        )
        self.assertEqual(
            lines, [b"200", b"204", b"304", b"404", b"418", b"500", b"503"]
        )

    async def test_encodings(self) -> None:
        lines = await self.ask(
            """
            for _, path in ipairs({"gzip", "deflate", "brotli"}) do
              local found = json.decode(assert(http:request(url .. "/" .. path)).data)
              print(found.gzipped or found.deflated or found.brotli)
            end
            """
        )
        self.assertEqual(lines, [b"true"] * 3)

    async def test_redirects(self) -> None:
        lines = await self.ask(
            """
            local path = url .. "/redirect/3"
            print(http:request(path).status)
            local r = assert(http:request(path, {options = {redirects = 5}}))
            print(r.status, r.url == url .. "/get")
            print(http:request(path, {options = {redirects = 2}}))
            r = assert(http:request(url .. "/redirect-to?status_code=307&url=/post",
              {options = {redirects = 1, method = "POST", data = "again"}}))
            print(json.decode(r.data).data)
            """
        )
        self.assertEqual(
            lines,
            [
                b"302",
                b"200\ttrue",
                b"nil\tmore than 2 redirects (option redirects)\tlimit",
                b"again",
            ],
        )

    async def test_cookies(self) -> None:
        lines = await self.ask(
            """
            local set = url .. "/cookies/set?a=1&b=2"
            local options = {options = {redirects = 2}}
            local jar = net.HTTPClient({cookies = true})
            local cookies = json.decode(assert(jar:request(set, options)).data).cookies
            print(cookies.a, cookies.b)
            print(json.decode(assert(jar:request(url .. "/cookies")).data).cookies.b)
            print(json.encode(json.decode(assert(http:request(set, options)).data).cookies))
            """
        )
        self.assertEqual(lines, [b"1\t2", b"2", b"{}"])

    async def test_basic_auth(self) -> None:
        lines = await self.ask(
            """
            local path = url .. "/basic-auth/us/pa"
            print(http:request(path).status)
            print(http:request(path, {options = {user = "us", password = "pa"}}).status)
            print(http:request((path:gsub("//", "//us:pa@", 1))).status)
            """
        )
        self.assertEqual(lines, [b"401", b"200", b"200"])

    async def test_digest_auth(self) -> None:
        """Each algorithm and quality; the nonce is used again; a wrong password."""
        lines = await self.ask(
            """
            for _, path in ipairs({"auth/us/pa", "auth/us/pa/MD5", "auth/us/pa/SHA-256",
                                   "auth-int/us/pa/SHA-256"}) do
              local options = {user = "us", password = "pa", authentication = "digest"}
              for _ = 1, 2 do
                print(http:request(url .. "/digest-auth/" .. path, {options = options}).status)
              end
              options.password = "no"
              print(http:request(url .. "/digest-auth/" .. path, {options = options}).status)
            end
            """
        )
        self.assertEqual(lines, [b"200", b"200", b"401"] * 4)

    async def test_repeated_headers(self) -> None:
        lines = await self.ask(
            """
            local r = assert(http:request(url .. "/response-headers?X-Two=a&X-Two=b"))
            print(r.headers["x-two"])
            for _, each in ipairs(r.headerList) do
              if each[1] == "X-Two" then print(each[2]) end
            end
            """
        )
        self.assertEqual(lines, [b"a, b", b"a", b"b"])

    async def test_streamed(self) -> None:
        lines = await self.ask(
            """
            local size = 0
            local r = assert(http:request(url .. "/stream-bytes/100000?chunk_size=1000", {
              data = function(chunk) size = size + #chunk end,
            }))
            print(r.status, #r.data, size)
            """
        )
        self.assertEqual(lines, [b"200\t0\t100000"])

    async def test_timeout(self) -> None:
        """Waiting for the answer, and in a body that comes too slowly."""
        lines = await self.ask(
            """
            local options = {options = {timeout = 300}}
            print(http:request(url .. "/delay/10", options))
            print(http:request(url .. "/drip?duration=10&numbytes=10&delay=0", options))
            """
        )
        self.assertEqual(lines, [b"nil\tOperation canceled\ttimeout"] * 2)

    async def test_many_at_once(self) -> None:
        """More than the server has threads, from clients nobody keeps."""
        lines = await self.ask(
            """
            local done = 0
            for i = 1, 50 do
              net.HTTPClient():request(url .. "/get?n=" .. i, {
                success = function(r)
                  assert(json.decode(r.data).args.n == tostring(i))
                  done = done + 1
                  if done == 50 then print("all") end
                end,
                error = print,
              })
            end
            collectgarbage()
            """
        )
        self.assertEqual((lines, self.errors), ([b"all"], []))

    async def test_callbacks_in_task(self) -> None:
        """Cancelled, its callbacks are not called, and the program ends."""
        lines = await self.ask(
            """
            local request = http:request(url .. "/delay/10", {success = print, error = print})
            setTimeout(function() request:cancel() print("cancelled") end, 50)
            """
        )
        self.assertEqual(lines, [b"cancelled"])

    async def test_compatibility_script(self) -> None:
        """The summary's test script."""
        peer = start_peer(self, "httpbin_server.py")
        port = await port_of(peer)
        script = str(ROOT / "tests" / "lua" / "test_httpclient_compat.lua")
        await self.runtime.run_file(script, f"http://127.0.0.1:{port}")
        await self.runtime.idle()
        self.assertEqual(self.errors, [])
        self.assertEqual(self.lines[-1], b"net.HTTPClient() API is working correctly!")


class Canned(Protocol):
    """Answers each request with what its factory has."""

    transport: Any

    def __init__(self, factory: CannedFactory) -> None:
        self.canned = factory

    def dataReceived(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self.canned.asked += 1
            self.transport.write(self.canned.answer)
            if self.canned.close:
                self.transport.loseConnection()


class CannedFactory(Factory):
    """
    @ivar asked: how many requests came
    @ivar connections: how many connections
    """

    noisy = False

    def __init__(self, answer: bytes, close: bool) -> None:
        self.answer = answer
        self.close = close
        self.asked = self.connections = 0

    def buildProtocol(self, addr: object) -> Canned:
        self.connections += 1
        return Canned(self)


class Greeting(Protocol):
    """Speaks first, as many servers do, and not TLS."""

    transport: Any

    def connectionMade(self) -> None:
        self.transport.write(b"220 mail.example ESMTP\r\n")


class Once(Protocol):
    """Answers one request, keeps the connection, and closes it when the second comes."""

    transport: Any
    asked = 0

    def dataReceived(self, data: bytes) -> None:
        self.asked += 1
        if self.asked == 1:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            self.transport.loseConnection()


class RawServerTests(LoopbackTestCase):
    """A server on a real socket that says what the test wants."""

    def serve(self, answer: bytes, close: bool = False) -> str:
        self.factory = CannedFactory(answer, close)
        return f"http://127.0.0.1:{self.listen(self.factory)}/"

    async def test_no_command_is_lost(self) -> None:
        """Nor anything that may be sent again, however soon it follows."""
        port = self.listen(Factory.forProtocol(Once))
        lines = await self.run_lua(
            """
            local url, methods = ..., {"POST", "PUT", "PATCH", "DELETE", "GET"}
            task.start(function()
              local http, good = net.HTTPClient(), 0
              for i = 1, 50 do
                local method = methods[i % #methods + 1]
                local data = method ~= "GET" and "x" or nil
                local r, message, code = http:request(url, {options = {method = method, data = data}})
                if r then good = good + 1 else print(method, message, code) end
              end
              print(good)
            end)
            """,
            f"http://127.0.0.1:{port}/",
        )
        self.assertEqual(lines, [b"50"])

    async def test_one_connection(self) -> None:
        """Five requests, one connection, whatever clients ask."""
        url = self.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        lines = await self.run_lua(
            "local url = ... task.start(function() for _ = 1, 5 do"
            " print(net.HTTPClient():request(url).data) end end)",
            url,
        )
        self.assertEqual(lines, [b"ok"] * 5)
        self.assertEqual((self.factory.asked, self.factory.connections), (5, 1))

    async def test_body_until_the_end(self) -> None:
        """Without a length the end of the connection ends the body."""
        url = self.serve(b"HTTP/1.0 200 OK\r\n\r\nbody", close=True)
        lines = await self.run_lua(
            "net.HTTPClient():request(..., {success = function(r) print(r.data) end})",
            url,
        )
        self.assertEqual(lines, [b"body"])

    async def test_closed_in_the_body(self) -> None:
        url = self.serve(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", close=True
        )
        lines = await self.run_lua(
            "net.HTTPClient():request(..., {error = print})", url
        )
        self.assertEqual(lines, [b"End of file\teof"])

    async def test_events(self) -> None:
        url = self.serve(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
            close=True,
        )
        lines = await self.run_lua(
            "net.HTTPClient():request(..., {success = function(r) print((r.data:gsub('\\n', '|'))) end,"
            " error = print})",
            url,
        )
        self.assertEqual(lines, [b"data: 1||", b"End of file\teof"])

    async def test_large(self) -> None:
        """Larger than any buffer on the way."""
        body = os.urandom(1000) * 5000
        got: list[bytes] = []
        self.runtime.expose("take", got.append)
        url = self.serve(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await self.run_lua(
            "local url = ... task.start(function()"
            " for _ = 1, 3 do take(net.HTTPClient():request(url).data) end end)",
            url,
        )
        self.assertEqual([each == body for each in got], [True] * 3)
        self.assertEqual(self.factory.connections, 1)

    async def test_compressed_flood(self) -> None:
        """A bomb of 256 MiB, streamed: it comes in pieces."""
        body = gzip.compress(bytes(64 * 1024 * 1024)) * 4
        url = self.serve(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        lines = await self.run_lua(
            """
            local total, largest = 0, 0
            net.HTTPClient():request(..., {
              data = function(c) total = total + #c largest = math.max(largest, #c) end,
              success = function() print(total, largest <= 65536) end,
              error = print,
            })
            """,
            url,
        )
        self.assertEqual(lines, [b"%d\ttrue" % (256 * 1024 * 1024)])

    async def test_refused(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            lines = await self.run_lua(
                "net.HTTPClient():request(..., {error = print})",
                f"http://127.0.0.1:{port}/",
            )
        self.assertEqual(lines, [b"Connection refused\trefused"])

    async def test_not_tls(self) -> None:
        """https to a server that does not speak TLS."""
        port = self.listen(Factory.forProtocol(Greeting))
        (line,) = await self.run_lua(
            "net.HTTPClient():request(..., {error = print})",
            f"https://127.0.0.1:{port}/",
        )
        self.assertEqual(line, b"TLS failed: the peer does not speak TLS\ttls")

    async def test_no_such_host(self) -> None:
        lines = await self.run_lua(
            "net.HTTPClient():request('http://no.such.host.invalid/', {error = print})"
        )
        self.assertEqual(lines, [b"Host not found\tdns"])

    async def test_name(self) -> None:
        """A name that has IPv6 and IPv4 addresses; one of them answers."""
        url = self.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        lines = await self.run_lua(
            "net.HTTPClient():request(..., {success = function(r) print(r.data) end, error = print})",
            url.replace("127.0.0.1", "localhost"),
        )
        self.assertEqual(lines, [b"ok"])
