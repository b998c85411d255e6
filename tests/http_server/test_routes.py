"""Routes of HTTPServer: which handler is for a method and a path."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.http_server import ServerTestCase

ROUTES = """
local function show(name)
  return function(request, response)
    local params = {}
    for key, value in pairs(request.params) do params[#params + 1] = key .. "=" .. value end
    table.sort(params)
    response:send(200, nil, name .. " " .. table.concat(params, ","))
  end
end
server = net.HTTPServer()
server:route("GET", "/", show("root"))
server:route("GET", "/devices", show("list"))
server:route("GET", "/devices/:id", show("one"))
server:route("put", "/devices/:id", show("set"))
server:route("GET", "/devices/all", show("all"))
server:route("GET", "/devices/:id/actions/:name", show("action"))
server:route("GET", "/files/*path", show("file"))
server:start("127.0.0.1", 0, OTHER)
"""


class RouteTests(ServerTestCase):
    def answers(self, *cases: tuple[str, str, bytes]) -> None:
        client = self.client()
        for method, path, answer in cases:
            client.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            received = client.received()
            self.assertIn(answer, received, (method, path))

    def test_handlers_by_method_and_path(self) -> None:
        self.run_lua(ROUTES)
        self.answers(
            ("GET", "/", b"\r\n\r\nroot "),
            ("GET", "/devices", b"\r\n\r\nlist "),
            ("GET", "/devices?a=/b", b"\r\n\r\nlist "),
            ("GET", "/devices/5", b"\r\n\r\none id=5"),
            ("PUT", "/devices/5", b"\r\n\r\nset id=5"),
            ("GET", "/devices/all", b"\r\n\r\nall "),
            ("GET", "/devices/a%2Fb%20c", b"\r\n\r\none id=a/b c"),
            ("GET", "/devices/5/actions/turnOn", b"\r\n\r\naction id=5,name=turnOn"),
            ("GET", "/files/a/b.txt", b"\r\n\r\nfile path=a/b.txt"),
            ("HEAD", "/devices/5", b"Content-Length: 8\r\n\r\n"),
        )

    def test_what_has_no_route_is_404(self) -> None:
        self.run_lua(ROUTES)
        self.answers(
            ("GET", "/nothing", b" 404 Not Found\r\n"),
            ("GET", "/devices/", b" 404 "),
            ("GET", "/devices/5/actions", b" 404 "),
            ("GET", "/files", b" 404 "),
        )

    def test_another_method_is_405_with_those_allowed(self) -> None:
        self.run_lua(ROUTES)
        self.answers(
            ("DELETE", "/devices/5", b"\r\nAllow: GET, HEAD, PUT\r\n"),
            ("POST", "/devices", b" 405 Method Not Allowed\r\n"),
        )

    def test_what_has_no_route_is_the_other_handlers(self) -> None:
        self.run_lua(
            "OTHER = function(request, response) response:send(201) end" + ROUTES
        )
        self.answers(
            ("GET", "/nothing", b" 201 "),
            ("GET", "/devices", b" 200 "),
            ("DELETE", "/devices", b" 405 "),
        )

    def test_routes_may_come_while_it_runs(self) -> None:
        self.run_lua(ROUTES)
        self.run_lua("server:route('GET', '/late', function(_, r) r:send(202) end)")
        self.answers(("GET", "/late", b" 202 "))

    def test_a_handler_that_raises_is_500(self) -> None:
        self.run_lua(ROUTES)
        self.run_lua("server:route('GET', '/bad', function() error('x') end)")
        self.answers(("GET", "/bad", b" 500 "))
        self.assertEqual(len(self.errors), 1)
        self.flushLoggedErrors()

    def test_bad_arguments(self) -> None:
        for call, text in (
            ("route(5, '/', print)", "#1 to 'route' (method: HTTP method"),
            ("route('G T', '/', print)", "#1 to 'route' (method: HTTP method"),
            ("route('GET', 'x', print)", "#2 to 'route' (path: path that begins"),
            ("route('GET', '/:', print)", "#2 to 'route' (path: path with names"),
            ("route('GET', '/*a/b', print)", "#2 to 'route' (path: path with names"),
            ("route('GET', '/', 5)", "#3 to 'route' (handler: function"),
        ):
            self.assertRaisedAtLine(f"net.HTTPServer():{call}", text)
        self.assertRaisedAtLine(
            "local s = net.HTTPServer() s:route('GET', '/', print)"
            " s:route('get', '/', print)",
            "GET / has a handler already",
        )


globals().update(for_each_lua(RouteTests))
