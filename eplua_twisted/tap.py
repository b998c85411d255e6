"""The options of C{twistd eplua} and of C{eplua}, and the service they make."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Unpack, cast

from twisted.application.reactors import getReactorTypes, installReactor
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.logger import ILogObserver, globalLogBeginner
from twisted.python import usage
from twisted.python.failure import Failure

from eplua_twisted.border.clock import steady
from eplua_twisted.border.limits import Limits
from eplua_twisted.border.permissions import Permissions
from eplua_twisted.border.ports import Ports
from eplua_twisted.ending import hush
from eplua_twisted.errors import OperationError, ScriptError
from eplua_twisted.hc3.options import HC3Options
from eplua_twisted.job import Job, Single
from eplua_twisted.limit_options import LimitOptions
from eplua_twisted.lua_files import chunk_of
from eplua_twisted.lua_versions import (
    LUA_VERSIONS,
    syntax_error,
    version_of,
    widen_stack,
)
from eplua_twisted.permission_options import PermissionOptions
from eplua_twisted.process import Process
from eplua_twisted.runtime import Runtime
from eplua_twisted.runtime_options import RuntimeOptions
from eplua_twisted.service import RuntimeService
from eplua_twisted.signals import GRACE
from eplua_twisted.site_options import SiteOptions
from eplua_twisted.sites import Sites
from eplua_twisted.terminal import COMMAND_LINE
from eplua_twisted.time_options import TimeOptions
from eplua_twisted.transports.reactor import TRANSPORTS
from eplua_twisted.worker import EventLines, Program
from eplua_twisted.worker_options import WorkerOptions
from eplua_twisted.workers import Workers

LONGEST_GRACE = 86_400.0
"""Seconds: beyond a day it is a mistake."""

ON_ERROR = ("continue", "exit")


class Options(
    TimeOptions,
    HC3Options,
    LimitOptions,
    PermissionOptions,
    SiteOptions,
    WorkerOptions,
):
    """
    What to run, and on which Lua.

    @ivar arguments: what comes after the script
    @ivar code_name: what the code of C{--execute} is called
    @ivar given: the words that the options were read from
    @ivar allow_unauthorized: hosts whose TLS certificates are not verified
    @ivar limits: what the script may take
    @ivar permissions: what it may reach, read and write
    @ivar grace: seconds that the process may take to end after a signal
    """

    choices = {
        "lua": tuple(LUA_VERSIONS),
        "transports": TRANSPORTS,
        "on-error": ON_ERROR,
    }
    synopsis = "[options] SCRIPT [ARG...]"
    longdesc = "Runs a Lua script with a network."
    optParameters = [
        ["lua", None, None, f"Lua version: {', '.join(LUA_VERSIONS)}; 5.4, --hc3: 5.3"],
        ["transports", None, "lean", f"of connections: {' or '.join(TRANSPORTS)}"],
        ["execute", "e", None, "CODE that is run instead of a script"],
        [
            "on-error",
            None,
            "continue",
            "after an error nobody caught: continue or exit",
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.arguments: tuple[str, ...] = ()
        self.code_name = COMMAND_LINE
        self.given: list[str] = []
        self.allow_unauthorized: list[str] = []
        self.limits = Limits()
        self.permissions = Permissions()
        self.grace = GRACE

    def opt_allow_unauthorized(self, host: str) -> None:
        """HOST[:PORT] whose TLS certificate is accepted whatever it is; repeatable."""
        self.allow_unauthorized.append(host)

    def opt_grace(self, seconds: str) -> None:
        """SECONDS from the first SIGINT or SIGTERM to the end of the process; 5."""
        try:
            self.grace = float(seconds)
        except ValueError:
            self.grace = -1
        if not 0 <= self.grace <= LONGEST_GRACE:
            raise usage.UsageError(f"--grace: seconds expected, got {seconds!r}")

    def parseOptions(self, options: list[str] | None = None) -> None:
        """As C{usage.Options.parseOptions}."""
        self.given = list(options or ())
        super().parseOptions(options)  # type: ignore[no-untyped-call]

    def parseArgs(self, *arguments: str) -> None:
        self.arguments = arguments

    def postOptions(self) -> None:
        self.check_hc3()
        try:
            version_of(self["lua"], self.hc3)
        except ValueError as problem:
            raise usage.UsageError(str(problem)) from None
        self.check_time()
        self.check_sites()
        self.check_workers()
        if self["transports"] not in TRANSPORTS:
            raise usage.UsageError(
                f"unknown --transports={self['transports']};"
                f" known: {', '.join(TRANSPORTS)}"
            )
        if self["on-error"] not in ON_ERROR:
            raise usage.UsageError(
                f"unknown --on-error={self['on-error']}; known: {', '.join(ON_ERROR)}"
            )
        if self["execute"] is None and not self.arguments:
            raise usage.UsageError("no script given")
        self.limits = self.asked_limits()
        self.permissions = self.asked_permissions()

    def runtime(
        self, running: ReactorBase, /, **given: Unpack[RuntimeOptions]
    ) -> RuntimeOptions:
        """What L{Runtime} is to be made with: what is given, and what was asked for."""
        widen_stack(self["lua"])
        return {
            **given,
            "reactor": running,
            "clock": self.clock(running),
            "lua": self["lua"],
            "transports": self["transports"],
            "exit_on_error": self["on-error"] == "exit" or "listening",
            "allow_unauthorized": self.allow_unauthorized,
            "limits": self.limits,
            "hc3": self.hc3 and self.setup(),
            "sandbox": bool(self["sandbox"]),
            "permissions": self.permissions,
        }

    def job(
        self,
        running: ReactorBase,
        failed: Callable[[Exception], None],
        /,
        **given: Unpack[RuntimeOptions],
    ) -> Job:
        """
        What the command runs: one runtime, or several on one controller.

        @param failed: told of a program that could not be run, but for the first one
        """
        made = self.runtime(running, **given)
        if not self.hc3 or self["execute"] is not None:
            name = self.script_name
            return Single(
                name, lambda: Runtime(**made), self.begin, self.check_script, failed
            )
        # Late: a script that has nothing to do with HC3 need not wait for all that.
        from eplua_twisted.programs import Programs

        clock = made["clock"] or steady(running)
        return Programs(
            steady(running),
            clock,
            self.arguments,
            self.setup(),
            failed,
            self.run_for,
            **made,
        )

    @property
    def script_name(self) -> str:
        """What is run, for people."""
        return self.arguments[0] if self["execute"] is None else self.code_name

    def check_script(self) -> None:
        """
        See that the script can be run.

        @raise ScriptError: it does not compile
        @raise OSError: it cannot be read
        """
        if self["execute"] is None and not self.hc3:
            path = self.arguments[0]
            code = chunk_of(Path(path).read_bytes())
            wrong = syntax_error(version_of(self["lua"], hc3=False), code, path)
            if wrong is not None:
                raise ScriptError(wrong, wrong)

    def begin(self, runtime: Runtime) -> Deferred[None]:
        """Start what was asked for; fires and fails as L{Runtime.run_file}."""
        if self.run_for is not None:
            runtime.stop_after(self.run_for)
        if self["execute"] is not None:
            return runtime.run_string(
                self["execute"], "=" + self.code_name, *self.arguments
            )
        return runtime.run_file(*self.arguments)


class CommandService(RuntimeService):
    """The service of C{twistd eplua}: a signal ends it, whatever the script does."""

    def __init__(
        self,
        running: ReactorBase,
        asked: Options,
    ) -> None:
        """
        @param running: the reactor
        @param asked: what to run, and what operators see of it
        """
        self._ports = Ports()
        RuntimeService.__init__(
            self,
            asked.begin,
            on_failure=lambda failure: self.end(1),
            **asked.runtime(running, on_exit=self.exited, ports=self._ports),
        )
        self._running = running
        self._process = Process(running, asked.grace, self._reload)
        self._script_name = asked.script_name
        self._asked = asked
        self._sites = Sites(steady(running), asked, self._named, Controls(self))

    def end(self, code: int = 0) -> None:
        """
        End the process, in good order.

        @param code: its exit code
        """
        self._process.end(code)

    def exited(self, code: int) -> None:
        """The script has ended itself."""
        self.log.info("the script has ended with code {code}", code=code)
        self.end(code & 0xFF)

    def _named(self) -> dict[str, Runtime]:
        return {} if self.runtime is None else {self._script_name: self.runtime}

    def startService(self) -> None:
        self._process.begin()
        # The process has become a daemon, but the reactor does not run: there is nothing
        # to stop in good order, and Python would not see a SIGINT while Lua runs.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            RuntimeService.startService(self)
        except (ScriptError, OSError) as problem:
            hush(problem)
            raise
        finally:
            signal.signal(signal.SIGINT, before)
        self._sites.start().addCallbacks(self._begun, self._without_sites)

    def _begun(self, _: object) -> None:
        """The script knows on the next turn what has come of its ports."""
        self._ports.taken().addCallback(
            lambda _: self._running.callLater(0, self._ready)
        )

    def _ready(self) -> None:
        if self.state == "running" and not self._process.ending:
            self._process.supervisor.ready()

    def _without_sites(self, failure: Failure) -> None:
        """What operators asked for cannot be had: that is no start."""
        problem = failure.value
        if isinstance(problem, OperationError):
            self.log.critical("{text}", text=problem.message)
        else:
            self.log.failure("the sites could not be opened", failure)
        self.end(1)

    def _reload(self) -> None:
        """SIGHUP.  While a script is about to start its file is read anyway."""
        if self.state == "running":
            self._process.supervisor.reloading()
            reloaded = self.reload_checked()
            reloaded.addErrback(self._not_reloaded).addCallback(self._begun)

    def reload_checked(self) -> Deferred[None]:
        """As L{reload}; what cannot be compiled is not run."""

        def reload(_: None) -> Deferred[None]:
            self.log.info("{script} is reloaded", script=self._script_name)
            return self.reload()

        return maybeDeferred(self._asked.check_script).addCallback(reload)

    def _not_reloaded(self, failure: Failure) -> None:
        if self.runtime is None:
            # The new one has failed, and that was said.
            return
        problem = failure.trap(ScriptError, OSError) and failure.value
        self.log.error(
            "not reloaded, the old script goes on: {problem}", problem=problem
        )

    def stopService(self) -> Deferred[None]:
        self._process.close()
        sites = self._sites.stop()
        return RuntimeService.stopService(self).addCallback(lambda _: sites)


class Controls:
    """What the inspector may have done to the script of a service."""

    def __init__(self, service: CommandService) -> None:
        self._service = service

    def reload(self, name: str) -> Deferred[None]:
        """@return: see L{RuntimeService.reload}; what cannot be compiled is not run"""
        return self._service.reload_checked()

    def stop_script(self, name: str) -> Deferred[None]:
        """There is nothing to serve without it: the process ends."""
        self._service.end()
        return succeed(None)


def name_of(reactor: ReactorBase) -> str:
    """What C{twistd --reactor} calls the reactor."""
    module = type(reactor).__module__
    names = (
        e.shortName
        for e in getReactorTypes()
        if getattr(e, "moduleName", None) == module
    )
    return next(names, "default")


def work(reactor_name: str) -> None:
    """The process of one worker of L{Workers}, which has given it its words."""
    events = EventLines()
    observers: list[ILogObserver] = [events]
    globalLogBeginner.beginLoggingTo(observers, redirectStandardIO=False)
    installReactor(reactor_name)
    from twisted.internet import reactor

    number, count, *given = sys.argv[1:]
    options = Options()
    options.parseOptions(given)
    worker = int(number), int(count)
    program = Program(cast(ReactorBase, reactor), options, worker, events)
    raise SystemExit(program.main())


def makeService(options: Options) -> CommandService | Workers:
    """The service of C{twistd eplua}: C{print} goes to the log."""
    if options.hc3 and len(options.arguments) > 1:
        raise usage.UsageError("twistd eplua --hc3 runs one script; eplua runs several")
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    running = cast(ReactorBase, reactor)
    if options.workers is not None:
        return Workers(
            running,
            f"from eplua_twisted.tap import work; work({name_of(running)!r})",
            options.workers,
            options.given,
            options.grace,
            options.check_script,
        )
    return CommandService(running, options)
