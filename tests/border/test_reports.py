"""Errors of scripts: who is told of them, and how they read."""

from __future__ import annotations

from eplua_twisted import ScriptError
from tests.support import LuaTestCase, for_each_lua


class ErrorTests(LuaTestCase):
    def test_on_error_sees_it_first(self) -> None:
        """net.onError is told before the log, and its own error is reported too."""
        self.run_lua(
            """
            net.onError(function(text) print(text:match("^[^\\n]+")) error("worse") end)
            setTimeout(function() error("bad") end, 0)
            """
        )
        self.turn()
        self.assertEqual(self.lines, [b"test.lua:3: bad"])
        self.assertEqual(
            [text.splitlines()[0] for text in self.errors],
            ["test.lua:2: worse", "test.lua:3: bad"],
        )

    def test_on_error_removed(self) -> None:
        self.run_lua(
            "net.onError(print) net.onError(nil) setTimeout(function() error('bad') end, 0)"
        )
        self.turn()
        self.assertEqual((self.lines, len(self.errors)), ([], 1))

    def test_stats(self) -> None:
        self.run_lua(
            "setTimeout(print, 1000) print(eplua.stats().Timer, eplua.version)"
        )
        self.assertEqual(self.lines, [b"1\t" + self.runtime.version.encode()])

    def test_unknown_class(self) -> None:
        """A script may ask whether there is one."""
        self.run_lua(
            "print(net.Nothing, rawget(net, 'TCPSocket'), type(net.TCPSocket))"
        )
        self.assertEqual(self.lines, [b"nil\tnil\tfunction"])

    def test_fields_of_objects_are_the_scripts(self) -> None:
        self.run_lua(
            "local s = net.TCPSocket() s.conect = 5 print(s.conect, s.nothing)"
        )
        self.assertEqual(self.lines, [b"5\tnil"])


class RunningTests(LuaTestCase):
    """Each report says what was running, as its last line."""

    def ends(self, code: str, *endings: str) -> None:
        self.run_lua(code)
        for _ in range(20):
            self.reactor.advance(0.01)
        self.assertEqual([each.splitlines()[-1] for each in self.errors], list(endings))
        self.errors.clear()

    def test_timers(self) -> None:
        self.ends(
            "setTimeout(function() error('x') end, 1)",
            "\tin setTimeout, the function at test.lua:1",
        )
        self.ends(
            "\nsetTimeout(function(x) error(x) end, 1, 'x')",
            "\tin setTimeout, the function at test.lua:2",
        )
        self.ends(
            "local function f() error('x') end\n\nlocal t\n"
            "t = setInterval(function() clearInterval(t) f() end, 5)",
            "\tin setInterval set at test.lua:4",
        )

    def test_tasks(self) -> None:
        self.ends(
            "local function f() task.sleep(1) error('x') end\ntask.start(f)",
            "\tin a task started at test.lua:2",
        )

    def test_connections(self) -> None:
        self.ends(
            """
            server = net.TCPServer()
            server:start("127.0.0.1", 8080, function() error("x") end, {})
            socket = net.TCPSocket()
            socket:connect("127.0.0.1", 8080, {success = function() error("y") end})
            """,
            "\tin TCPServer 127.0.0.1:8080, onClient",
            "\tin TCPSocket 127.0.0.1:8080, connect",
        )

    def test_datagrams(self) -> None:
        self.ends(
            """
            socket = net.UDPSocket()
            socket:bind("127.0.0.1", 5000)
            socket:receive({success = function() error("x") end})
            net.UDPSocket():sendTo("x", "127.0.0.1", 5000)
            """,
            "\tin UDPSocket 127.0.0.1:5000, receive",
        )

    def test_frames_of_the_library_are_left_out(self) -> None:
        """Its tail calls too, where all of a script runs in a coroutine."""
        self.runtime = self.make_runtime(hc3=True)
        done = self.runtime.run_string(
            "function QuickApp:onInit() setTimeout(function() error('x') end, 1) end",
            "@test.lua",
        )
        for _ in range(20):
            self.reactor.advance(0.01)
        self.successResultOf(done)
        trace = self.errors[-1].split("\n\t")
        self.assertRegex(trace[1], r"^\[C\]: in (function|global) 'error'$")
        self.assertRegex(trace[2], r"^test\.lua:1: in function <test\.lua:1>$")
        self.assertEqual(trace[3:], ["in setTimeout, the function at test.lua:1"])

    def test_what_is_collected_has_no_name(self) -> None:
        self.ends(
            "net.resolve('localhost', {success = function() error('x') end})",
            "\tin resolve",
        )

    def test_listeners(self) -> None:
        self.ends(
            """
            local client = net.WebSocketClient{timeout = 10}
            client:addEventListener("error", function() error("x") end)
            client:connect("ws://127.0.0.1:1/")
            """,
            "\tin WebSocketClient ws://127.0.0.1:1/, error",
        )

    def test_on_error(self) -> None:
        self.ends(
            "net.onError(function() error('y') end)\n"
            "setTimeout(function() error('x') end, 1)",
            "\tin net.onError",
            "\tin setTimeout, the function at test.lua:2",
        )


