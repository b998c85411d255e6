"""One script that a command runs, and runs anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import OperationError, Runtime, ScriptError
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.job import Single
from eplua_twisted.tap import Options
from tests.support import MemoryReactor


class SingleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.lines: list[bytes] = []
        self.failed: list[str] = []
        self.path = Path(self.mktemp())
        self.write("setInterval(print, 1000, 'a') print('first')")
        self.job = self.make_job()
        self.successResultOf(self.job.begin())
        self.over: list[None] = []
        self.job.idle().addCallback(self.over.append)
        self.addCleanup(self.stop)

    def make_job(self) -> Single:
        options = Options()
        options.parseOptions([str(self.path)])
        reactor: Any = self.reactor

        def failed(problem: Exception) -> None:
            self.failed.append(str(problem))

        job = options.job(reactor, failed, output=self.lines.append)
        assert isinstance(job, Single)
        return job

    def stop(self) -> None:
        stopped = self.job.stop()
        self.reactor.pump([0, 0, 0])
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def write(self, code: str) -> None:
        self.path.write_text(code)

    def reload(self) -> Deferred[None]:
        reloading = self.job.reload(str(self.path))
        self.reactor.pump([0] * 4)
        return reloading

    @property
    def runtime(self) -> Runtime:
        (runtime,) = self.job.named().values()
        return runtime

    def test_reload(self) -> None:
        """The old one closes first; the command goes on."""
        before = self.runtime
        self.write("print('second') setTimeout(print, 2000, 'over')")
        self.successResultOf(self.reload())
        self.assertIsNot(self.runtime, before)
        self.reactor.pump([1, 0])
        self.assertEqual((self.lines, self.over), ([b"first", b"second"], []))
        self.reactor.pump([1, 0, 0, 0])
        self.assertEqual((self.lines[2:], self.over), ([b"over"], [None]))

    def test_what_does_not_compile(self) -> None:
        """It leaves the old one running."""
        before = self.runtime
        for code in ("x = = 1", "error("):
            self.write(code)
            problem = self.failureResultOf(self.reload(), ScriptError).value
            self.assertRegex(
                str(problem), rf"{self.path.name}:1: unexpected symbol near"
            )
        self.path.unlink()
        self.failureResultOf(self.reload(), FileNotFoundError)
        self.assertIs(self.runtime, before)
        self.reactor.pump([1])
        self.assertEqual((self.lines, self.failed), ([b"first", b"a"], []))

    def test_what_fails(self) -> None:
        """Then nothing is left, and the command ends."""
        self.write("setInterval(print, 1000) error('no')")
        problem = self.failureResultOf(self.reload(), ScriptError).value
        self.assertEqual(str(problem), f"{self.path}:1: no")
        self.assertEqual(self.failed, [str(problem)])
        self.assertEqual(self.over, [None])

    def test_what_its_controller_refuses(self) -> None:
        """The same: the command says why, and nothing is left."""
        problem = OperationError("state", "the controller answered 403")
        starts = iter([succeed(None), fail(problem)])
        reactor: Any = self.reactor
        job = Single(
            "lamp",
            lambda: Runtime(reactor, output=self.lines.append),
            lambda _: next(starts),
            lambda: None,
            lambda problem: self.failed.append(str(problem)),
        )
        self.successResultOf(job.begin())
        reloading = job.reload("lamp")
        self.reactor.pump([0] * 8)
        self.failureResultOf(reloading, OperationError)
        self.assertEqual(self.failed, [str(problem)])
        (left,) = job.named().values()
        self.assertRaises(RuntimeStopped, left.stats)

    def test_twice_at_once(self) -> None:
        """One that is under way is enough."""
        first, second = self.job.reload(""), self.job.reload("")
        self.reactor.pump([0] * 4)
        self.successResultOf(first)
        self.successResultOf(second)
        self.assertEqual(self.lines, [b"first", b"first"])

    def test_stopped_meanwhile(self) -> None:
        reloading = self.job.reload("")
        stopped = self.job.stop()
        self.reactor.pump([0] * 4)
        self.successResultOf(reloading)
        self.successResultOf(stopped)
        self.assertEqual((self.lines, self.over), ([b"first"], [None]))

    def test_stop_script(self) -> None:
        stopped = self.job.stop_script(str(self.path))
        self.reactor.pump([0] * 4)
        self.successResultOf(stopped)
        self.assertEqual(self.over, [None])
