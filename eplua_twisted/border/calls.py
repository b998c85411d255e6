"""
Calls between an application and its scripts: running a chunk, calling a global
Lua function, and the application's own functions that Lua can call.

Tables cross here and nowhere else, converted whole; no Lua table outlives the
call that it came in.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing
from eplua_twisted.border.values import from_lua, to_bytes, to_lua, to_readable
from eplua_twisted.errors import (
    ConversionError,
    OperationError,
    RuntimeStopped,
    ScriptError,
    describe,
)

COMMANDS = 0
"""The ticket of what Python asks of Lua."""


@implementer(IModule)
class Calls:
    """
    The calls of one runtime.

    @param kind_of: lupa's C{lua_type}
    @param table: makes a Lua table out of a C{dict}
    @param on_fewer: called when a call is over
    """

    resource_types = ()

    def __init__(
        self,
        bridge: Bridge,
        kind_of: Callable[[Any], str | None],
        table: Callable[[Any], Any],
        on_fewer: Callable[[], None],
    ) -> None:
        self._bridge = bridge
        self._kind_of = kind_of
        self._table = table
        self._on_fewer = on_fewer
        self._numbers = count(1)
        self._called: dict[int, Deferred[Any]] = {}
        self._functions: list[Callable[..., Any]] = []
        self._promised: dict[int, Deferred[Any]] = {}

    @property
    def active(self) -> int:
        return len(self._called)

    def run(self, code: bytes, name: str, arguments: tuple[Any, ...]) -> Deferred[None]:
        """
        @return: fires with C{None} when the chunk has run; fails with
            L{ScriptError}, or L{RuntimeStopped}
        """
        values = map(self._to_lua, arguments)
        done: Deferred[Any] = self._command(b"run", code, to_bytes(name), *values)
        return done.addCallback(lambda results: None)

    def call(self, name: str, values: tuple[Any, ...]) -> Deferred[tuple[Any, ...]]:
        """
        @return: fires with the results of the global Lua function; fails with
            L{ScriptError}, L{ConversionError} or L{RuntimeStopped}
        """
        return self._command(b"call", to_bytes(name), *map(self._to_lua, values))

    def _command(self, command: bytes, *values: Any) -> Deferred[Any]:
        number = next(self._numbers)
        done: Deferred[Any] = Deferred()
        self._called[number] = done
        self._bridge.answer(COMMANDS, None, command, number, *values)
        return done

    @crossing("finish")
    def finish(self, number: int, good: bool, *values: Any) -> None:
        """Lua is done with a command."""
        done = self._called.pop(number)
        self._on_fewer()
        if not good:
            message, traceback = values
            done.errback(ScriptError(to_readable(message), to_readable(traceback)))
            return
        try:
            results = tuple(self._from_lua(value) for value in values)
        except ConversionError as problem:
            # A new one: the traceback of this one holds Lua tables.
            done.errback(ConversionError(str(problem)))
        else:
            done.callback(results)

    def expose(self, function: Callable[..., Any]) -> int:
        """@return: the number under which Lua invokes the function"""
        self._functions.append(function)
        return len(self._functions) - 1

    @crossing("invoke")
    def invoke(self, index: int, later: bool, *arguments: Any) -> tuple[Any, ...]:
        """
        Call one of the application's functions.

        @param later: the caller has callbacks for the result
        @return: C{"value"} and the results; C{"later"} and a number to collect
            them with; or C{"raise"} and a message
        """
        try:
            values = [self._from_lua(value) for value in arguments]
            del arguments
            result = self._functions[index](*values)
            if later and not isinstance(result, Deferred):
                result = succeed(result)
            if isinstance(result, Deferred):
                number = next(self._numbers)
                self._promised[number] = result
                return b"later", number
            return b"value", *self._results(result)
        except Exception as problem:
            return b"raise", to_bytes(str(problem) or type(problem).__name__)

    @crossing("collect")
    def collect(self, ticket: int, number: int) -> None:
        """Answer the ticket with what a promised result comes to."""
        # Without a success callback the ticket is negative; see Bridge.
        ticket = abs(ticket)
        promised = self._promised.pop(number)
        promised.addCallback(self._results)
        promised.addErrback(self._application_failed)
        self._bridge.wait_for(ticket, promised)

    def _application_failed(self, failure: Failure) -> None:
        if describe(failure) is not None:
            failure.raiseException()
        message = str(failure.value) or type(failure.value).__name__
        raise OperationError("internal", message)

    def _results(self, result: Any) -> tuple[Any, ...]:
        """A tuple is several results, anything else is one."""
        results = result if isinstance(result, tuple) else (result,)
        return tuple(map(self._to_lua, results))

    def _to_lua(self, value: Any) -> Any:
        return to_lua(value, self._table)

    def _from_lua(self, value: Any) -> Any:
        return from_lua(value, self._kind_of)

    def counts(self) -> dict[str, int]:
        """What goes on here has no kind."""
        return {}

    def stop(self) -> None:
        """Whoever waits for a call learns that there will be no answer."""
        called, self._called = self._called, {}
        for done in called.values():
            done.errback(RuntimeStopped())
        promised, self._promised = self._promised, {}
        for deferred in promised.values():
            deferred.addErrback(lambda _: None)
            deferred.cancel()
        self._functions.clear()
