"""A Lua state, its modules and what they opened: the thing applications hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.calls import Calls
from eplua_twisted.border.clock import SteadyReactor, steady
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.library import Host
from eplua_twisted.border.primitives import Primitives
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import to_bytes, to_readable, to_text
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.streams.transports import eager
from eplua_twisted.timers import MAX_TIMERS, Timers

LUA_VERSIONS = {
    "5.3": "lupa.lua53",
    "5.4": "lupa.lua54",
    "5.5": "lupa.lua55",
    "luajit": "lupa.luajit21",
}

MODULES = {
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

STOP_TIMEOUT = 5.0
"""Seconds that open things have to close in good order before they are aborted."""


def lua_directory() -> Path:
    """Where the Lua library is: in the package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "lua"
    return inside if inside.is_dir() else package.parent / "lua"


def _write_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _refuse(holder: object, name: object, setting: bool) -> str:
    raise AttributeError("no attribute of a Python object can be reached")


class Runtime:
    """
    Runs Lua scripts on the reactor.

    @param reactor: the reactor; the global one by default
    @param lua: the Lua version, one of C{5.3}, C{5.4}, C{5.5}, C{luajit}
    @param output: takes each line that C{print} writes, without its end;
        standard output by default
    @param on_error: called with the text of each error of a script that nobody
        caught, after it was logged
    @param on_exit: called with the code of C{os.exit}, when the runtime has stopped
    @param allow_unauthorized: hosts, as C{host} or C{host:port}, whose TLS
        certificates are accepted whatever they are
    @param max_timers: how many timers may be set at a time
    @param eager_writes: TCP connections send at once what is written; otherwise they
        are Twisted's own, which send on the next turn of the reactor
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any = None,
        *,
        lua: str = "5.4",
        output: Callable[[bytes], None] | None = None,
        on_error: Callable[[str], None] | None = None,
        on_exit: Callable[[int], None] | None = None,
        allow_unauthorized: Iterable[str] = (),
        max_timers: int = MAX_TIMERS,
        eager_writes: bool = True,
    ) -> None:
        if lua not in LUA_VERSIONS:
            known = ", ".join(LUA_VERSIONS)
            raise ValueError(f"unknown Lua version {lua!r}; known: {known}")
        if reactor is None:
            from twisted.internet import reactor
        self._reactor = clock = steady(reactor)
        self.output = output or _write_line
        self._on_error = on_error
        self._on_exit = on_exit
        self._max_timers = max_timers
        self._resources = Resources()
        self._bridge = Bridge(clock, self._resources)
        self._environment = Environment(
            clock,
            eager(clock) if eager_writes else clock,
            self._bridge,
            self._resources,
            reactor.seconds if clock is reactor else time.time,
            frozenset(allow_unauthorized),
        )
        self._modules: dict[str, IModule] = {}
        self._idle: list[Deferred[None]] = []
        self._settling: IDelayedCall | None = None
        self._stopping: Deferred[None] | None = None
        self._stopped: list[Deferred[None]] = []
        self._done = False
        self._resources.on_fewer = self._settle
        self._expose: Any = None
        self._start(import_module(LUA_VERSIONS[lua]))

    @property
    def version(self) -> str:
        """The version of this package."""
        return metadata.version("eplua-twisted")

    def _start(self, lupa: Any) -> None:
        lua = lupa.LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_refuse,
        )
        # Called from Lua only while the state lives, so it may refer to it.
        self._modules["calls"] = Calls(
            self._bridge,
            lupa.lua_type,
            lambda pairs: lua.table_from(pairs),
            self._settle,
        )
        self._lua = lua
        code = (lua_directory() / "eplua.lua").read_bytes()
        chunk = lua.compile(code, name=b"@<eplua>/eplua.lua", mode=b"t")
        dispatch, self._expose = chunk(self._source, self._primitives)
        self._bridge.attach(dispatch)

    def _source(self, name: bytes) -> bytes:
        return (lua_directory() / (to_text(name) + ".lua")).read_bytes()

    def _primitives(self, name: bytes) -> tuple[Any, ...]:
        """A module's primitives, flattened; the module is made when first asked for."""
        module = self._module(to_text(name))
        found = Primitives(self._bridge, self._resources).of(module)
        return tuple(item for pair in found for item in pair)

    @property
    def _calls(self) -> Calls:
        calls = self._modules["calls"]
        assert isinstance(calls, Calls)
        return calls

    def _module(self, name: str) -> IModule:
        if name not in self._modules:
            self._modules[name] = self._make(name)
        return self._modules[name]

    def _make(self, name: str) -> IModule:
        if name == "host":
            return Host(self, self._resources)
        if name == "timers":
            return Timers(
                self._reactor, self._bridge, self._resources, self._max_timers
            )
        # A protocol's library is imported when a script first uses it.
        module, kind = MODULES[name]
        made: IModule = getattr(import_module(module), kind)(self._environment)
        return made

    # What applications use.

    def run_file(self, path: str, *arguments: str) -> Deferred[None]:
        """
        Run a script; C{require} finds modules beside it.

        @param arguments: what the script finds in C{arg} and C{...}
        @return: fires with C{None} when its main chunk has run (what it started
            may go on: see L{idle}); fails with L{ScriptError}, C{OSError} or
            L{RuntimeStopped}
        """
        code = maybeDeferred(Path(path).read_bytes)
        return code.addCallback(
            self._run, "@" + path, str(Path(path).parent), path, arguments
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
        return self._run(source, name, ".", name.lstrip("=@"), arguments)

    def _run(
        self,
        code: bytes,
        name: str,
        directory: str,
        script: str,
        arguments: tuple[str, ...],
    ) -> Deferred[None]:
        if code.startswith(b"\xef\xbb\xbf"):
            code = code[3:]
        if code.startswith(b"#"):
            code = b"--" + code
        return self._unless_stopped(
            lambda calls: calls.run(code, name, (directory, script, *arguments))
        )

    def call(self, name: str, *values: Any) -> Deferred[tuple[Any, ...]]:
        """
        Call a global Lua function.  Lists, tuples and dicts become tables.

        @return: fires with its results, strings as C{bytes}, tables as C{list} or
            C{dict}; fails with L{ScriptError}, L{ConversionError} or
            L{RuntimeStopped}
        """
        return self._unless_stopped(lambda calls: calls.call(name, values))

    def _unless_stopped(self, begin: Callable[[Calls], Deferred[Any]]) -> Deferred[Any]:
        def start() -> Deferred[Any]:
            if self._stopping is not None:
                raise RuntimeStopped
            return begin(self._calls)

        return maybeDeferred(start)

    def expose(self, name: str, function: Callable[..., Any]) -> None:
        """
        Make a function of the application a global function of the scripts.

        It gets strings as C{bytes} and tables as C{list} or C{dict}; a C{str}
        goes over as UTF-8, a tuple as several results.  A plain result returns at
        once; a Deferred waits in a task or answers a trailing callbacks table.
        What it raises becomes a Lua error with its text.
        """
        if self._stopping is not None:
            raise RuntimeStopped
        self._expose(to_bytes(name), self._calls.expose(function))

    def idle(self) -> Deferred[None]:
        """
        @return: fires with C{None} when nothing that counts is open or pending,
            or when the runtime has stopped
        """
        if self._done:
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._idle.append(deferred)
        self._settle()
        return deferred

    def stop(self) -> Deferred[None]:
        """
        Close everything, in good order while there is time, and let the Lua state go.
        From now on no answer is delivered.

        @return: fires with C{None} when nothing is left
        """
        stopped: Deferred[None] = Deferred()
        if self._done:
            return succeed(None)
        self._stopped.append(stopped)
        if self._stopping is None:
            self._stopping = self._close()
        return stopped

    # What the Lua library calls.

    def report(self, traceback: bytes) -> None:
        """Log an error of the script, and tell the application."""
        text = to_readable(traceback)
        self.log.error("{text}", text=text)
        if self._on_error is not None:
            self._on_error(text)

    def warn(self, message: bytes) -> None:
        """Log what the script should know."""
        self.log.warn("{text}", text=to_readable(message))

    def exit(self, code: int) -> None:
        """C{os.exit}: nothing of the script runs after it."""
        stopped = self.stop()
        if self._on_exit is not None:
            on_exit = self._on_exit
            stopped.addCallback(lambda _: on_exit(code))
            stopped.addErrback(
                lambda failure: self.log.failure("on_exit failed", failure)
            )

    def answer(self, ticket: int) -> None:
        """Answer a ticket of Lua itself."""
        self._bridge.answer(ticket, None, True)

    def counts(self) -> dict[str, int]:
        """How many are open of each kind."""
        counts = self._resources.counts()
        for module in self._modules.values():
            counts.update(module.counts())
        return counts

    # Idle and stop.

    @property
    def _active(self) -> int:
        modules = sum(module.active for module in self._modules.values())
        return int(modules + self._resources.active + self._bridge.pending)

    def _settle(self) -> None:
        """Look, on the next turn, whether the program is over."""
        if not self._idle or self._resources.active:
            return
        if self._settling is None and not self._active:
            self._settling = self._reactor.callLater(0, self._settled)

    def _settled(self) -> None:
        self._settling = None
        if self._bridge.quiet and not self._active:
            self._fire_idle()
        else:
            # Answers wait still; or one of them has opened something.
            self._settle()

    def _fire_idle(self) -> None:
        waiting, self._idle = self._idle, []
        for deferred in waiting:
            deferred.callback(None)

    def _close(self) -> Deferred[None]:
        self._bridge.stop()
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        # Lua may be what is asking: it returns first.
        turn: Deferred[None] = Deferred()
        self._reactor.callLater(0, turn.callback, None)
        return turn.addCallback(lambda _: Deferred.fromCoroutine(self._finish()))

    async def _finish(self) -> None:
        self._resources.close()
        empty = self._resources.when_empty()
        late = Deadline(self._reactor, self._resources.abort)
        late.start(STOP_TIMEOUT)
        await empty
        late.cancel()
        await DeferredList(
            [maybeDeferred(module.stop) for module in self._modules.values()]
        )
        self._bridge.attach(None)
        self._modules.clear()
        self._lua = self._expose = None
        if isinstance(self._reactor, SteadyReactor):
            self._reactor.rest()
        self._done = True
        self._fire_idle()
        stopped, self._stopped = self._stopped, []
        for deferred in stopped:
            deferred.callback(None)