class ValueTests(LuaTestCase):
    """Whatever is raised, wherever, is reported with its line."""

    def reports(self, code: str) -> str:
        self.run_lua(code)
        self.reactor.advance(0.1)
        self.reactor.advance(0.1)
        (error,) = self.errors
        self.errors.clear()
        return error

    def test_odd_values(self) -> None:
        for value in (
            "nil",
            "5",
            "true",
            "print",
            "{code = 5}",
            "setmetatable({a = 1}, {__tostring = function() error('y') end})",
            "setmetatable({a = 1}, {__tostring = function() return {} end})",
            "setmetatable({a = 1}, {__tostring = function() coroutine.yield() end})",
            "setmetatable({a = 1}, {__tostring = function(t) return tostring(t) .. '' end})",
            "setmetatable({a = 1}, {__tostring = 5})",
        ):
            for start in ("setTimeout(f, 1)", "task.start(f)"):
                code = f"function f() task.sleep(0) error({value}) end {start}"
                if start.startswith("set"):
                    code = code.replace("task.sleep(0)", "")
                text = self.reports(code)
                self.assertIn("test.lua:1", text, value)
                if "a = 1" in value:
                    self.assertTrue(text.startswith("an error value"), text)
                    self.assertIn("{a = 1}", text, value)

    def test_nested_too_deep(self) -> None:
        """C{load} says so to who calls it; the handler of errors is not asked."""
        self.run_lua(
            """
            local deep = "return " .. ("{"):rep(1000)
            local function look() print(select("#", load(deep)), type(select(2, load(deep)))) end
            look()
            setTimeout(look, 1)
            """
        )
        self.reactor.advance(0.1)
        self.assertEqual(self.lines, [b"2\tstring"] * 2)

    def test_in_coroutines_of_the_script(self) -> None:
        text = self.reports(
            "setTimeout(function() coroutine.wrap(function()\nerror('x') end)() end, 1)"
        )
        self.assertIn("test.lua:2: x", text)

    def test_when_closing(self) -> None:
        if self.lua not in ("5.4", "5.5"):
            return
        text = self.reports(
            "setTimeout(function()\nlocal x <close> = setmetatable({}, "
            "{__close = function() error('x') end}) end, 1)"
        )
        self.assertIn("test.lua:2: x", text)

    def test_when_a_task_closes(self) -> None:
        """Lua leaves the variables of a coroutine that has failed; tasks close them."""
        if self.lua not in ("5.4", "5.5"):
            return
        variable = (
            "local x <close> = setmetatable({}, {__close = function() print('closed')"
            " error('in close') end})"
        )
        self.run_lua(f"task.start(function() {variable} task.sleep(1) error('x') end)")
        self.run_lua(
            f"t = task.start(function() {variable} task.sleep(100) end)"
            " setTimeout(function() t:cancel() end, 2)"
        )
        self.run_lua(
            f"u = task.start(function() {variable} while true do"
            " pcall(task.sleep, 100) end end) setTimeout(function() u:cancel() end, 3)"
        )
        self.run_lua(f"task.start(function() {variable} error('y') end)")
        for _ in range(6):
            self.reactor.advance(0.001)
        self.reactor.settle()
        self.assertEqual(self.lines, [b"closed"] * 4)
        said = [each.splitlines()[0].split(": ")[1] for each in self.errors]
        self.assertEqual(
            sorted(said), ["in close"] * 4 + ["it is left where it is", "x", "y"]
        )
        self.assertTrue(all("started at test.lua:1" in each for each in self.errors))

    def test_in_the_handler_of_an_error(self) -> None:
        text = self.reports(
            "setTimeout(function() local good, why = "
            "xpcall(error, function() error('y') end, 'x') error(why) end, 1)"
        )
        self.assertIn("test.lua:1", text)


