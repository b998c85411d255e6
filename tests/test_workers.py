"""The service of several workers, whose processes the test plays."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.internet.error import ConnectionDone, ProcessDone, ProcessTerminated
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import ScriptError, process
from eplua_twisted.border.ports import Ports
from eplua_twisted.commands import Commands
from eplua_twisted.foreground import CommandOptions
from eplua_twisted.service import Restart
from eplua_twisted.tap import Options, makeService
from eplua_twisted.worker import EventLines, Program
from eplua_twisted.workers import EVENTS, Worker, Workers
from tests.support import LuaTestCase, MemoryReactor
from tests.test_service import LoggedTestCase


class PlayedProcess:
    """
    @ivar signals: what it was sent
    """

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.signals: list[str] = []

    def signalProcess(self, name: str) -> None:
        self.signals.append(name)

    def ready(self) -> None:
        self.worker.childDataReceived(EVENTS, b'"rea')
        self.worker.childDataReceived(EVENTS, b'dy"\n')

    def die(self, number: int) -> None:
        self.worker.processEnded(Failure(ProcessTerminated(None, number)))

    def end(self, code: int) -> None:
        self.worker.processEnded(
            Failure(ProcessTerminated(code) if code else ProcessDone(None))
        )


class ProcessReactor(MemoryReactor):
    """
    @ivar processes: those that were started
    @ivar stopped: it was to stop
    @ivar problem: why it starts none
    """

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[PlayedProcess] = []
        self.words: list[list[str]] = []
        self.stopped = False
        self.problem: OSError | None = None

    def callWhenRunning(
        self, callable: Callable[..., object], *args: object, **kw: object
    ) -> None:
        callable(*args, **kw)

    def stop(self) -> None:
        self.stopped = True

    def spawnProcess(
        self, worker: Worker, program: str, words: list[str], **more: object
    ) -> None:
        if self.problem is not None:
            raise self.problem
        process = PlayedProcess(worker)
        worker.transport = process  # type: ignore[assignment]
        self.processes.append(process)
        self.words.append(words)


class WorkersTests(LoggedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = ProcessReactor()
        self.codes: list[int] = []
        self.patch(process, "end_with", self.codes.append)
        before = signal.getsignal(signal.SIGHUP)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.problem: Exception | None = None
        self.service = self.make_service()

    def make_service(self) -> Workers:
        return Workers(
            cast(ReactorBase, self.reactor),
            "pass",
            2,
            ["--grace=4", "x.lua", "a"],
            4.0,
            self.check,
            Restart(attempts=2, delay=1),
        )

    def check(self) -> None:
        if self.problem is not None:
            raise self.problem

    def start(self) -> list[PlayedProcess]:
        self.service.startService()
        self.addCleanup(self.stop)
        for each in self.reactor.processes:
            each.ready()
        return self.reactor.processes

    def stop(self) -> None:
        stopped = self.service.stopService()
        for each in self.reactor.processes:
            if each.worker.state != "ended":
                each.end(0)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_each_has_its_number(self) -> None:
        self.start()
        self.assertEqual(
            [words[-5:] for words in self.reactor.words],
            [
                ["1", "2", "--grace=4", "x.lua", "a"],
                ["2", "2", "--grace=4", "x.lua", "a"],
            ],
        )
        self.assertEqual(self.service.state, "running")

    def test_what_they_write_is_logged(self) -> None:
        """With the number; what is no event too."""
        process = self.start()[1]
        event = json.dumps(["eplua", "warn", "careful"]).encode()
        process.worker.childDataReceived(EVENTS, event + b"\n")
        process.worker.childDataReceived(1, b"raw \xff\nhal")
        process.worker.childDataReceived(1, b"f\n")
        self.assertEqual(self.logged, ["careful", "raw \\xff", "half"])

    def test_what_it_wrote_last_is_logged(self) -> None:
        """Its last line too, which has no end."""
        process = self.start()[0]
        process.worker.childDataReceived(1, b"said")
        process.worker.childDataReceived(2, b"why")
        process.die(6)
        self.assertEqual(self.logged[:2], ["said", "why"])

    def test_what_is_no_event(self) -> None:
        """A script may have found the descriptor; it is logged as it is."""
        process = self.start()[1]
        lines = [b"{", b"3", b'["a"]', b'["a", "loud", "b"]', b"\xff"]
        process.worker.childDataReceived(EVENTS, b"\n".join(lines) + b"\n")
        self.assertEqual(
            self.logged, [line.decode("utf-8", "backslashreplace") for line in lines]
        )

    def test_a_script_that_does_not_compile(self) -> None:
        self.problem = ScriptError("x.lua:1: no", "x.lua:1: no")
        # It has the signals by then.
        self.addCleanup(self.stop)
        self.assertRaises(ScriptError, self.service.startService)
        self.assertEqual(self.reactor.processes, [])

    def test_one_that_fails_at_the_start(self) -> None:
        """Then there is no service; its exit code is the worker's."""
        self.service.startService()
        self.addCleanup(self.stop)
        self.reactor.processes[0].ready()
        self.reactor.processes[1].end(7)
        self.assertEqual((self.codes, self.reactor.stopped), ([7], True))

    def test_one_that_is_never_ready(self) -> None:
        self.service.startService()
        self.addCleanup(self.stop)
        self.reactor.processes[0].ready()
        self.reactor.advance(31)
        self.assertEqual(
            [each.signals for each in self.reactor.processes], [[], ["KILL"]]
        )

    def test_a_dead_one_is_started_again(self) -> None:
        """Later each time, and at last the service has failed."""
        first, _ = self.start()
        first.die(9)
        self.reactor.advance(0.9)
        self.assertEqual(len(self.reactor.processes), 2)
        self.reactor.advance(0.1)
        self.reactor.processes[2].ready()
        self.reactor.processes[2].die(11)
        self.reactor.advance(1.9)
        self.assertEqual(len(self.reactor.processes), 3)
        self.reactor.advance(0.1)
        self.assertEqual(self.codes, [])
        self.reactor.processes[3].die(11)
        self.assertEqual((self.codes, self.reactor.stopped), ([1], True))

    def test_one_that_cannot_be_started(self) -> None:
        """It is tried again, as one that has died."""
        first, _ = self.start()
        self.reactor.problem = BlockingIOError(11, "no more processes")
        first.die(9)
        self.reactor.pump([1, 0])
        self.reactor.problem = None
        self.assertEqual(len(self.reactor.processes), 2)
        self.reactor.advance(2)
        self.assertEqual([words[-5] for words in self.reactor.words], ["1", "2", "1"])

    def test_one_that_dies_while_others_start(self) -> None:
        """It was ready: it is started again as later."""
        self.service.startService()
        self.addCleanup(self.stop)
        first, second = self.reactor.processes
        first.ready()
        first.die(9)
        second.ready()
        self.reactor.advance(1)
        self.assertEqual([words[-5] for words in self.reactor.words], ["1", "2", "1"])
        self.assertEqual((self.service.state, self.codes), ("running", []))

    def test_one_that_stands_still(self) -> None:
        """Where the service is watched, it watches the workers; else it does not."""
        first, second = self.start()
        self.reactor.advance(1000)
        self.assertEqual((first.signals, second.signals), ([], []))
        self.stop()
        self.reactor.processes.clear()
        self.patch(os, "environ", {**os.environ, "WATCHDOG_USEC": "3000000"})
        self.service = self.make_service()
        first, second = self.start()
        for _ in range(4):
            self.reactor.advance(1)
            first.ready()
        self.assertEqual((first.signals, second.signals), ([], ["KILL"]))

    def test_reload(self) -> None:
        """One after another: the new one is ready before the old one is told to go."""
        first, second = self.start()
        self.service.reload()
        self.assertEqual(len(self.reactor.processes), 3)
        self.assertEqual(first.signals, [])
        self.reactor.processes[2].ready()
        self.assertEqual((first.signals, second.signals), (["TERM"], []))
        first.end(0)
        self.reactor.processes[3].ready()
        self.assertEqual(second.signals, ["TERM"])
        self.assertEqual(self.service.state, "reloading")
        second.end(0)
        self.assertEqual((self.service.state, self.codes), ("running", []))
        self.assertEqual(len(self.reactor.processes), 4)

    def test_reload_in_the_middle(self) -> None:
        """One that is asked for while workers start comes after that."""
        self.service.startService()
        self.addCleanup(self.stop)
        self.service.reload()
        for each in self.reactor.processes[:]:
            self.assertEqual(len(self.reactor.processes), 2)
            each.ready()
        self.assertEqual(len(self.reactor.processes), 3)

    def test_reload_of_what_does_not_run(self) -> None:
        """The old ones go on."""
        first, second = self.start()
        self.problem = ScriptError("x.lua:1: no", "x.lua:1: no")
        self.service.reload()
        self.assertEqual(len(self.reactor.processes), 2)
        self.problem = None
        self.service.reload()
        self.reactor.processes[2].end(1)
        self.assertEqual((first.signals, second.signals), ([], []))
        self.assertEqual((self.service.state, self.codes), ("running", []))

    def test_one_that_does_not_go_is_killed(self) -> None:
        first, _ = self.start()
        self.service.reload()
        self.reactor.processes[2].ready()
        self.reactor.advance(4)
        self.assertEqual(first.signals, ["TERM", "KILL"])

    def test_stop_in_a_reload(self) -> None:
        """All that there are are told to go; no reload is said to have failed."""
        self.start()
        self.service.reload()
        with capturedLogs() as events:
            stopped = self.service.stopService()
            self.assertEqual(
                [each.signals for each in self.reactor.processes], [["TERM"]] * 3
            )
            for each in self.reactor.processes:
                each.end(0)
        self.successResultOf(stopped)
        self.assertNotIn(LogLevel.error, [event["log_level"] for event in events])


