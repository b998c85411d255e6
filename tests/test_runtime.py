"""The runtime as an application uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import ConversionError, Runtime, RuntimeStopped, ScriptError
from tests.support import LuaTestCase, MemoryReactor, for_each_lua


class RunTests(LuaTestCase):
    def write(self, name: str, text: str | bytes) -> str:
        path = Path(self.mktemp())
        path.mkdir(parents=True)
        file = path / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(file)

    def test_arguments(self) -> None:
        """They are in arg and in the chunk's dots."""
        path = self.write("args.lua", "print(arg[0], arg[1], #arg, ...)")
        self.successResultOf(self.runtime.run_file(path, "one", "zwölf"))
        self.assertEqual(
            self.lines, ["\t".join([path, "one", "2", "one", "zwölf"]).encode()]
        )

    def test_first_line_and_mark(self) -> None:
        """A #! line and a byte order mark are passed over; lines keep their numbers."""
        path = self.write(
            "x.lua", b"\xef\xbb\xbf#!/usr/bin/env eplua\nprint('ran')\nerror('here')"
        )
        failure = self.failureResultOf(self.runtime.run_file(path), ScriptError)
        self.assertEqual(self.lines, [b"ran"])
        self.assertIn("x.lua:3: here", str(failure.value))

    def test_require_beside_the_script(self) -> None:
        path = self.write("main.lua", "print(require('part').x, require('deep.er'))")
        (Path(path).parent / "part.lua").write_text("return {x = ...}")
        (Path(path).parent / "deep").mkdir()
        (Path(path).parent / "deep" / "er.lua").write_text("return 'deep'")
        self.successResultOf(self.runtime.run_file(path))
        self.assertEqual(self.lines[0].split(b"\t")[:2], [b"part", b"deep"])

    def test_require_what_is_broken(self) -> None:
        """The error names the module's file and line, or where it was looked for."""
        path = self.write(
            "main.lua", "print(pcall(require, 'bad')) print(pcall(require, 'none'))"
        )
        (Path(path).parent / "bad.lua").write_text("\n=")
        self.successResultOf(self.runtime.run_file(path))
        text = b"\n".join(self.lines)
        self.assertIn(b"bad.lua:2:", text)
        self.assertIn(b"no file '", text)

    def test_require_library(self) -> None:
        self.run_lua("print(require 'net' == net, require 'task' == task)")
        self.assertEqual(self.lines, [b"true\ttrue"])

    def test_missing(self) -> None:
        self.failureResultOf(self.runtime.run_file("/none/such.lua"), FileNotFoundError)

    def test_does_not_compile(self) -> None:
        failure = self.failureResultOf(
            self.runtime.run_string("local x =\n=", "@bad.lua"), ScriptError
        )
        self.assertIn("bad.lua:2:", str(failure.value))

    def test_raises(self) -> None:
        """The error has the script's line and a traceback of the script's own frames."""
        failure = self.failureResultOf(
            self.runtime.run_string(
                "local function deep() error('no') end\nlocal function f() deep() return 1 end\nf()",
                "@bad.lua",
            ),
            ScriptError,
        )
        self.assertEqual(str(failure.value), "bad.lua:1: no")
        self.assertIn("bad.lua:2: in ", failure.value.traceback)
        self.assertNotIn("<eplua>", failure.value.traceback)

    def test_raises_no_string(self) -> None:
        for code, text in (
            ("error()", "nil"),
            (
                "error(setmetatable({}, {__tostring = function() return 'mine' end}))",
                "mine",
            ),
            (
                "error(setmetatable({}, {__tostring = function() error('x') end}))",
                "an error value of type table",
            ),
        ):
            failure = self.failureResultOf(self.runtime.run_string(code), ScriptError)
            self.assertEqual(str(failure.value), text)

    def test_bad_argument_of_a_method(self) -> None:
        """An error names the script's line, however deep in the library it was found."""
        self.run_lua(
            "print(pcall(function()\n  net.TCPSocket():connect('localhost', 'http')\nend))"
        )
        self.assertEqual(
            self.lines,
            [
                b"false\ttest.lua:2: bad argument #2 to 'connect' "
                b'(port: integer 1..65535 expected, got "http")'
            ],
        )


class CallTests(LuaTestCase):
    def test_results(self) -> None:
        self.run_lua("function sum(a, b) return a + b, {a, b} end")
        self.assertEqual(
            self.successResultOf(self.runtime.call("sum", 1, 2)), (3, [1, 2])
        )

    def test_error(self) -> None:
        self.run_lua("function bad() error('no') end")
        failure = self.failureResultOf(self.runtime.call("bad"), ScriptError)
        self.assertEqual(str(failure.value), "test.lua:1: no")

    def test_no_such_function(self) -> None:
        failure = self.failureResultOf(self.runtime.call("none"), ScriptError)
        self.assertIn("'none' is not a global function", str(failure.value))

    def test_from_within(self) -> None:
        """A call made while Lua runs comes after it."""
        done: list[Any] = []

        def application() -> None:
            self.runtime.call("later", "x").addCallback(done.append)

        self.runtime.expose("application", application)
        self.run_lua(
            "function later(x) print('later', x) end application() print('first')"
        )
        self.assertEqual(self.lines, [b"first", b"later\tx"])
        self.assertEqual(done, [()])


