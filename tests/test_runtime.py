"""The runtime as an application uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import ConversionError, Runtime, ScriptError
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
        self.assertEqual(self.lines, [f"{path}\tone\t2\tone\tzwölf".encode()])

    def test_path(self) -> None:
        """A script is named by text or by a path."""
        path = self.write("path.lua", "print(arg[0])")
        self.successResultOf(self.runtime.run_file(Path(path)))
        self.assertEqual(self.lines, [path.encode()])

    def test_first_line_and_mark(self) -> None:
        """A #! line and a byte order mark are passed over; lines keep their numbers."""
        path = self.write(
            "x.lua", b"\xef\xbb\xbf#!/usr/bin/env eplua\nprint('ran')\nerror('here')"
        )
        failure = self.failureResultOf(self.runtime.run_file(path), ScriptError)
        self.assertEqual(self.lines, [b"ran"])
        self.assertIn("x.lua:3: here", str(failure.value))

    def test_first_line_and_mark_of_a_module(self) -> None:
        path = self.write("main.lua", "print(require('part').x) require('bad')")
        parent = Path(path).parent
        (parent / "part.lua").write_bytes(b"\xef\xbb\xbf#!/bin/x\nreturn {x = 5}")
        (parent / "bad.lua").write_bytes(b"\xef\xbb\xbf\nerror('here')")
        failure = self.failureResultOf(self.runtime.run_file(path), ScriptError)
        self.assertEqual(self.lines, [b"5"])
        self.assertIn("bad.lua:2: here", str(failure.value))

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
                "an error value of type table {}",
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


globals().update(for_each_lua(RunTests))


class ConstructionTests(SynchronousTestCase):
    def test_unknown_lua(self) -> None:
        problem = self.assertRaises(ValueError, Runtime, MemoryReactor(), lua="5.1")
        self.assertIn("5.3, 5.4, 5.5, luajit", str(problem))

    def test_unknown_transports(self) -> None:
        wrong: Any = "fast"
        problem = self.assertRaises(
            ValueError, Runtime, MemoryReactor(), transports=wrong
        )
        self.assertIn("known: lean, twisted", str(problem))

    def test_expose_what_cannot_be_converted(self) -> None:
        runtime = Runtime(MemoryReactor(), output=lambda line: None)
        runtime.expose("f", lambda value: object())
        failure = self.failureResultOf(runtime.run_string("f(1)"), ScriptError)
        self.assertIn("a object has no Lua form", str(failure.value))
        self.failureResultOf(runtime.call("f", object()), ConversionError)
        runtime.stop()
