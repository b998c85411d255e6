"""C{twistd eplua}: as a user runs it, and what its options make."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import cast

from twisted.internet import reactor
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorProcess
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from eplua_twisted.tap import CommandService, Options, makeService
from tests.support import TWISTD_N, Peer, free_port, start


class ServiceTests(TestCase):
    """C{twistd eplua}"""

    timeout = 20

    def twistd(self, *arguments: str) -> Peer:
        return start(self, *TWISTD_N, "eplua", *arguments)

    async def test_print_goes_to_the_log(self) -> None:
        peer = self.twistd("-e", "setInterval(print, 1, 'hello ' .. _VERSION)")
        await peer.says(b"hello Lua 5.4")
        self.assertIn(b"[eplua", peer.output)
        peer.transport.signalProcess("TERM")
        self.assertEqual(await peer.ended, -signal.SIGTERM)
        self.assertIn(b"Server Shut Down", peer.output)

    async def test_exit_stops_the_service(self) -> None:
        for code in ("os.exit(3)", "setTimeout(os.exit, 1, 3)"):
            peer = self.twistd("-e", code)
            self.assertEqual(await peer.ended, 3)
            self.assertIn(b"the script has ended with code 3", peer.output)
            self.assertIn(b"Server Shut Down", peer.output)

    async def test_script_fails(self) -> None:
        """The command ends with 1 and shows where, and nothing of Python's."""
        peer = self.twistd("-e", "error('no')")
        self.assertEqual(await peer.ended, 1)
        self.assertIn(b"(command line):1: no", peer.output)
        self.assertNotIn(b"Traceback", peer.output)

    async def test_reload(self) -> None:
        """
        SIGHUP runs the script anew, with the same port.  What does not compile leaves
        the old one running.
        """
        port = free_port()
        listens = f"net.TCPServer():start('127.0.0.1', {port}, print)"
        path = Path(self.mktemp()).with_suffix(".lua").resolve()
        path.write_text(f"{listens} print('the first runs')")
        peer = self.twistd(str(path))
        await peer.says(b"the first runs")
        for code, says in (
            (f"{listens} setTimeout(print, 1, 'the second runs')", b"the second runs"),
            ("oops oops", b"not reloaded, the old script goes on: "),
            ("os.exit(6)", b"ended with code 6"),
        ):
            path.write_text(code)
            peer.transport.signalProcess("HUP")
            await peer.says(says)
        self.assertEqual(await peer.ended, 6)
        self.assertNotIn(b"in_use", peer.output)

    async def test_terminal_is_closed(self) -> None:
        """That is no wish to reload."""
        peer = Peer()
        words = (*TWISTD_N, "eplua", "-e", "setInterval(print, 1, 'it runs')")
        IReactorProcess(reactor).spawnProcess(
            peer, words[0], words, env=os.environ, usePTY=True
        )
        self.addCleanup(lambda: None if peer.over else peer.kill())
        await peer.says(b"it runs")
        peer.transport.loseConnection()
        self.assertEqual(await peer.ended, 129)

    async def test_listed(self) -> None:
        peer = start(self, *TWISTD_N[:3], "--help")
        self.assertEqual(await peer.ended, 0)
        self.assertIn(b"eplua", peer.output)
        self.assertIn(b"Run a Lua script with a network.", peer.output)


class OnErrorTests(SynchronousTestCase):
    def test_exit_and_continue(self) -> None:
        for value, expected in (("exit", True), ("continue", "listening")):
            options = Options()
            options.parseOptions([f"--on-error={value}", "-e", "x"])
            runtime = options.runtime(cast(ReactorBase, reactor))
            self.assertEqual(runtime["exit_on_error"], expected)

    def test_what_else_is_refused(self) -> None:
        problem = self.assertRaises(
            UsageError, Options().parseOptions, ["--on-error=stop", "-e", "x"]
        )
        self.assertIn("known: continue, exit", str(problem))


class MakeServiceTests(SynchronousTestCase):
    def test_service(self) -> None:
        """The options reach the runtime; stopping leaves nothing."""
        options = Options()
        options.parseOptions(["--lua", "5.3", "-e", "assert(_VERSION == 'Lua 5.3')"])
        service = makeService(options)
        assert isinstance(service, CommandService)
        service.startService()
        self.assertIsNotNone(service.runtime)
        stopped = service.stopService()
        self.assertIsNone(service.runtime)
        reactor.iterate(0)
        self.successResultOf(stopped)
        self.successResultOf(service.stopService())
