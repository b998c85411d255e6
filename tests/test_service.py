"""A runtime with one script as a service."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from eplua_twisted import (
    OperationError,
    Restart,
    Runtime,
    RuntimeService,
    ScriptError,
)
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

    def test_reload(self) -> None:
        """The old runtime closes first; and a service that is stopped meanwhile stays so."""
        code = ["print('a') setInterval(print, 1000)"]
        service = RuntimeService(
            lambda runtime: runtime.run_string(code[0], "@test.lua"),
            reactor=self.reactor,
        )
        service.startService()
        before = service.runtime
        code[0] = "print('b')"
        reloading = service.reload()
        self.assertEqual((service.state, service.runtime), ("waiting", None))
        self.failureResultOf(service.reload(), OperationError)
        self.reactor.pump([0, 0])
        self.successResultOf(reloading)
        self.assertEqual((service.state, self.logged[-2:]), ("running", ["a", "b"]))
        self.assertIsNot(service.runtime, before)
        code[0] = "error('no')"
        reloading = service.reload()
        self.reactor.pump([0, 0])
        self.failureResultOf(reloading, ScriptError)
        self.assertEqual(service.state, "failed")
        self.stop(service)
        code[0] = "print('c')"
        service.startService()
        reloading = service.reload()
        self.stop(service)
        self.successResultOf(reloading)
        self.assertEqual((service.state, self.logged[-1]), ("stopped", "c"))

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

    def test_file_that_is_not_there(self) -> None:
        """The log has one line of it."""
        service = RuntimeService(
            lambda runtime: runtime.run_file("no/such.lua"), reactor=self.reactor
        )
        self.assertRaises(OSError, service.startService)
        self.assertEqual(
            self.logged, ["cannot read no/such.lua: No such file or directory"]
        )
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


class RestartTests(LoggedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = MemoryReactor()
        self.told: list[Failure] = []
        self.begun = 0
        self.code = "bad = function() error('no') end"

    def begin(self, runtime: Runtime) -> Deferred[None]:
        self.begun += 1
        return runtime.run_string(self.code, "@test.lua")

    def service(self, restart: Restart | None, **options: Any) -> RuntimeService:
        service = RuntimeService(
            self.begin,
            on_failure=self.told.append,
            restart=restart,
            reactor=self.reactor,
            **options,
        )
        service.startService()
        self.addCleanup(self.stop, service)
        return service

    def stop(self, service: RuntimeService) -> None:
        stopped = service.stopService()
        self.reactor.pump([0, 0])
        self.successResultOf(stopped)
        self.assertEqual(service.state, "stopped")
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_ends_or_starts_again(self) -> None:
        """What an error comes to is said once."""
        for given in ({"restart": Restart()}, {"fail_on_error": True}):
            problem = self.assertRaises(
                ValueError,
                RuntimeService,
                self.begin,
                exit_on_error=True,
                **given,
            )
            self.assertIn(next(iter(given)), str(problem))

    def fail(self, service: RuntimeService) -> None:  # type: ignore[override]
        """The script has an error in a callback."""
        assert service.runtime is not None
        self.successResultOf(
            service.runtime.run_string("setTimeout(bad, 0)", "@test.lua")
        )
        self.reactor.pump([0, 0, 0])

    def test_goes_on(self) -> None:
        """Without an option an error in a callback is only reported."""
        errors: list[str] = []
        service = self.service(None, on_error=errors.append)
        self.fail(service)
        self.assertEqual((service.state, service.failure), ("running", None))
        self.assertEqual((len(errors), self.told), (1, []))

    def test_fail_on_error(self) -> None:
        """The runtime stops, and the service says why."""
        errors: list[str] = []
        service = self.service(None, fail_on_error=True, on_error=errors.append)
        self.fail(service)
        self.assertEqual((service.state, service.runtime), ("failed", None))
        self.assertEqual((len(errors), self.told), (1, [service.failure]))
        assert service.failure is not None
        problem = service.failure.value
        assert isinstance(problem, ScriptError)
        self.assertEqual(str(problem), "test.lua:1: no")
        self.assertIn("stack traceback:", problem.traceback)

    def test_error_while_it_starts(self) -> None:
        """In a task, say: then starting the service raises."""
        self.code = "task.start(error, 'no')"
        service = RuntimeService(self.begin, fail_on_error=True, reactor=self.reactor)
        self.assertRaises(ScriptError, service.startService)
        self.assertEqual((service.state, service.running), ("stopped", 0))
        self.stop(service)

    def test_handled(self) -> None:
        """What net.onError handles is no failure."""
        self.code += " net.onError(function() return true end)"
        service = self.service(None, fail_on_error=True)
        self.fail(service)
        self.assertEqual(service.state, "running")

    def test_starts_again(self) -> None:
        """On a new runtime, after a delay that grows."""
        service = self.service(Restart(attempts=3, delay=1.0, factor=2.0))
        for begun, delay in ((1, 1.0), (2, 2.0), (3, 4.0)):
            self.assertEqual((self.begun, service.state), (begun, "running"))
            self.fail(service)
            self.assertEqual((service.state, service.runtime), ("waiting", None))
            self.reactor.advance(delay - 0.01)
            self.assertEqual(self.begun, begun)
            self.reactor.advance(0.01)
        self.assertEqual((self.begun, service.failure), (4, None))
        self.assertEqual(self.told, [])

    def test_too_often(self) -> None:
        """One more failure within the time, and the service has failed."""
        service = self.service(Restart(attempts=2, within=60, delay=1, factor=1))
        for _ in range(2):
            self.fail(service)
            self.reactor.advance(1)
        self.fail(service)
        self.reactor.pump([100, 100])
        self.assertEqual((self.begun, service.state), (3, "failed"))
        self.assertEqual(self.told, [service.failure])

    def test_seldom(self) -> None:
        """Failures long ago do not count, for the delay neither."""
        service = self.service(Restart(attempts=1, within=60, delay=1))
        for _ in range(5):
            self.fail(service)
            self.reactor.advance(1)
            self.assertEqual(service.state, "running")
            self.reactor.advance(60)
        self.assertEqual((self.begun, self.told), (6, []))

    def test_new_start_that_fails(self) -> None:
        """It counts as a failure."""
        service = self.service(Restart(attempts=3, delay=1, factor=1))
        self.code = "error('worse')"
        self.fail(service)
        self.reactor.pump([1, 0, 0] * 5)
        self.assertEqual((self.begun, service.state), (4, "failed"))
        self.assertEqual(str(self.told[0].value), "test.lua:1: worse")

    def test_stopped_while_it_waits(self) -> None:
        service = self.service(Restart())
        self.fail(service)
        self.stop(service)
        self.reactor.advance(100)
        self.assertEqual(self.begun, 1)
        service.startService()
        self.assertEqual((self.begun, service.state), (2, "running"))

    def test_exit_is_no_failure(self) -> None:
        service = self.service(Restart())
        assert service.runtime is not None
        service.runtime.run_string("os.exit(3)").addErrback(lambda _: None)
        self.reactor.pump([0, 0, 100])
        self.assertEqual((self.begun, self.told), (1, []))

    def test_text(self) -> None:
        """print goes to the log, whatever form of strings the application wants."""
        self.code = "print('hellö')"
        self.service(None, text=True)
        self.assertIn("hellö", self.logged)


class RealRestartTests(TestCase):
    timeout = 20

    async def test_starts_again(self) -> None:
        """On the real reactor, whose time somebody may set."""
        again: Deferred[None] = Deferred()
        begun = []

        def begin(runtime: Runtime) -> Deferred[None]:
            begun.append(runtime)
            if len(begun) == 2:
                again.callback(None)
            return runtime.run_string(
                "setTimeout(function() error('no') end, 1)" if len(begun) == 1 else ""
            )

        service = RuntimeService(begin, restart=Restart(delay=0.01))
        service.startService()
        self.addCleanup(service.stopService)
        await again
        self.assertIs(service.runtime, begun[1])


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

    def test_closed(self) -> None:
        """A stream that is closed, or cannot say it: the log has it."""
        with redirect_stdout(StringIO()) as stream:
            stream.close()
            self.print("print('hello')")

        class OnlyASCII(StringIO):
            def write(self, text: str) -> int:
                text.encode("ascii")
                return super().write(text)

        with redirect_stdout(OnlyASCII()):
            self.print("print('hellö')")
        self.assertEqual(self.logged, ["hello", "hellö"])

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