class ExposeTests(LuaTestCase):
    def test_plain(self) -> None:
        """A plain result returns at once; a tuple is several; text is UTF-8."""
        self.runtime.expose("f", lambda *values: (len(values), "ä", [1, {"k": b"v"}]))
        self.run_lua("local n, s, t = f(1, nil, 'x') print(n, s, t[1], t[2].k)")
        self.assertEqual(self.lines, ["3\tä\t1\tv".encode()])

    def test_arguments(self) -> None:
        seen: list[Any] = []
        self.runtime.expose("f", lambda *values: seen.append(values))
        self.run_lua("f('s', 1, 1.5, true, nil, {1, 2}, {a = {b = {}}})")
        self.assertEqual(seen, [(b"s", 1, 1.5, True, None, [1, 2], {b"a": {b"b": {}}})])

    def test_exception(self) -> None:
        """It becomes a Lua error with its text, at the script's line."""

        def f() -> None:
            raise ValueError("out of range")

        self.runtime.expose("f", f)
        self.run_lua("print(pcall(function()\nf() end))")
        self.assertEqual(self.lines, [b"false\ttest.lua:2: out of range"])

    def test_deferred_in_a_task(self) -> None:
        later: Deferred[Any] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua("task.start(function() print(f()) end)")
        self.assertEqual(self.lines, [])
        later.callback(("a", [1]))
        self.assertTrue(self.lines[0].startswith(b"a\ttable"))

    def test_deferred_with_callbacks(self) -> None:
        self.runtime.expose("good", lambda x: succeed(x))
        self.runtime.expose("bad", lambda: fail(ValueError("broken")))
        self.run_lua("good(5, {success = print}) bad({error = print}) print('called')")
        self.assertEqual(self.lines, [b"called", b"5", b"broken\tinternal"])

    def test_plain_with_callbacks(self) -> None:
        """With callbacks even a plain result is answered there, later, once."""
        self.runtime.expose("f", lambda: "now")
        self.run_lua("print(f({success = print}))")
        self.assertEqual(self.lines, [b"", b"now"])

    def test_deferred_failing_in_a_task(self) -> None:
        self.runtime.expose("bad", lambda: fail(ValueError("broken")))
        self.run_lua("task.start(function() print(bad()) end)")
        self.assertEqual(self.lines, [b"nil\tbroken\tinternal"])

    def test_table_of_data_is_no_callbacks(self) -> None:
        self.runtime.expose("f", lambda value: value[b"success"])
        self.run_lua("print(f({success = 'data'}))")
        self.assertEqual(self.lines, [b"data"])


class IdleTests(LuaTestCase):
    def test_at_once(self) -> None:
        idle = self.runtime.idle()
        self.turn()
        self.successResultOf(idle)

    def test_pending_deferred(self) -> None:
        """A result that is awaited keeps the program alive."""
        later: Deferred[int] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua("f({success = function() setTimeout(print, 5, 'end') end})")
        idle = self.runtime.idle()
        self.turn(3)
        self.assertNoResult(idle)
        later.callback(1)
        self.turn(2)
        self.assertNoResult(idle)
        self.reactor.pump([0.005, 0, 0])
        self.successResultOf(idle)
        self.assertEqual(self.lines, [b"end"])

    def test_stop_ends_it(self) -> None:
        self.run_lua("setInterval(print, 1000)")
        idle = self.runtime.idle()
        self.runtime.stop()
        self.turn()
        self.successResultOf(idle)


