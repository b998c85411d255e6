"""Errors of scripts: who is told of them, and how they read."""

from __future__ import annotations

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
        self.run_lua(
            "print(net.Nothing, rawget(net, 'TCPSocket'), type(net.TCPSocket))"
        )
        self.assertEqual(self.lines, [b"nil\tnil\tfunction"])


globals().update(for_each_lua(ErrorTests))
