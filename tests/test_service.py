"""A runtime with one script as a service."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from eplua_twisted import Runtime, RuntimeService, ScriptError
from tests.support import MemoryReactor, start


class LoggedTestCase(SynchronousTestCase):
    """
    @ivar logged: the texts that scripts have logged
    """

    def setUp(self) -> None:
        self.logged: list[str] = []

        @implementer(ILogObserver)
        def log(event: LogEvent) -> None:
            if "text" in event:
                self.logged.append(event["text"])

        globalLogPublisher.addObserver(log)
        self.addCleanup(globalLogPublisher.removeObserver, log)


class ServiceTests(LoggedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = MemoryReactor()
        self.later: Deferred[None] = Deferred()
        self.told: list[Failure] = []

    def service(self, code: str) -> RuntimeService:
        """It runs the code when L{later} has fired."""

        def begin(runtime: Runtime) -> Deferred[None]:
            return self.later.addCallback(
                lambda _: runtime.run_string(code, "@test.lua")
            )

        return RuntimeService(begin, on_failure=self.told.append, reactor=self.reactor)

    def stop(self, service: RuntimeService) -> None:
        stopped = service.stopService()
        self.reactor.pump([0, 0])
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_fails_at_once(self) -> None:
        """There is nothing to serve: starting raises."""
        self.later.callback(None)
        service = self.service("error('no')")
        problem = self.assertRaises(ScriptError, service.startService)
        self.assertEqual(str(problem), "test.lua:1: no")
        self.assertEqual((service.running, service.runtime, self.told), (0, None, []))
        self.assertIn("test.lua:1: no\nstack traceback:", self.logged[-1])
        self.stop(service)

    def test_fails_later(self) -> None:
        """It is logged, the runtime stops, and the service says so."""
        service = self.service("setInterval(print, 1000) error('no')")
        service.startService()
        self.assertIsNotNone(service.runtime)
        self.later.callback(None)
        self.assertIn("test.lua:1: no\nstack traceback:", self.logged[-1])
        self.assertEqual((service.runtime, self.told), (None, []))
        assert service.failure is not None
        self.assertEqual(str(service.failure.value), "test.lua:1: no")
        self.reactor.pump([0, 0])
        self.assertEqual(self.told, [service.failure])
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.stop(service)

    def test_fails_later_with_a_bug(self) -> None:
        service = self.service("")
        service.startService()
        self.later.errback(ValueError("no script"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.reactor.pump([0, 0])
        self.assertEqual([type(each.value) for each in self.told], [ValueError])

    def test_stopped_before_it_has_begun(self) -> None:
        """A service that was stopped has not failed."""
        service = self.service("print('late')")
        service.startService()
        self.stop(service)
        self.later.callback(None)
        self.assertEqual((service.failure, self.told), (None, []))
        self.assertNotIn("late", self.logged)

    def test_exit_is_no_failure(self) -> None:
        service = self.service("os.exit(3)")
        service.startService()
        self.later.callback(None)
        self.assertEqual((service.failure, self.told), (None, []))
        self.stop(service)

    def test_started_again(self) -> None:
        """On a new runtime."""
        service = self.service("x = (x or 0) + 1 print('x is ' .. x)")
        self.later.callback(None)
        for _ in range(2):
            service.startService()
            self.later = Deferred()
            self.later.callback(None)
            self.stop(service)
        self.assertEqual(self.logged.count("x is 1"), 2)

    def test_print_goes_to_the_log(self) -> None:
        service = self.service("print('hello', 1)")
        service.startService()
        self.later.callback(None)
        self.assertIn("hello\t1", self.logged)
        self.stop(service)

    def test_own_output(self) -> None:
        lines: list[bytes] = []
        service = RuntimeService(
            lambda runtime: runtime.run_string("print('hello')"),
            reactor=self.reactor,
            output=lines.append,
        )
        service.startService()
        self.assertEqual(lines, [b"hello"])
        self.stop(service)


class OutputTests(LoggedTestCase):
    """Where print goes in a program that has put something else for sys.stdout."""

    def print(self, code: str) -> None:
        runtime = Runtime(MemoryReactor())
        self.successResultOf(runtime.run_string(code))
        runtime.stop()

    def test_text(self) -> None:
        """A stream that takes text only gets text; what is no text is shown."""
        with redirect_stdout(StringIO()) as stream:
            self.print("print('hellö', 1) print('\\255')")
        self.assertEqual(stream.getvalue(), "hellö\t1\n\\xff\n")

    def test_none(self) -> None:
        """A process without standard output logs it."""
        self.patch(sys, "stdout", None)
        self.print("print('hello')")
        self.assertEqual(self.logged, ["hello"])


class ConfigurationTests(TestCase):
    timeout = 20

    async def test_tac(self) -> None:
        """A twistd configuration file: what scripts print is in the log, once."""
        path = Path(self.mktemp())
        path.write_text(
            """
from twisted.application.service import Application
from eplua_twisted import RuntimeService
from eplua_twisted.border.library import write_line

application = Application("scripts")
for options in ({}, {"output": write_line}):
    RuntimeService(
        lambda runtime: runtime.run_string("print('one line') print(42)"), **options
    ).setServiceParent(application)
from twisted.internet import reactor
reactor.callWhenRunning(reactor.stop)
"""
        )
        peer = start(
            self,
            sys.executable,
            "-c",
            "from twisted.scripts.twistd import run; run()",
            "-n",
            "--pidfile=",
            "-y",
            str(path.resolve()),
        )
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertEqual(peer.output.count(b"one line\n"), 2, peer.output)
        self.assertEqual(peer.output.count(b"42\n"), 2)
        self.assertNotIn(b"Traceback", peer.output)
