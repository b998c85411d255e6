"""When a runtime is over, and that it stops whatever its things do."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eplua_twisted import Runtime, RuntimeStopped, ScriptError
from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.interfaces import IModule, IResource
from eplua_twisted.border.resources import Resources
from eplua_twisted.lifecycle import ABORT_TIMEOUT, STOP_TIMEOUT, Lifecycle
from tests.support import LuaTestCase, MemoryReactor, for_each_lua


class IdleTests(LuaTestCase):
    def test_at_once(self) -> None:
        idle = self.runtime.idle()
        self.turn()
        self.successResultOf(idle)

    def test_pending_deferred(self) -> None:
        """A result that is awaited keeps the program alive."""
        later: Deferred[int] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua("f({success = function() setTimeout(print, 5, 'end') end})")
        idle = self.runtime.idle()
        self.turn(3)
        self.assertNoResult(idle)
        later.callback(1)
        self.turn(2)
        self.assertNoResult(idle)
        self.reactor.pump([0.005, 0, 0])
        self.successResultOf(idle)
        self.assertEqual(self.lines, [b"end"])

    def test_stop_ends_it(self) -> None:
        self.run_lua("setInterval(print, 1000)")
        idle = self.runtime.idle()
        self.runtime.stop()
        self.turn()
        self.successResultOf(idle)


class StopTests(LuaTestCase):
    def stopped(self) -> Runtime:
        stopped = self.runtime.stop()
        self.turn()
        self.successResultOf(stopped)
        return self.runtime

    def test_nothing_more(self) -> None:
        """After the stop nothing of the script runs."""
        later: Deferred[int] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua(
            "f({success = print, error = print}) setTimeout(print, 1, 'timer')"
            " task.start(function() task.sleep(1) print('task') end)"
        )
        self.stopped()
        later.addErrback(lambda failure: None)
        self.reactor.pump([1, 1])
        self.assertEqual(self.lines, [])

    def test_refused_afterwards(self) -> None:
        runtime = self.stopped()
        self.failureResultOf(runtime.run_string("x = 1"), RuntimeStopped)
        self.failureResultOf(runtime.call("f"), RuntimeStopped)
        self.assertRaises(RuntimeStopped, runtime.expose, "f", print)
        self.successResultOf(runtime.stop())
        self.successResultOf(runtime.idle())

    def test_functions_of_the_application(self) -> None:
        """They are not called any more, also when Lua goes on for a while."""
        called: list[int] = []

        def stop() -> None:
            self.runtime.stop()

        self.runtime.expose("stop", stop)
        self.runtime.expose("f", lambda: called.append(1))
        self.failureResultOf(self.runtime.run_string("stop() f()"), ScriptError)
        self.assertEqual(called, [])

    def test_finalizers(self) -> None:
        """They do not run when the state goes."""
        path = Path(self.mktemp()).resolve()
        runtime = Runtime(self.reactor, lua=self.lua)
        runtime.run_string(
            """
            local path = ...
            local function f() io.open(path, "w"):close() end
            if newproxy then
              kept = newproxy(true)
              getmetatable(kept).__gc = f
            else
              kept = setmetatable({}, {__gc = f})
            end
            """,
            "=test",
            str(path),
        )
        stopped = runtime.stop()
        self.turn()
        self.successResultOf(stopped)
        del runtime
        gc.collect()
        self.assertFalse(path.exists())

    def test_stopping_twice_is_stopping_once(self) -> None:
        first, second = self.runtime.stop(), self.runtime.stop()
        self.turn()
        self.successResultOf(first)
        self.successResultOf(second)

    def test_from_within(self) -> None:
        """A stop asked for by Lua waits until Lua has returned."""
        stops: list[Deferred[None]] = []
        self.runtime.expose("stop", lambda: stops.append(self.runtime.stop()))
        self.failureResultOf(
            self.runtime.run_string("stop() print('still here') setTimeout(print, 0)"),
            ScriptError,
        )
        self.assertEqual(self.lines, [])
        self.turn()
        self.successResultOf(stops[0])

    def test_pending_call(self) -> None:
        """Whoever waits for a call when the runtime stops learns of it."""
        self.run_lua("function f() end")
        calls: list[Deferred[Any]] = []

        def application() -> None:
            calls.append(self.runtime.call("f"))
            self.runtime.stop()

        self.runtime.expose("application", application)
        self.runtime.run_string("application()").addErrback(lambda failure: None)
        self.turn()
        self.failureResultOf(calls[0], RuntimeStopped)


for _case in (IdleTests, StopTests):
    globals().update(for_each_lua(_case))
del _case


def nothing() -> None:
    pass


def broken() -> None:
    raise ValueError("a bug")


@implementer(IResource)
class Thing:
    """A resource that may have a bug; its methods note that they were called."""

    def __init__(self, resources: Resources, **methods: Callable[[], None]) -> None:
        self.called: list[str] = []
        self._resources = resources
        self._methods = {"close": self.go, "abort": self.go, **methods}
        self.id = resources.add(self)

    def go(self) -> None:
        """It is gone."""
        self._resources.remove(self.id)

    def _call(self, name: str) -> None:
        self.called.append(name)
        self._methods.get(name, nothing)()

    def close(self) -> None:
        self._call("close")

    def abort(self) -> None:
        self._call("abort")

    def pause(self) -> None:
        self._call("pause")

    def resume(self) -> None:
        self._call("resume")


@implementer(IModule)
class Module:
    resource_types = ()
    active = 0

    def __init__(self, stop: Callable[[], object]) -> None:
        self.stop = stop

    def counts(self) -> dict[str, int]:
        return {}


class BuggyTests(SynchronousTestCase):
    """The stop ends in its time, whatever the things do that are open."""

    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.resources = Resources()
        bridge = Bridge(self.reactor, self.resources)
        self.modules: dict[str, IModule] = {}
        self.released: list[str] = []
        self.release: Callable[[], None] = lambda: self.released.append("Lua")
        self.lifecycle = Lifecycle(
            self.reactor,
            bridge,
            self.resources,
            self.modules,
            lambda: self.release(),
        )

    def thing(self, **methods: Callable[[], None]) -> Thing:
        return Thing(self.resources, **methods)

    def stop(self, *seconds: float) -> None:
        """It stops within that time, with nothing left."""
        stopped = self.lifecycle.stop()
        idle = self.lifecycle.idle()
        self.reactor.pump([0, *seconds])
        self.successResultOf(stopped)
        self.successResultOf(idle)
        self.assertEqual(self.lifecycle.state, "stopped")
        self.assertEqual(self.released, ["Lua"])
        self.assertEqual(self.resources.counts(), {})
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_close_raises(self) -> None:
        """What raises is aborted; the others are closed."""
        things = [self.thing(), self.thing(close=broken), self.thing()]
        self.stop()
        called = [thing.called for thing in things]
        self.assertEqual(called, [["close"], ["close", "abort"], ["close"]])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_close_and_abort_raise(self) -> None:
        """What cannot be closed is given up when its time is over."""
        things = [self.thing(close=broken, abort=broken) for _ in range(2)]
        other = self.thing()
        self.stop(STOP_TIMEOUT, ABORT_TIMEOUT)
        self.assertEqual(
            [thing.called for thing in things], [["close"] + ["abort"] * 2] * 2
        )
        self.assertEqual(other.called, ["close"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 6)

    def test_takes_its_time(self) -> None:
        """There are five seconds to close in good order."""
        thing = self.thing(close=nothing)
        stopped = self.lifecycle.stop()
        self.reactor.pump([0, STOP_TIMEOUT - 0.1])
        self.assertEqual((self.released, thing.called), ([], ["close"]))
        thing.go()
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_never_gone(self) -> None:
        """One that does not remove itself, not even after the abort."""
        self.thing(close=nothing, abort=nothing)
        slow = self.thing(close=nothing)
        self.stop(STOP_TIMEOUT, ABORT_TIMEOUT)
        self.assertEqual(slow.called, ["close", "abort"])

    def test_opened_while_closing(self) -> None:
        """What opens in the meantime is not there afterwards."""
        late: list[Thing] = []
        self.thing(close=lambda: late.append(self.thing(close=nothing, abort=nothing)))
        self.stop(STOP_TIMEOUT, ABORT_TIMEOUT)
        self.assertEqual(late[0].called, ["abort"])

    def test_module_raises(self) -> None:
        stops: list[str] = []
        for name, stop in (
            ("a", broken),
            ("b", lambda: fail(ValueError("later"))),
            ("c", lambda: stops.append("c")),
        ):
            self.modules[name] = Module(stop)
        self.stop()
        self.assertEqual(stops, ["c"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_module_never_stops(self) -> None:
        self.modules["a"] = Module(Deferred)
        self.stop(ABORT_TIMEOUT)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_release_raises(self) -> None:
        def release() -> None:
            self.released.append("Lua")
            broken()

        self.release = release
        self.stop()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_pause_raises(self) -> None:
        """One that cannot pause does not keep the others from it."""
        things = [self.thing(pause=broken, resume=broken) for _ in range(2)]
        self.resources.pause(True)
        self.resources.pause(False)
        for thing in things:
            self.assertEqual(thing.called, ["pause", "resume"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 4)
