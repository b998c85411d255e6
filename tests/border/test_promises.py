"""What scripts are told: folders with odd names, errors first, keys that nobody knows."""

from __future__ import annotations

from pathlib import Path

from eplua_twisted import ScriptError
from tests.support import LuaTestCase, for_each_lua

CALLS = (
    "net.TCPSocket():connect('127.0.0.1', 1, {})",
    "net.TCPSocket():read({})",
    "net.TCPServer():stop({})",
    "net.UDPSocket():receive({})",
    "net.UDPSocket():bind('127.0.0.1', 0, {})",
    "net.HTTPClient():request('http://127.0.0.1:1/', {})",
    "net.HTTPServer():stop({})",
    "net.WebSocketServer():stop({})",
    "net.resolve('localhost', {})",
)
"""A call with a callbacks table of each class that has them."""


class RequireTests(LuaTestCase):
    def test_modules_are_found_in_folders_with_any_name(self) -> None:
        for name in ("a;b", "a?b", "a b", "a%b"):
            folder = Path(self.mktemp()) / name
            folder.mkdir(parents=True)
            (folder / "other.lua").write_text("return 'found'")
            script = folder / "script.lua"
            script.write_text("package.loaded.other = nil print((require('other')))")
            self.successResultOf(self.runtime.run_file(str(script)))
            self.assertEqual(self.lines.pop(), b"found", name)


class OnErrorTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua("net.onError(function(trace) print(trace) return handled end)")

    def test_errors_of_the_main_chunk_are_seen(self) -> None:
        self.failureResultOf(self.runtime.run_string("error('mine')"), ScriptError)
        self.assertIn(b"mine", self.lines[0])

    def test_one_that_is_handled_is_none(self) -> None:
        self.run_lua("handled = true")
        self.run_lua("error('mine')")
        self.assertIn(b"mine", self.lines[0])

    def test_errors_of_calls_are_seen(self) -> None:
        """The application gets them all the same."""
        self.run_lua("handled = true function f() error('mine') end")
        self.failureResultOf(self.runtime.call("f"), ScriptError)
        self.assertIn(b"mine", self.lines[0])


class UnknownKeyTests(LuaTestCase):
    def test_a_callback_that_nobody_knows_warns_at_its_line(self) -> None:
        # A warning comes once for each line, so each call has one of its own.
        for line, call in enumerate(CALLS, 2):
            self.run_lua(
                "\n" * (line - 1)
                + call.replace("{}", "{sucess = print, error = print}")
            )
            self.assertTrue(
                any(
                    each.startswith(f"test.lua:{line}: ") and '"sucess"' in each
                    for each in self.warnings
                ),
                (call, self.warnings),
            )
            self.warnings.clear()


for _case in (RequireTests, OnErrorTests, UnknownKeyTests):
    globals().update(for_each_lua(_case))
del _case