class ProgramReactor(ProcessReactor):
    """
    The reactor of a worker whose service is gone as soon as it runs.

    @ivar stops: how often it was stopped; a true one can be stopped once
    """

    stops = 0

    def run(self) -> None:
        (life,) = self.getReaders()
        life.connectionLost(Failure(ConnectionDone()))
        self.pump([0] * 4)

    def stop(self) -> None:
        self.stops += 1


class Events:
    """What a worker tells the service, which nobody asks about here."""

    def tell(self, value: object) -> None: ...


class ProgramTests(SynchronousTestCase):
    def test_exit_while_it_leaves(self) -> None:
        """The process ends once, with the code of the script."""
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        reactor = ProgramReactor()
        options = Options()
        options.parseOptions(["-e", "os.exit(3)"])
        program = Program(
            cast(ReactorBase, reactor), options, (1, 1), cast(EventLines, Events())
        )
        self.assertEqual((program.main(), reactor.stops), (3, 1))


class OptionTests(LoggedTestCase):
    def test_what_is_refused(self) -> None:
        for words, said in (
            (["--workers=0", "x.lua"], "integer 1..256 expected, got '0'"),
            (["--workers=two", "x.lua"], "got 'two'"),
            (["--workers=2", "--metrics=1", "x.lua"], "--workers and --metrics"),
            (["--workers=2", "--hc3", "x.lua"], "--workers and --hc3"),
        ):
            problem = self.assertRaises(UsageError, Options().parseOptions, words)
            self.assertIn(said, str(problem))

    def test_only_of_twistd(self) -> None:
        commands: Commands = {}
        problem = self.assertRaises(
            UsageError, CommandOptions(commands).parseOptions, ["--workers=2", "x.lua"]
        )
        self.assertEqual(str(problem), "--workers is of twistd eplua")

    def test_service(self) -> None:
        options = Options()
        options.parseOptions(["--workers=3", "x.lua"])
        self.assertIsInstance(makeService(options), Workers)


class WorkerScriptTests(LuaTestCase):
    """What a script sees of it."""

    def test_number(self) -> None:
        self.run_lua("print(eplua.worker)")
        self.runtime = self.make_runtime(ports=Ports((2, 3)))
        self.run_lua("print(eplua.worker.number, eplua.worker.count)")
        self.assertEqual(self.lines, [b"nil", b"2\t3"])

    def test_what_cannot_be_shared(self) -> None:
        """Each would have a port of its own, or none."""
        self.runtime = self.make_runtime(ports=Ports((1, 2)))
        for address in ("'127.0.0.1', 0", "'unix:/tmp/x', nil"):
            for kind in ("TCPServer", "HTTPServer"):
                self.run_lua(f"net.{kind}():start({address}, print, {{error = print}})")
        self.reactor.settle()
        self.assertEqual(
            self.lines,
            [
                what + b" cannot be shared by several processes (--workers)\tdenied"
                for what in (b"port 0", b"port 0", b"a UNIX socket", b"a UNIX socket")
            ],
        )
