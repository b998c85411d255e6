"""The foreground command C{eplua}: runs a script until nothing is open or pending."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import (
    ILogObserver,
    LogLevel,
    formatEvent,
    globalLogBeginner,
)
from twisted.python import usage
from zope.interface import implementer

from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime
from eplua_twisted.tap import Options


class CommandOptions(Options):
    """The options of the command."""

    def opt_version(self) -> None:
        """Display the version and exit."""
        from importlib.metadata import version

        ours, twisted = version("eplua-twisted"), version("twisted")
        sys.stdout.write(f"eplua {ours} (Twisted {twisted})\n")
        raise SystemExit(0)


def complain(text: str) -> None:
    """Write to standard error, whatever bytes the text came from."""
    sys.stderr.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
    sys.stderr.flush()


@implementer(ILogObserver)
def log_to_stderr(event: Any) -> None:
    """Show warnings and errors; what Twisted has to tell besides is not asked for."""
    if event["log_level"] < LogLevel.warn:
        return
    complain(formatEvent(event))
    if "log_failure" in event:
        complain(event["log_failure"].getTraceback())


class Signals:
    """
    SIGINT and SIGTERM stop the runtime; the second one ends the process at once,
    even when a script is in an endless loop: there no Python handler runs, but
    the interpreter still writes the signal's number to its wake-up descriptor,
    which a thread reads.

    @ivar stopped_by: the signal that came
    """

    def __init__(self, reactor: Any, stop: Any) -> None:
        self._reactor = reactor
        self._stop = stop
        self.stopped_by: int | None = None

    def install(self) -> None:
        read, write = socket.socketpair()
        write.setblocking(False)
        self._write = write
        signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._first)
        threading.Thread(target=self._watch, args=(read,), daemon=True).start()

    def _first(self, number: int, frame: object) -> None:
        if self.stopped_by is None:
            self.stopped_by = number
            self._reactor.callFromThread(self._stop)

    def _watch(self, read: socket.socket) -> None:
        seen = 0
        while True:
            for number in read.recv(64):
                if number in (signal.SIGINT, signal.SIGTERM):
                    seen += 1
                    if seen == 2:
                        os._exit(128 + number)


class Command:
    """
    One run of a script.

    @ivar code: the exit code
    """

    def __init__(self, reactor: Any, options: Options) -> None:
        self._reactor = reactor
        self._options = options
        self.code = 0
        self._runtime = Runtime(
            reactor,
            lua=options["lua"],
            output=self._print,
            on_exit=self._exit,
            allow_unauthorized=options.allow_unauthorized,
        )
        self.signals = Signals(reactor, self._runtime.stop)

    def _print(self, line: bytes) -> None:
        try:
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever read has gone, as with `eplua ... | head`: there is no point in
            # going on.  What is buffered must not fail once more at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.code = 128 + signal.SIGPIPE
            self._runtime.stop()

    def _exit(self, code: int) -> None:
        self.code = code & 0xFF

    async def run(self) -> None:
        """Run the script, and all that it started, to the end; then the reactor ends."""
        try:
            await self._options.begin(self._runtime)
            await self._runtime.idle()
        except ScriptError as problem:
            complain("eplua: " + problem.traceback)
            self.code = 1
        except OSError as problem:
            complain(f"eplua: cannot read {problem.filename}: {problem.strerror}")
            self.code = 1
        except RuntimeStopped:
            # os.exit, or a signal: the code is known.
            pass
        await self._runtime.stop()
        self._reactor.stop()


def main(arguments: list[str] | None = None) -> None:
    """The command; ends the process."""
    options = CommandOptions()
    try:
        usage.Options.parseOptions(
            options, sys.argv[1:] if arguments is None else arguments
        )
    except usage.UsageError as problem:
        complain(f"eplua: {problem}\nTry 'eplua --help'.")
        raise SystemExit(2) from None
    globalLogBeginner.beginLoggingTo([log_to_stderr], redirectStandardIO=False)
    from twisted.internet import reactor

    command = Command(reactor, options)
    command.signals.install()
    failed: list[Any] = []

    def start() -> None:
        running = Deferred.fromCoroutine(command.run())
        running.addErrback(crashed)

    def crashed(failure: Any) -> None:
        failed.append(failure)
        running: Any = reactor
        running.stop()

    running: Any = reactor
    running.callWhenRunning(start)
    running.run(installSignalHandlers=False)
    if failed:
        failed[0].raiseException()
    if command.signals.stopped_by is not None:
        raise SystemExit(128 + command.signals.stopped_by)
    raise SystemExit(command.code)


if __name__ == "__main__":
    main()