class NearestNameTests(LuaTestCase):
    """What is missing of ours is named in the report of the error."""

    def first_line(self, code: str) -> str:
        failed = self.runtime.run_string(code, "@test.lua")
        message: str = self.failureResultOf(failed, ScriptError).value.message
        return message

    def means(self, code: str, name: str) -> None:
        self.assertTrue(
            self.first_line(code).endswith(f"; did you mean {name}?"),
            self.first_line(code),
        )

    def test_modules(self) -> None:
        self.means("net.TcpSocket()", "net.TCPSocket")
        self.means("net.HTTPclient()", "net.HTTPClient")
        self.means("net.TcpSocket.x = 1", "net.TCPSocket")
        self.means("mqtt.Client.conect()", "mqtt.Client.connect")
        self.means("json.encod({})", "json.encode")
        self.means("task.strat(print)", "task.start")
        self.means("setTimout(print, 1)", "setTimeout")

    def test_methods(self) -> None:
        self.means("local s = net.TCPSocket() s:conect('x', 1)", "s:connect")
        self.means("local s = net.TCPSocket() s.conect('x', 1)", "s:connect")
        self.means("s = net.UDPSocket() s:sentTo('x')", "s:sendTo")
        self.means(
            "local me = {s = net.TCPSocket()} me.s:raed()",
            "TCPSocket:read",
        )
        self.means(
            "local s = net.TCPSocket() local function f() s:conect() end f()",
            "s:connect",
        )

    def test_in_tasks(self) -> None:
        self.run_lua(
            "task.start(function() task.sleep(0) local s = net.TCPSocket() s:conect() end)"
        )
        self.turn(3)
        self.assertRegex(self.errors[0], "did you mean (s|TCPSocket):connect[?]")

    def test_own_names_have_no_hint(self) -> None:
        for code in (
            "local own = {} own.thing()",
            "local own = {} own:connect()",
            "nothing.at.all()",
            "local s = net.TCPSocket() s:qwertz()",
            "(nil)()",
        ):
            self.assertNotIn("did you mean", self.first_line(code))

    def test_a_dot_for_a_colon(self) -> None:
        self.assertRaisedAtLine(
            "local s = net.TCPSocket()\ns.connect('127.0.0.1', 1)", "colon"
        )
        self.assertRaisedAtLine("local t = setTimeout(print, 1)\nt.unref()", "colon")

    def test_a_colon_for_a_dot(self) -> None:
        self.assertRaisedAtLine("\nnet:HTTPServer()", "with a dot: net.HTTPServer()")
        self.run_lua("net:TCPSocket():close()")
        self.assertWarned("with a dot: net.TCPSocket()")

    def test_options_callbacks_and_events(self) -> None:
        self.assertRaisedAtLine(
            "net.HTTPServer({tmieout = 5})",
            "known: compress, maxBodySize",
            "did you mean timeout?",
        )
        self.assertRaisedAtLine(
            "net.WebSocketServer():start('*', 0, {recieve = print})",
            "did you mean receive?",
        )
        self.assertRaisedAtLine(
            "net.WebSocketClient():addEventListener('conected', print)",
            "did you mean connected?",
        )
        self.run_lua("net.TCPSocket{timeuot = 5}")
        self.assertWarned("did you mean timeout?")
        self.run_lua("net.TCPSocket():read{sucess = print}")
        self.assertWarned("did you mean success?", "no error callback")


class ExitTests(LuaTestCase):
    def test_exit_on_error(self) -> None:
        """The first error that nobody handled is the end, with 1."""
        codes: list[int] = []
        self.runtime = self.make_runtime(exit_on_error=True, on_exit=codes.append)
        self.run_lua(
            """
            net.onError(function(text) return text:find("fine") ~= nil end)
            setTimeout(function() error("fine") end, 1)
            setTimeout(function() pcall(task.start, error, "bad") end, 2)
            setTimeout(print, 3, "RUNS")
            """
        )
        for _ in range(5):
            self.reactor.advance(0.001)
        self.assertEqual(
            (codes, self.lines, len(self.errors)),
            ([1], [], 1),
        )

    def test_exit_without_a_code(self) -> None:
        """It is 1 when an error was not handled."""
        for code, expected in (("", 1), ("0", 0), ("true", 0), ("7", 7)):
            codes: list[int] = []
            self.runtime = self.make_runtime(on_exit=codes.append)
            self.run_lua(
                f"setTimeout(error, 1, 'x') setTimeout(function() os.exit({code}) end, 2)"
            )
            for _ in range(4):
                self.reactor.advance(0.001)
            self.assertEqual(codes, [expected], code)


for _case in (
    ErrorTests,
    RunningTests,
    ValueTests,
    NearestNameTests,
    ExitTests,
):
    globals().update(for_each_lua(_case))
del _case
