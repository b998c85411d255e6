"""The command C{eplua}, as a user runs it, in a process of its own."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from tests.support import ALL_BYTES, EPLUA, TWISTD_N, start, together


class CommandTests(TestCase):
    timeout = 20

    def script(self, code: str | bytes, name: str = "script.lua") -> str:
        directory = Path(self.mktemp())
        directory.mkdir(parents=True)
        path = directory / name
        path.write_bytes(code.encode() if isinstance(code, str) else code)
        return str(path.resolve())

    async def run_command(self, *arguments: str) -> tuple[int | None, bytes]:
        peer = start(self, *arguments)
        code = await peer.ended
        return code, peer.output

    async def test_ends_with_0(self) -> None:
        """When nothing is open or pending, at once."""
        path = self.script("print('hello', ...) setTimeout(print, 1, 'timer')")
        self.assertEqual(
            await self.run_command(*EPLUA, path, "a", "-b"),
            (0, b"hello\ta\t-b\ntimer\n"),
        )

    async def test_runs_code_of_the_command_line(self) -> None:
        self.assertEqual(
            await self.run_command(*EPLUA, "-e", "print(_VERSION, ...)", "x"),
            (0, b"Lua 5.4\tx\n"),
        )

    async def test_runs_standard_input(self) -> None:
        """All of it, whatever bytes it has, with arguments and the name in errors."""
        peer = start(self, *EPLUA, "-", "x")
        peer.transport.write(b"print('\xff', ...)\nerror('bad')")
        peer.transport.closeStdin()
        self.assertEqual(await peer.ended, 1)
        self.assertIn(b"\xff\tx\n", peer.output)
        self.assertIn(b"stdin:2: bad\n", peer.output)

    async def test_lua_versions(self) -> None:
        script = "print(jit and jit.version or _VERSION)"
        answers = await together(
            *(
                self.run_command(*EPLUA, "--lua", version, "-e", script)
                for version in ("5.3", "5.5", "luajit")
            )
        )
        self.assertEqual(
            [(code, output[:7]) for code, output in answers],
            [(0, b"Lua 5.3"), (0, b"Lua 5.5"), (0, b"LuaJIT ")],
        )

    async def test_bytes(self) -> None:
        code, output = await self.run_command(
            *EPLUA,
            "-e",
            "local t = {} for i = 0, 255 do t[#t+1] = string.char(i) end print(table.concat(t))",
        )
        self.assertEqual((code, output), (0, ALL_BYTES + b"\n"))

    async def test_script_fails(self) -> None:
        """1, and a traceback with file and line; what it had opened is closed."""
        path = self.script(
            "setInterval(print, 10)\nlocal function f() error('no') end\nf()"
        )
        code, output = await self.run_command(*EPLUA, path)
        self.assertEqual(code, 1)
        self.assertIn(b"script.lua:2: no\nstack traceback:", output)
        self.assertIn(b"script.lua:3: in ", output)
        self.assertNotIn(b"Traceback (most recent", output)

    async def test_one_of_several_does_not_hide_the_error_of_another(self) -> None:
        """However well it ends."""
        begin = "function QuickApp:onInit()"
        first = self.script(f"{begin} setTimeout(function() os.exit(0) end, 50) end")
        second = self.script(f"{begin} error('not handled') end")
        code, output = await self.run_command(*EPLUA, "--hc3", first, second)
        self.assertIn(b"not handled", output)
        self.assertEqual(code, 1)

    async def test_does_not_compile(self) -> None:
        code, output = await self.run_command(*EPLUA, self.script("x ="))
        self.assertEqual(code, 1)
        self.assertIn(b"script.lua:1:", output)

    async def test_missing_script(self) -> None:
        self.assertEqual(
            await self.run_command(*EPLUA, "/none/such.lua"),
            (1, b"eplua: cannot read /none/such.lua: No such file or directory\n"),
        )

    async def test_usage(self) -> None:
        answers = await together(
            self.run_command(*EPLUA),
            self.run_command(*EPLUA, "--lua", "5.1", "x"),
            self.run_command(*EPLUA, "--sandbax"),
            self.run_command(*EPLUA, "--transports=fast", "x"),
        )
        self.assertEqual([code for code, _ in answers], [2, 2, 2, 2])
        for (_, output), text in zip(
            answers,
            (
                b"no script given",
                b"unknown Lua version '5.1'; known: 5.3, 5.4, 5.5, luajit",
                b"option --sandbax not recognized; did you mean --sandbox?",
                b"unknown --transports=fast; known: lean, twisted",
            ),
            strict=True,
        ):
            self.assertIn(text, output)

    async def test_help_and_version(self) -> None:
        code, output = await self.run_command(*EPLUA, "--help")
        self.assertEqual(code, 0)
        for option in (b"--lua=", b"--execute=", b"SCRIPT [ARG...]"):
            self.assertIn(option, output)
        code, output = await self.run_command(*EPLUA, "--version")
        self.assertEqual(code, 0)
        self.assertTrue(re.match(rb"eplua \d+\.\d+\.\d+ \(Twisted ", output), output)

    async def test_exit_code(self) -> None:
        script = "setTimeout(function() pcall(os.exit, %s) print('no') end, 1)"
        answers = await together(
            *(
                self.run_command(*EPLUA, "-e", script % argument)
                for argument in ("7", "false", "true", "256 + 3")
            )
        )
        self.assertEqual(answers, [(7, b""), (1, b""), (0, b""), (3, b"")])

    async def test_reader_gone(self) -> None:
        """`eplua ... | head` ends quietly."""
        peer = start(
            self,
            "/bin/sh",
            "-c",
            f"{' '.join(EPLUA)} -e 'setInterval(print, 1, 5)' | head -n 2",
        )
        self.assertEqual(await peer.ended, 0)
        self.assertEqual(peer.output, b"5\n5\n")

    async def test_error_in_a_callback(self) -> None:
        """It is shown, the program goes on, and ends with 1."""
        code, output = await self.run_command(
            *EPLUA,
            "-e",
            "setTimeout(function() error('bad') end, 0) setTimeout(print, 5, 'on')",
        )
        self.assertEqual(code, 1)
        self.assertIn(b"(command line):1: bad\nstack traceback:", output)
        self.assertTrue(output.endswith(b"on\n"))

    async def test_handled_error(self) -> None:
        """What net.onError has handled is no failure."""
        code, output = await self.run_command(
            *EPLUA,
            "-e",
            "net.onError(function() return true end)"
            " setTimeout(function() error('bad') end, 0)",
        )
        self.assertEqual((code, output), (0, b""))

    async def test_exit_code_counts_after_an_error(self) -> None:
        code, _ = await self.run_command(
            *EPLUA,
            "-e",
            "setTimeout(function() error('bad') end, 0) setTimeout(os.exit, 1, 0)",
        )
        self.assertEqual(code, 0)

    async def interrupted(self, code: str, *signals: str) -> int | None:
        peer = start(self, *EPLUA, "-e", code)
        await peer.says(b"ready")
        for name in signals:
            peer.transport.signalProcess(name)
            await self.turn()
        return await peer.ended

    def turn(self) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        reactor.callLater(0, done.callback, None)
        return done

    async def test_signals(self) -> None:
        """SIGINT and SIGTERM close everything first."""
        code = """
            server = net.TCPServer()
            server:start("127.0.0.1", 0, function() end, {success = function(port)
              c = net.TCPSocket()
              c:connect("127.0.0.1", port, {success = function() print("ready") end})
            end})
        """
        self.assertEqual(await self.interrupted(code, "INT"), -signal.SIGINT)
        self.assertEqual(await self.interrupted(code, "TERM"), -signal.SIGTERM)

    async def test_signal_right_after_the_first_output(self) -> None:
        script = "print('ready') setInterval(print, 50)"
        codes = await together(
            *(self.interrupted(script, name) for name in ("TERM", "INT") * 5)
        )
        self.assertEqual(codes, [-signal.SIGTERM, -signal.SIGINT] * 5)

    async def test_signal_taken_by_another_thread(self) -> None:
        """The reactor sleeps: the thread that was interrupted has to wake it."""
        code = """if True:
            import signal
            from eplua_twisted import cli, foreground
            install = foreground.Signals.install
            def install_and_block(self):
                install(self)
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            foreground.Signals.install = install_and_block
            cli.main(["-e", "print('ready') setTimeout(print, 1e6)"])
            """
        peer = start(self, sys.executable, "-c", code)
        await peer.says(b"ready")
        peer.transport.signalProcess("TERM")
        self.assertEqual(await peer.ended, -signal.SIGTERM)

    async def test_functions_of_c_in_each_other(self) -> None:
        """They have a bound on LuaJIT too, whose own is beyond the usual stack."""
        code = "local function f(s) return (s:gsub('.', f)) end f('x')"
        peer = start(self, *EPLUA, "--lua", "luajit", "-e", code)
        self.assertEqual(await peer.ended, 1)
        self.assertIn(b"eplua: stack overflow\n", peer.output)

    async def test_a_lookup_that_hangs(self) -> None:
        """Nobody waits for it at the end."""
        code = """if True:
            import socket, threading
            from eplua_twisted import cli
            socket.getaddrinfo = lambda *_: threading.Event().wait()
            cli.main(["-e", "net.resolve('name', {}) setTimeout(os.exit, 1, 3)"])
            """
        peer = start(self, sys.executable, "-c", code)
        self.assertEqual(await peer.ended, 3)

    async def test_endless_loop(self) -> None:
        """The second SIGINT ends it, whatever the script does."""
        peer = start(self, *EPLUA, "-e", "print('ready') while true do end")
        await peer.says(b"ready")
        peer.transport.signalProcess("INT")
        # Two signals at once would be one: the first has to be taken.
        status = Path(f"/proc/{peer.transport.pid}/status")
        while b"ShdPnd:\t0000000000000000" not in status.read_bytes():
            await self.turn()
        peer.transport.signalProcess("INT")
        self.assertEqual(await peer.ended, -signal.SIGINT)

    LOOPS = (
        "print('ready') while true do end",
        # Without a hook: C code that works on a pattern.
        "local s = ('a'):rep(40) print('ready') s:find(('.-'):rep(30) .. 'b')",
    )

    async def test_one_signal(self) -> None:
        """It ends the process by itself when the time for stopping is over."""
        for command in (EPLUA, [*TWISTD_N, "eplua"]):
            for loop in self.LOOPS:
                peer = start(
                    self,
                    *command,
                    "--grace",
                    "0.1",
                    "-e",
                    f"setTimeout(function() {loop} end)",
                )
                await peer.says(b"ready")
                peer.transport.signalProcess("TERM")
                self.assertEqual(await peer.ended, -signal.SIGTERM)

    async def test_while_it_starts(self) -> None:
        """The main chunk does not return, and the reactor has not begun."""
        code = "print('ready') while true do end"
        options = "--grace", "0.1", "--max-callback-time", "0", "-e", code
        for command in (EPLUA, [*TWISTD_N, "eplua"]):
            peer = start(self, *command, *options)
            await peer.says(b"ready")
            peer.transport.signalProcess("INT")
            self.assertEqual(await peer.ended, -signal.SIGINT)

    async def test_grace_is_for_what_hangs(self) -> None:
        """Whoever stops in time is not waited for."""
        peer = start(
            self,
            *TWISTD_N,
            "eplua",
            "--grace",
            "60",
            "-e",
            "setInterval(print, 1, 'ready')",
        )
        await peer.says(b"ready")
        peer.transport.signalProcess("TERM")
        self.assertEqual(await peer.ended, -signal.SIGTERM)
        self.assertIn(b"Server Shut Down", peer.output)
