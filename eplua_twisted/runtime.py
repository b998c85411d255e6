"""A Lua state, its modules and what they opened: the thing applications hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.calls import Calls, Function
from eplua_twisted.border.clock import let_rest, steady
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.entries import Entries
from eplua_twisted.border.environment import Environment, IReactor
from eplua_twisted.border.inspection import Inspection, Inspections
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.library import (
    Library,
    Output,
    taking_bytes,
    version,
    write_line,
)
from eplua_twisted.border.limits import Connections, Limits
from eplua_twisted.border.memory import Memory
from eplua_twisted.border.permissions import UNLIMITED, Access, Permissions
from eplua_twisted.border.ports import Ports
from eplua_twisted.border.primitives import Primitives
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.stats import Statistics, Stats
from eplua_twisted.border.traffic import Traffic
from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.clocks import Network, follow
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.lifecycle import Lifecycle
from eplua_twisted.lua_files import chunk_of, library_source, why
from eplua_twisted.lua_versions import LUA_VERSIONS, version_of
from eplua_twisted.streams.reactors import reactors
from eplua_twisted.timers import Timers
from eplua_twisted.transports.reactor import Transports, connecting, rest

if TYPE_CHECKING:
    from eplua_twisted.hc3.host import ScriptHost
    from eplua_twisted.hc3.interfaces import IController
    from eplua_twisted.hc3.setup import Setup
    from eplua_twisted.testing import Testing

DEFAULT_LIMITS = Limits()

MODULES = {
    "access": ("eplua_twisted.border.access", "AccessModule"),
    "resolve": ("eplua_twisted.resolve", "Resolver"),
    "tcp": ("eplua_twisted.tcp", "TCP"),
    "udp": ("eplua_twisted.udp", "UDP"),
    "dtls": ("eplua_twisted.udp.dtls", "DTLS"),
    "http_client": ("eplua_twisted.http_client", "HTTP"),
    "http_server": ("eplua_twisted.http_server", "HTTPServers"),
    "websocket": ("eplua_twisted.websocket", "WebSockets"),
    "mqtt": ("eplua_twisted.mqtt", "MQTT"),
}
"""Where the primitives of each file in lua/ are, by the name used there."""


class Runtime:
    """
    Runs Lua scripts on the reactor.

    @param reactor: the global one by default; any object, as for mypy that is a module
    @param lua: the Lua version, one of C{5.3}, C{5.4}, C{5.5}, C{luajit}
    @param output: takes each line of C{print} without its end; else standard output
    @param text: the application gets the scripts' strings as C{str}, in L{call},
        L{expose} and C{output}: UTF-8, where other bytes are kept by
        C{surrogateescape}.  Otherwise as C{bytes}; it may always give both
    @param on_error: called with the text of each error of a script that nobody
        caught, after it was logged
    @param exit_on_error: such an error ends the runtime as C{os.exit(1)} does;
        C{"listening"}: one by which the script does not listen
    @param on_exit: called with the code of C{os.exit}, when the runtime has stopped
    @param allow_unauthorized: hosts, as C{host} or C{host:port}, whose TLS
        certificates are accepted whatever they are
    @param limits: what scripts may take
    @param sandbox: scripts have no library that leads out of Lua, and no more of the
        network and the files than C{permissions} allow
    @param permissions: what scripts may reach, read and write
    @param transports: what connections stand on: see L{Transports}
    @param clock: what the script's timers, C{os.time} and C{os.date} follow in place of
        the reactor and the time of day: a L{clocks} one, or one that you move, e.g.
        C{twisted.internet.task.Clock}
    @param hc3: scripts are of Home Center 3: true for a simulated controller, or the
        controller, or a L{Setup<eplua_twisted.hc3.setup.Setup>}
    @param testing: for C{eplua test}: the script has tests, one of which is run
    @param ports: knows the script's servers, and who shares their ports
    @ivar lua: the version of Lua that they run on
    """

    log = Logger()

    def __init__(
        self,
        reactor: object = None,
        *,
        lua: str | None = None,
        output: Output = write_line,
        text: bool = False,
        on_error: Callable[[str], None] | None = None,
        exit_on_error: bool | Literal["listening"] = False,
        on_exit: Callable[[int], None] | None = None,
        allow_unauthorized: Iterable[str] = (),
        limits: Limits = DEFAULT_LIMITS,
        sandbox: bool = False,
        permissions: Permissions = UNLIMITED,
        transports: Transports = "lean",
        clock: IReactorTime | None = None,
        hc3: bool | IController | Setup = False,
        testing: Testing | None = None,
        ports: Ports | None = None,
    ) -> None:
        self.lua = lua = version_of(lua, bool(hc3))
        if reactor is None:
            from twisted.internet import reactor
        real = cast(IReactor, reactor)
        self._clock = steady_reactor = steady(real)
        traffic, self._resources = Traffic(), Resources()
        self._bridge = Bridge(steady_reactor, self._resources)
        self._modules: dict[str, IModule] = {}
        self._streams = connecting(steady_reactor, transports, traffic)
        if testing is not None:
            self._modules["testing"] = testing.attached(self._bridge, self._resources)
            self._streams = testing.streams(steady_reactor, self._streams, traffic)
        connections = Connections(limits.max_connections)
        access = Access(permissions, sandbox)
        self._environment = Environment(
            *reactors(steady_reactor, self._streams, connections, access),
            self._bridge,
            self._resources,
            real.seconds if steady_reactor is real else time.time,
            frozenset(allow_unauthorized),
            connections,
            traffic=traffic,
            access=access,
            ports=ports or Ports(),
        )
        parts = steady_reactor, self._bridge, self._resources
        self._lifecycle = Lifecycle(*parts, self._modules, self._release, on_exit)
        self._resources.on_fewer = self._lifecycle.settle
        script_clock = clock or steady_reactor
        self._last = Deadline(script_clock, lambda: self._lifecycle.end(0))
        timers = steady_reactor, script_clock, self._bridge, self._resources
        self._modules["timers"] = Timers(*timers, limits.max_timers)
        entries = Entries(self._bridge, limits.callback_time(lua))
        self._stats = Statistics(self._environment, self._modules, entries)
        self._inspector = look = Inspections(self._environment, entries)
        self._modules |= {"limits": entries, "stats": self._stats, "inspect": look}
        time_of_day, self._unfollow = follow(clock, Network(*parts[1:]))
        self._modules["library"] = Library(
            self._bridge,
            self._resources,
            output=taking_bytes(output, text),
            on_error=on_error,
            exit_on_error=exit_on_error,
            exit=self._lifecycle.exit,
            time_of_day=time_of_day,
        )
        self._host: ScriptHost | None = None
        if hc3:
            read = time_of_day or self._environment.time_of_day
            self._be_hc3(hc3, script_clock, read, taking_bytes(output, text))
        self._modules["memory"] = self._memory = Memory(self._bridge, limits.max_memory)
        self._start(import_module(LUA_VERSIONS[lua]), text)

    def _be_hc3(
        self,
        wanted: bool | IController | Setup,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
        output: Callable[[bytes], None],
    ) -> None:
        # Late: few runtimes need it.
        from eplua_twisted.hc3.setup import be_hc3

        made = be_hc3(wanted, self._environment, clock, time_of_day, output)
        self._environment, self._host = made
        self._modules["hc3"] = self._host

    @property
    def hc3(self) -> IController:
        """The controller, if the runtime is of Home Center 3."""
        if self._host is None:
            raise AttributeError("the runtime was made without hc3")
        return self._host.controller

    @property
    def reactor(self) -> IReactorTime:
        """What it runs on; its time is the monotonic clock's."""
        return self._clock

    @property
    def version(self) -> str:
        """The version of this package."""
        return version()

    def _start(self, lupa: Any, text: bool) -> None:
        memory = self._memory
        lua = memory.new_state(lupa.LuaRuntime)
        settle = self._lifecycle.settle
        table = memory.lifting(lua.table_from)
        calls = Calls(self._bridge, lupa.lua_type, table, settle, text)
        self._modules["calls"] = calls
        self._calls: Calls | None = calls
        code = library_source(b"eplua")
        chunk = lua.compile(code, name=b"@<eplua>/eplua.lua", mode=b"t")
        source, given = map(memory.giving, (library_source, self._primitives))
        made = chunk(source, given, "hc3" in self._modules, "testing" in self._modules)
        dispatch, self._expose, self._drop_finalizers, squeeze = made
        self._expose = memory.lifting(self._expose)
        self._bridge.attach(memory.attach(lua, dispatch, squeeze))

    def _release(self) -> None:
        """Let go of the Lua state: these are the last references to it."""
        if not self._lifecycle.exited:
            # os.exit has done this, and has Lua refuse to run.
            self._drop_finalizers()
        self._bridge.attach(None)
        self._memory.detach()
        self._last.cancel()
        self._unfollow()
        self._drop_finalizers = self._expose = self._calls = None
        self._modules.clear()
        rest(self._streams)
        let_rest(self._clock)

    def _primitives(self, name: bytes) -> tuple[object, ...]:
        """
        A module's primitives, flattened; the module is made when first asked for.  Or
        C{nil} and why it cannot be loaded.
        """
        try:
            module = self._module(to_text(name))
        except (OSError, ImportError) as problem:
            return None, why(problem)
        guard = self._memory.guard(module)
        found = Primitives(self._bridge, self._resources, guard).of(module)
        return tuple(part for each in found for part in each)

    def _module(self, name: str) -> IModule:
        if name not in self._modules:
            # A protocol's library is imported when a script first uses it.
            module, kind = MODULES[name]
            made = getattr(import_module(module), kind)(self._environment)
            self._modules[name] = made
        return self._modules[name]

    def run_file(self, path: str | os.PathLike[str], *arguments: str) -> Deferred[None]:
        """
        Run a script; C{require} finds modules beside it.

        @param arguments: what the script finds in C{arg} and C{...}
        @return: fires with C{None} when its main chunk has run (what it started
            may go on: see L{idle}); fails with L{ScriptError}, C{OSError} or
            L{RuntimeStopped}
        """
        name = os.fspath(path)
        if self._host is not None:
            return self._hosted(self._host.run_file, name)
        code = maybeDeferred(Path(name).read_bytes)
        return code.addCallback(
            self._run, "@" + name, str(Path(name).parent), name, arguments
        )

    def run_string(
        self, code: str | bytes, name: str = "=(string)", *arguments: str
    ) -> Deferred[None]:
        """
        Run a piece of Lua.

        @param name: what it is called in error messages, with Lua's C{@} (a file)
            or C{=} (as it stands) before it
        @return: as L{run_file}
        """
        source = to_bytes(code) if isinstance(code, str) else code
        if self._host is not None:
            return self._hosted(self._host.run_string, to_text(source), name)
        # In a sandbox there is nothing beside what is no file.
        beside = "" if self._environment.access.sandbox else "."
        return self._run(source, name, beside, name.lstrip("=@"), arguments)

    def _hosted(
        self, run: Callable[..., Coroutine[Deferred[object], object, None]], *what: str
    ) -> Deferred[None]:
        return maybeDeferred(
            lambda: Deferred.fromCoroutine(run(*what, self.calls().command))
        )

    def _run(
        self,
        code: bytes,
        name: str,
        directory: str,
        script: str,
        arguments: tuple[str, ...],
    ) -> Deferred[None]:
        values = directory, script, *arguments
        return maybeDeferred(lambda: self.calls().run(chunk_of(code), name, values))

    def call(self, name: str, *values: object) -> Deferred[tuple[Any, ...]]:
        """
        Call a global Lua function.  Lists, tuples and dicts become tables.  It runs as
        a task, so it may wait; to cancel the Deferred cancels the task.

        @return: fires with its results when it is done, strings as C{bytes}, tables as
            C{list} or C{dict}; fails with L{ScriptError}, L{ConversionError} or
            L{RuntimeStopped}
        """
        return maybeDeferred(lambda: self.calls().call(name, values))

    def calls(self) -> Calls:
        """For this package.  @raise RuntimeStopped: it is stopped, or about to be"""
        if self._calls is None or self._lifecycle.state != "running":
            raise RuntimeStopped
        return self._calls

    def expose(
        self,
        name: str,
        function: Function | Mapping[str, Function],
    ) -> None:
        """
        Make a function of the application a global function of the scripts; or a dict
        of functions a global table of them.

        It gets strings as C{bytes} and tables as C{list} or C{dict}; a C{str}
        goes over as UTF-8, a tuple as several results.  A plain result returns at
        once; a Deferred, or a coroutine of an C{async} function, waits in a task or
        answers a trailing callbacks table.  What it raises becomes a Lua error with
        its text, and is logged with its traceback; an L{OperationError} is the
        script's code and message, and is not logged.

        @raise TypeError: it cannot be called; nothing is exposed then
        @raise RuntimeStopped: the runtime is stopped
        """
        calls = self.calls()
        if not isinstance(function, Mapping):
            self._expose(to_bytes(name), calls.expose(name, function))
            return
        numbers = calls.expose_all(name, function)
        self._expose(to_bytes(name), None)
        for field, number in numbers.items():
            self._expose(to_bytes(name), number, field)

    def idle(self) -> Deferred[None]:
        """
        @return: fires with C{None} when nothing that counts is open or pending,
            or when the runtime has stopped
        """
        return self._lifecycle.idle()

    @property
    def is_idle(self) -> bool:
        """Nothing that counts is open or pending now."""
        return self._lifecycle.is_idle

    def stop(self) -> Deferred[None]:
        """
        Close everything, in good order while there is time, and let the Lua state go.
        From now on no answer is delivered.

        @return: fires with C{None} when nothing is left, after 7 seconds at the latest
        """
        return self._lifecycle.stop()

    def stats(self) -> Stats:
        """What goes on now, in numbers; what a script calls may not ask."""
        self.calls()
        return self._stats.now()

    def inspect(self) -> Inspection:
        """What is open, what waits and where; what a script calls may not ask."""
        self.calls()
        return self._inspector.look()

    def stop_after(self, seconds: float) -> None:
        """
        Stop when so much of the script's time has passed, as if it had called
        C{os.exit(0)} then.

        @param seconds: from now
        """
        self._last.start(seconds)
