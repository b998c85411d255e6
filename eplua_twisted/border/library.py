"""What the Lua library itself needs: output, reports, exit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal, cast

from twisted.logger import Logger
from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import query
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import to_readable, to_text


def version() -> str:
    """The version of this package."""
    # 5 ms of a start, and few ask.
    from importlib.metadata import version

    return version("eplua-twisted")


Output = Callable[[bytes], None] | Callable[[str], None]
"""Takes lines of C{print}."""


def write_line(line: bytes) -> None:
    """
    Write a line to standard output, as it is; as text where that takes only text
    (under C{twistd}, in notebooks, in C{contextlib.redirect_stdout}).
    """
    stream = sys.stdout
    try:
        if stream is not None:
            binary = getattr(stream, "buffer", None)
            if binary is None:
                stream.write(to_readable(line) + "\n")
            else:
                # What the application has printed comes first.
                stream.flush()
                binary.write(line + b"\n")
            stream.flush()
            return
    except ValueError:
        # It is closed, or has an encoding that cannot say this.
        pass
    Library.log.info("{text}", text=to_readable(line))


def taking_bytes(output: Output, text: bool) -> Callable[[bytes], None]:
    """
    What C{print} writes to.

    @param text: the application's takes C{str}
    """
    if not text or output is write_line:
        return cast(Callable[[bytes], None], output)
    write = cast(Callable[[str], None], output)
    return lambda line: write(to_text(line))


@implementer(IModule)
class Library:
    """The primitives behind C{print}, C{os.exit}, C{eplua} and the reports of errors."""

    resource_types = ()
    active = 0
    log = Logger()

    def __init__(
        self,
        bridge: Bridge,
        resources: Resources,
        *,
        output: Callable[[bytes], None],
        on_error: Callable[[str], None] | None,
        exit_on_error: bool | Literal["listening"],
        exit: Callable[[int], None],
        time_of_day: Callable[[], float] | None,
    ) -> None:
        """
        @param output: takes each line of C{print}
        @param on_error: told of each error that nobody caught, after it was logged
        @param exit_on_error: the first of them ends the runtime; C{"listening"}: the
            first that keeps the script from listening
        @param exit: C{os.exit}, with its code
        @param time_of_day: seconds since the epoch, if they are not the system's
        """
        self._bridge = bridge
        self._resources = resources
        self._output = output
        self._on_error = on_error
        self._exit_on_error = exit_on_error
        self._exit = exit
        self._time_of_day = time_of_day

    @query("version")
    def version(self) -> str:
        return version()

    @query("print")
    def print(self, line: bytes) -> None:
        self._output(line)

    @query("report")
    def report(self, traceback: bytes) -> bool:
        """
        Log an error of the script that nobody caught, and tell the application.

        @return: it is the end of the script
        """
        self._report(traceback)
        return self._exit_on_error is True

    @query("cannot_listen")
    def cannot_listen(self, problem: bytes) -> bool:
        """
        The same of a port that the script does not get.

        @return: it is the end of the script
        """
        self._report(problem)
        return bool(self._exit_on_error)

    def _report(self, traceback: bytes) -> None:
        text = to_readable(traceback)
        self.log.error("{text}", text=text)
        if self._on_error is not None:
            self._on_error(text)

    @query("warn")
    def warn(self, message: bytes) -> None:
        """Log what the script's author should know."""
        self.log.warn("{text}", text=to_readable(message))

    @query("exit")
    def exit(self, code: int) -> None:
        self._exit(code)

    @query("time_of_day")
    def time_of_day(self) -> float | None:
        """Seconds since the epoch by the script's clock, if it has one of its own."""
        return None if self._time_of_day is None else self._time_of_day()

    @query("soon")
    def soon(self, ticket: int) -> None:
        """Answer a ticket of Lua itself, when Lua has returned."""
        self._bridge.answer(ticket, None, True)

    @query("forget")
    def forget(self, ticket: int) -> tuple[object, ...]:
        """See L{Bridge.withdraw}."""
        return self._bridge.withdraw(ticket)

    @query("keep_alive")
    def keep_alive(self, number: int, referenced: bool) -> None:
        """The script's C{ref} and C{unref} of a resource."""
        self._resources.keep_alive(number, referenced)

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
