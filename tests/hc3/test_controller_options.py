"""--hc3-state, --hc3-listen and --hc3-url."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.plan import Plan
from eplua_twisted.hc3.state_file import StateError
from eplua_twisted.site.address import parse_address
from eplua_twisted.tap import Options
from tests.memory import MemoryReactor


class OptionTests(SynchronousTestCase):
    def options(self, *given: str) -> Options:
        options = Options()
        options.parseOptions([*given, "script.lua"])
        return options

    def refused(self, *given: str) -> str:
        return str(self.assertRaises(usage.UsageError, self.options, *given))

    def test_plan(self) -> None:
        options = self.options("--hc3", "--hc3-state=a.json", "--hc3-listen=:80")
        self.assertEqual(
            options.plan({}), Plan("a.json", ("127.0.0.1", 80), None, "admin", None)
        )
        options = self.options("--hc3", "--hc3-url=http://box")
        environment = {"HC3_USER": "me", "HC3_PASSWORD": "secret"}
        self.assertEqual(
            options.plan(environment), Plan(None, None, "http://box", "me", "secret")
        )

    def test_addresses(self) -> None:
        for text, address in (
            ("8080", ("127.0.0.1", 8080)),
            ("0.0.0.0:80", ("0.0.0.0", 80)),
            ("*:0", ("*", 0)),
            ("[::1]:80", ("::1", 80)),
            ("box.local:443", ("box.local", 443)),
        ):
            self.assertEqual(parse_address(text), address)
        for text in ("", "host", "host:", "host:port", "host:99999", "::1:80", "a:-1"):
            self.assertRaises(ValueError, parse_address, text)

    def test_what_makes_no_sense_is_refused(self) -> None:
        self.assertIn("needs --hc3", self.refused("--hc3-state=a.json"))
        self.assertIn("needs --hc3", self.refused("--hc3-url=http://box"))
        self.assertIn("HOST:PORT", self.refused("--hc3", "--hc3-listen=box"))
        both = self.refused("--hc3", "--hc3-url=http://box", "--hc3-state=a.json")
        self.assertIn("real one", both)

    def test_broken_state_file_is_told_before_anything_runs(self) -> None:
        path = self.mktemp()
        Path(path).write_text('{"rooms": 5}')
        reactor: Any = MemoryReactor()
        problem = self.assertRaises(
            StateError,
            self.options("--hc3", f"--hc3-state={path}").job,
            reactor,
            lambda problem: None,
        )
        self.assertEqual(str(problem), f"{path}: $.rooms: a list expected")
        self.assertEqual(reactor.getDelayedCalls(), [])


class CommandTests(SynchronousTestCase):
    """What C{eplua --hc3 --hc3-listen} does, on a reactor in memory."""

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactor()
        self.lines: list[bytes] = []

    def job(self, script: str, *given: str) -> Any:
        path = self.mktemp() + ".lua"
        Path(path).write_text(script)
        options = Options()
        options.parseOptions(["--hc3", *given, path])
        job = options.job(self.reactor, self.fail, output=self.lines.append)
        self.addCleanup(self.stop, job)
        return job

    def begun(self, job: Any) -> Deferred[None]:
        """@return: fires with C{None} when it ends by itself"""
        begun = job.begin()
        self.reactor.settle()
        self.successResultOf(begun)
        idle: Deferred[None] = job.idle()
        self.reactor.settle()
        return idle

    def stop(self, job: Any) -> None:
        stopped = job.stop()
        self.reactor.pump([0, 0, 2, 0, 0])
        self.successResultOf(stopped)

    def test_others_call_it_until_it_is_ended(self) -> None:
        job = self.job(
            "function QuickApp:hello(name) print('hello', name) end",
            "--hc3-listen=127.0.0.1:0",
        )
        idle = self.begun(job)
        self.assertNoResult(idle)
        body = b'{"args": ["you"]}'
        answer = self.reactor.connect().ask(
            b"POST /api/devices/4/action/hello HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        self.assertTrue(answer.startswith(b"HTTP/1.1 202 "), answer)
        self.reactor.settle()
        self.assertTrue(self.lines[-1].endswith(b"hello you"), self.lines)
        self.stop(job)
        self.successResultOf(idle)
        self.assertEqual([each for each in self.reactor.ports if each.connected], [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_one_that_nobody_can_call_ends_by_itself(self) -> None:
        job = self.job("function QuickApp:onInit() print('here') end")
        idle = self.begun(job)
        self.successResultOf(idle)

    def test_what_the_house_does_by_itself_is_waited_for(self) -> None:
        for asked, seen in (
            ("api.post('/devices/' .. self.id .. '/action/hello', {delay = 5})", b"hi"),
            (
                "api.put('/alarms/v1/partitions/1', {armDelay = 5}) fibaro.alarm('arm')"
                " local r = RefreshStateSubscriber() r:subscribe(function() return true"
                " end, function(e) if e.data.armed then print('armed') end end) r:run()",
                b"armed",
            ),
        ):
            job = self.job(
                f"function QuickApp:onInit() {asked} end"
                " function QuickApp:hello() print('hi') end"
            )
            idle = self.begun(job)
            self.assertNoResult(idle)
            self.reactor.advance(5)
            self.reactor.settle()
            self.assertTrue(self.lines[-1].endswith(seen), self.lines)
            self.successResultOf(idle)

    def test_port_that_cannot_be_had_is_told_before_the_script_runs(self) -> None:
        job = self.job("print('not this')", "--hc3-listen=127.0.0.1:81")

        def refuse(*arguments: Any, **named: Any) -> None:
            raise CannotListenError("127.0.0.1", 81, OSError(98, "in use"))

        self.reactor.listenTCP = refuse
        begun = job.begin()
        self.reactor.settle()
        problem = self.failureResultOf(begun, OperationError).value
        self.assertIn("cannot listen on 127.0.0.1:81: Address already", str(problem))
        self.assertEqual(self.lines, [])