class StopTests(LuaTestCase):
    def stopped(self) -> Runtime:
        stopped = self.runtime.stop()
        self.turn()
        self.successResultOf(stopped)
        return self.runtime

    def test_nothing_more(self) -> None:
        """After the stop nothing of the script runs."""
        later: Deferred[int] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua(
            "f({success = print, error = print}) setTimeout(print, 1, 'timer')"
            " task.start(function() task.sleep(1) print('task') end)"
        )
        self.stopped()
        later.addErrback(lambda failure: None)
        self.reactor.pump([1, 1])
        self.assertEqual(self.lines, [])

    def test_refused_afterwards(self) -> None:
        runtime = self.stopped()
        self.failureResultOf(runtime.run_string("x = 1"), RuntimeStopped)
        self.failureResultOf(runtime.call("f"), RuntimeStopped)
        self.assertRaises(RuntimeStopped, runtime.expose, "f", print)
        self.successResultOf(runtime.stop())
        self.successResultOf(runtime.idle())

    def test_twice(self) -> None:
        first, second = self.runtime.stop(), self.runtime.stop()
        self.turn()
        self.successResultOf(first)
        self.successResultOf(second)

    def test_from_within(self) -> None:
        """A stop asked for by Lua waits until Lua has returned."""
        stops: list[Deferred[None]] = []
        self.runtime.expose("stop", lambda: stops.append(self.runtime.stop()))
        self.failureResultOf(
            self.runtime.run_string("stop() print('still here') setTimeout(print, 0)"),
            ScriptError,
        )
        self.assertEqual(self.lines, [])
        self.turn()
        self.successResultOf(stops[0])

    def test_pending_call(self) -> None:
        """Whoever waits for a call when the runtime stops learns of it."""
        self.run_lua("function f() end")
        calls: list[Deferred[Any]] = []

        def application() -> None:
            calls.append(self.runtime.call("f"))
            self.runtime.stop()

        self.runtime.expose("application", application)
        self.runtime.run_string("application()").addErrback(lambda failure: None)
        self.turn()
        self.failureResultOf(calls[0], RuntimeStopped)


class ExitTests(LuaTestCase):
    def setUp(self) -> None:
        self.codes: list[int] = []
        super().setUp()

    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(on_exit=self.codes.append, **options)

    def exits(self, code: str) -> None:
        """Run code that exits: nothing is printed after it, whatever tries."""
        result = self.runtime.run_string(code, "@test.lua")
        result.addErrback(lambda failure: failure.trap(RuntimeStopped))
        self.reactor.pump([0.001, 0, 0])
        self.assertEqual(self.errors, [])

    def test_codes(self) -> None:
        for code, number in (("", 0), ("true", 0), ("false", 1), ("3", 3), ("'4'", 4)):
            self.runtime = self.make_runtime()
            self.exits(f"os.exit({code}) print('after')")
            self.assertEqual((self.codes[-1], self.lines), (number, []))

    def test_bad_code(self) -> None:
        self.run_lua("print(pcall(os.exit, 'x'))")
        self.assertIn(b"#1 to 'exit'", self.lines[0])

    def test_pcall(self) -> None:
        """Not even through pcall, nested, or in a loop."""
        self.exits(
            """
            print("before")
            while true do
              pcall(function() pcall(os.exit, 7) print("in pcall") end)
              print("after")
            end
            """
        )
        self.assertEqual((self.codes, self.lines), ([7], [b"before"]))

    def test_xpcall(self) -> None:
        self.exits("xpcall(os.exit, function() print('handler') end, 7) print('after')")
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_coroutine(self) -> None:
        """Not in the coroutine, nor in those that resumed it."""
        self.exits(
            """
            local inner = coroutine.create(function() pcall(os.exit, 7) print("inner") end)
            local outer = coroutine.wrap(function() coroutine.resume(inner) print("outer") end)
            pcall(outer)
            print("main")
            """
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_task(self) -> None:
        self.exits(
            "task.start(function() pcall(os.exit, 7) print('task') end) print('main')"
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_timer(self) -> None:
        """Not in other callbacks that are due at the same time."""
        self.exits("setTimeout(os.exit, 1, 7) setTimeout(print, 1, 'after')")
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_sorting(self) -> None:
        """Through a C function on the stack."""
        self.exits(
            "pcall(table.sort, {1, 2, 3}, function() os.exit(7) end) print('after')"
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_call_learns_of_it(self) -> None:
        self.run_lua("function f() os.exit(7) end")
        call = self.runtime.call("f")
        self.turn(2)
        self.failureResultOf(call, RuntimeStopped)


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
        self.run_lua(
            "print(net.Nothing, rawget(net, 'TCPSocket'), type(net.TCPSocket))"
        )
        self.assertEqual(self.lines, [b"nil\tnil\tfunction"])


for _case in (
    RunTests,
    CallTests,
    ExposeTests,
    IdleTests,
    StopTests,
    ExitTests,
    ErrorTests,
):
    globals().update(for_each_lua(_case))
del _case


class ConstructionTests(SynchronousTestCase):
    def test_unknown_lua(self) -> None:
        problem = self.assertRaises(ValueError, Runtime, MemoryReactor(), lua="5.1")
        self.assertIn("5.3, 5.4, 5.5, luajit", str(problem))

    def test_expose_what_cannot_be_converted(self) -> None:
        runtime = Runtime(MemoryReactor(), output=lambda line: None)
        runtime.expose("f", lambda value: object())
        failure = self.failureResultOf(runtime.run_string("f(1)"), ScriptError)
        self.assertIn("a object has no Lua form", str(failure.value))
        self.failureResultOf(runtime.call("f", object()), ConversionError)
        runtime.stop()
