"""
Calls between an application and its scripts: running a chunk, calling a global
Lua function, and the application's own functions that Lua can call.

Tables cross here and nowhere else, converted whole; no Lua table outlives the
call that it came in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from inspect import iscoroutine
from itertools import count
from typing import NoReturn

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.bridge import COMMANDS, Bridge
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing
from eplua_twisted.border.values import (
    KindOf,
    MakeTable,
    from_lua,
    to_bytes,
    to_lua,
    to_readable,
)
from eplua_twisted.errors import (
    STOPPED,
    ConversionError,
    OperationError,
    RuntimeStopped,
    ScriptError,
    describe,
)

Function = Callable[..., object]
"""A function of the application."""

RAISED = 8
"""How many exceptions of the application's are remembered, to be causes of errors."""


def _text_of(problem: BaseException | None) -> str:
    """What a script is told of an exception of the application's."""
    return str(problem) or type(problem).__name__


@implementer(IModule)
class Calls:
    """
    The calls of one runtime.

    @param kind_of: lupa's C{lua_type}
    @param table: makes a Lua table out of a C{dict}
    @param on_fewer: called when a call is over
    @param text: the application gets strings as C{str}
    """

    resource_types = ()
    log = Logger()

    def __init__(
        self,
        bridge: Bridge,
        kind_of: KindOf,
        table: MakeTable,
        on_fewer: Callable[[], None],
        text: bool = False,
    ) -> None:
        self._bridge = bridge
        self._text = text
        self._kind_of = kind_of
        self._table = table
        self._on_fewer = on_fewer
        self._numbers = count(1)
        self._called: dict[int, Deferred[tuple[object, ...]]] = {}
        self._functions: list[tuple[str, Function]] = []
        self._promised: dict[int, tuple[str, Deferred[object]]] = {}
        self._raised: deque[tuple[str, BaseException]] = deque(maxlen=RAISED)
        self._last: BaseException | None = None
        bridge.on_lost_command = self.lost

    @property
    def active(self) -> int:
        return len(self._called)

    # What the application asks of Lua.

    def run(
        self, code: bytes, name: str, arguments: tuple[object, ...]
    ) -> Deferred[None]:
        """
        @return: fires with C{None} when the chunk has run; fails with
            L{ScriptError}, or L{RuntimeStopped}
        """
        values = map(self._to_lua, arguments)
        done = self.command(b"run", code, to_bytes(name), *values)
        return done.addCallback(lambda results: None)

    def call(
        self, name: str, values: tuple[object, ...]
    ) -> Deferred[tuple[object, ...]]:
        """
        @return: fires with the results of the global Lua function; fails with
            L{ScriptError}, L{ConversionError} or L{RuntimeStopped}.  To cancel it
            cancels the task that the function runs in
        """
        return self.command(b"call", to_bytes(name), *map(self._to_lua, values))

    def interrupt(self) -> bool:
        """
        Have the script left that runs just now, if one does; a signal's handler may ask.

        @return: one does
        """
        self._bridge.interrupted = self._bridge.entered
        return self._bridge.entered

    def command(self, command: bytes, *values: object) -> Deferred[tuple[object, ...]]:
        """
        Have Lua do one of its C{commands}, with values that may cross.

        @return: fires and fails as L{call}
        """
        number = next(self._numbers)

        def cancel(_: object) -> None:
            if self._called.pop(number, None) is not None:
                self._on_fewer()
                self._bridge.answer(COMMANDS, None, b"cancel", number)

        done: Deferred[tuple[object, ...]] = Deferred(cancel)
        self._called[number] = done
        if not self._bridge.entered:
            # What was interrupted is over.
            self._bridge.interrupted = False
        self._bridge.answer(COMMANDS, None, command, number, *values)
        return done

    @crossing("finish")
    def finish(self, number: int, good: bool, *values: object) -> None:
        """Lua is done with a command."""
        outcome: tuple[object, ...] | Exception
        if not good:
            outcome = self._script_error(*values)
        else:
            try:
                outcome = tuple(map(self._from_lua, values))
            except ConversionError as problem:
                # A new one: the traceback of this one holds Lua tables.
                outcome = ConversionError(str(problem))
        self._over(number, outcome)

    def lost(self, number: int, problem: Exception) -> None:
        """The Lua library failed in a command, as when there is no memory left."""
        self._over(number, ScriptError(str(problem), str(problem)))

    def _over(self, number: int, outcome: tuple[object, ...] | Exception) -> None:
        # It may have ended before the library failed.
        done = self._called.pop(number, None)
        if done is None:
            return
        if not self._called:
            self._raised.clear()
        self._on_fewer()
        if isinstance(outcome, Exception):
            done.errback(outcome)
        else:
            done.callback(outcome)

    def _script_error(self, message: object, traceback: object) -> ScriptError:
        assert isinstance(message, bytes)
        assert isinstance(traceback, bytes)
        error = ScriptError(to_readable(message), to_readable(traceback))
        for text, cause in reversed(self._raised):
            # The script may have put its own words, or a place, before it.
            if f": {error.message}".endswith(f": {text}"):
                error.__cause__ = cause
                break
        return error

    # What Lua asks of the application.

    def expose(self, name: str, function: Function) -> int:
        """
        @return: the number under which Lua invokes the function
        @raise TypeError: it cannot be called
        """
        if not callable(function):
            raise TypeError(f"{name}: a {type(function).__name__} cannot be called")
        self._functions.append((name, function))
        return len(self._functions) - 1

    def expose_all(
        self, name: str, functions: Mapping[str, Function]
    ) -> dict[bytes, int]:
        """
        @return: the numbers of the functions, by their names in the table C{name}
        @raise TypeError: one of them cannot be called, or has no name
        """
        for field, function in functions.items():
            if not isinstance(field, str) or not callable(function):
                kind = type(function).__name__
                raise TypeError(
                    f"{name}[{field!r}]: a function by its name expected, not a {kind}"
                )
        return {
            to_bytes(field): self.expose(f"{name}.{field}", function)
            for field, function in functions.items()
        }

    @crossing("invoke")
    def invoke(self, index: int, later: bool, *arguments: object) -> tuple[object, ...]:
        """
        Call one of the application's functions.

        @param later: the caller has callbacks for the result
        @return: C{"value"} and the results; C{"later"} and a number to collect
            them with; or C{"raise"} and a message, and true where L{raised} is called
            next
        """
        if self._bridge.stopped:
            return b"raise", to_bytes(STOPPED[1])
        name, function = self._functions[index]
        try:
            values = list(map(self._from_lua, arguments))
        except ConversionError as problem:
            return b"raise", to_bytes(str(problem))
        del arguments
        try:
            result = function(*values)
            if iscoroutine(result):
                result = Deferred.fromCoroutine(result)
            elif later and not isinstance(result, Deferred):
                result = succeed(result)
        except Exception as problem:  # noqa: BLE001 - the application's function
            if not later:
                self._report(name, Failure())
                self._last = problem
                return b"raise", to_bytes(_text_of(problem)), True
            result = fail()
        if isinstance(result, Deferred):
            number = next(self._numbers)
            self._promised[number] = name, result
            return b"later", number
        try:
            return b"value", *self._results(result)
        except ConversionError as problem:
            return b"raise", to_bytes(str(problem))

    @crossing("raised")
    def raised(self, message: bytes) -> None:
        """
        What the last function has raised became a Lua error.

        @param message: its text, with the script's file and line
        """
        if self._last is not None:
            self._raised.append((to_readable(message), self._last))
            self._last = None

    @crossing("collect")
    def collect(self, ticket: int, number: int) -> None:
        """Answer the ticket with what a promised result comes to."""
        # Without a success callback the ticket is negative; see Bridge.
        self._bridge.wait_for(abs(ticket), self._promise(number))

    @crossing("discard")
    def discard(self, number: int, cancel: bool) -> None:
        """
        The script cannot wait for a promised result: it has been told.

        @param cancel: its task was cancelled
        """
        promise = self._promise(number).addErrback(lambda _: None)
        if cancel:
            promise.cancel()

    def _promise(self, number: int) -> Deferred[tuple[object, ...]]:
        name, promised = self._promised.pop(number)
        return promised.addCallback(self._results).addErrback(self._failed, name)

    def _failed(self, failure: Failure, name: str) -> NoReturn:
        if describe(failure) is None:
            self._report(name, failure)
            text = _text_of(failure.value)
            if failure.value is not None:
                self._raised.append((to_readable(to_bytes(text)), failure.value))
            raise OperationError("internal", text)
        failure.raiseException()

    def _report(self, name: str, failure: Failure) -> None:
        """Log what an application's function raised, unless that is for the script."""
        if not isinstance(failure.value, (OperationError, ConversionError)):
            self.log.failure("the function {name} failed", failure, name=name)

    def _results(self, result: object) -> tuple[object, ...]:
        """A tuple is several results, anything else is one."""
        results = result if isinstance(result, tuple) else (result,)
        return tuple(map(self._to_lua, results))

    def _to_lua(self, value: object) -> object:
        return to_lua(value, self._table)

    def _from_lua(self, value: object) -> object:
        return from_lua(value, self._kind_of, self._text)

    def counts(self) -> dict[str, int]:
        """What goes on here has no kind."""
        return {}

    def stop(self) -> None:
        """Whoever waits for a call learns that there will be no answer."""
        called, self._called = self._called, {}
        for done in called.values():
            done.errback(RuntimeStopped())
        promised, self._promised = self._promised, {}
        for _, deferred in promised.values():
            deferred.addErrback(lambda _: None)
            deferred.cancel()
        self._functions.clear()
