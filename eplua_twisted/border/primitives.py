"""
What Lua can call: the marks for methods, and the functions made of marked methods.

A function made here takes plain values, and a ticket where an answer follows later.
Nothing that Python raises gets out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.reply import Reply
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import Scalar, scalar, to_bytes
from eplua_twisted.errors import (
    INTERNAL,
    NOT_CONNECTED,
    STOPPED,
    ConversionError,
    OperationError,
    describe,
)

Method = Callable[..., object]
"""What is marked: Lua decides what it is called with."""

Guard = Callable[[bytes, Method], Method]
"""What is put around a primitive that returns values, given its name."""

F = TypeVar("F", bound=Method)

Gone = tuple[str, str] | None
"""Code and message for a resource that is not open; C{None}: that is no error."""


def operation(
    name: str,
    gone: Gone = NOT_CONNECTED,
    *,
    direct: bool = False,
    again: bool = False,
) -> Callable[[F], F]:
    """
    Mark a method as something Lua can ask for and get an answer to later.

    The method takes plain values and returns a Deferred, or its result when
    that is known at once; a tuple is several results.  A method of a resource
    is given the resource that Lua named by number.

    @param name: the primitive's name
    @param gone: code and message when that resource is no longer open; C{None}
        where that is what was asked for
    @param direct: the method is given a L{Reply} first, and may keep it and return
        C{None} where a Deferred would cost too much
    @param again: the same, and whoever gets the reply may ask for the same with its
        return; see L{AGAIN<eplua_twisted.border.bridge.AGAIN>}
    """
    kind = "again" if again else "direct" if direct else "operation"
    return _mark(name, kind, gone)


def query(name: str) -> Callable[[F], F]:
    """
    Mark a method as something Lua asks and is told at once: the primitive
    returns the method's result, or C{nil, message, code}.
    """
    return _mark(name, "query", NOT_CONNECTED)


def crossing(name: str) -> Callable[[F], F]:
    """
    Mark a method that is the primitive as it stands: it converts what crosses
    itself, and raises nothing.
    """
    return _mark(name, "crossing", None)


def _mark(name: str, kind: str, gone: Gone) -> Callable[[F], F]:
    def mark(method: F) -> F:
        setattr(method, "primitive", (name, kind, gone))
        return method

    return mark


def marked(holder: type) -> Iterator[tuple[FunctionType, str, str, Gone]]:
    """The marked methods of a class, each with its name, kind and L{Gone}."""
    for attribute in dir(holder):
        # What zope.interface leaves on a class cannot be read from its subclasses.
        method = getattr(holder, attribute, None)
        mark = getattr(method, "primitive", None)
        if mark is not None:
            assert isinstance(method, FunctionType)
            yield (method, *mark)


def _results(result: object) -> tuple[Scalar, ...]:
    """What an operation fired with, as values that may cross."""
    if result is None:
        return ()
    if isinstance(result, tuple):
        return tuple(map(scalar, result))
    return (scalar(result),)


def _check_gone(number: int, gone: Gone) -> None:
    """
    The one rule for a number under which no resource of the right kind is open.

    @param number: 0 for a resource that was not made yet
    @raise OperationError: unless to be gone is what was asked for
    """
    if gone is not None:
        raise OperationError(*(gone if number else NOT_CONNECTED))


SCALARS = frozenset({type(None), bool, int, float, bytes})
"""The types of what may come from Lua."""

NO_SCALAR = ("internal", "only nil, booleans, numbers and strings cross to Python")


def _are_scalars(arguments: tuple[object, ...]) -> bool:
    """
    Whether they may be kept: an object of Lua may not, not even by the traceback of an
    error.  The Lua library sends none; this is for the case that it has a bug.
    """
    for each in arguments:  # noqa: SIM110 (all takes three times as long)
        if type(each) not in SCALARS:
            return False
    return True


def _with_scalars(method: Method) -> Method:
    """The method, if its arguments are scalars."""

    def call(*arguments: object) -> object:
        if not _are_scalars(arguments):
            raise OperationError(*NO_SCALAR)
        return method(*arguments)

    return call


class Primitives:
    """
    Makes the functions that Lua calls, for one runtime.

    Only an C{int} is a resource's number: C{True} and C{1.0} would find number 1, and
    an object of Lua would be kept in the queue.  Anything else counts as 0.
    """

    log = Logger()

    def __init__(
        self,
        bridge: Bridge,
        resources: Resources,
        guard: Guard = lambda name, primitive: primitive,
    ) -> None:
        """@param guard: see L{Guard}; operations return nothing but C{nil} and true"""
        self._bridge = bridge
        self._resources = resources
        self._guard = guard

    def of(self, module: IModule) -> list[tuple[bytes, Method]]:
        """The primitives of an L{IModule} and of its resources, by name."""
        found: list[tuple[bytes, Method]] = []
        for method, text, kind, _ in marked(type(module)):
            primitive: Method = method.__get__(module)
            name = to_bytes(text)
            if kind == "operation":
                primitive = self._request(primitive)
            elif kind == "query":
                primitive = self._guard(name, self._query(_with_scalars(primitive)))
            else:
                primitive = self._guard(name, primitive)
            found.append((name, primitive))
        for holder in module.resource_types:
            for method, text, kind, gone in marked(holder):
                name = to_bytes(text)
                if kind == "operation":
                    primitive = self._operation(method, holder, gone)
                elif kind in ("direct", "again"):
                    primitive = self._direct(method, holder, gone, kind == "again")
                else:
                    asked = self._query_of_resource(method, holder, gone)
                    primitive = self._guard(name, asked)
                found.append((name, primitive))
        return found

    def _operation(self, method: Method, holder: type, gone: Gone) -> Method:
        get, bridge = self._resources.get, self._bridge
        answer, fail, chain = bridge.answer, bridge.fail, self._chain

        def primitive(ticket: int, number: int, *arguments: object) -> bool | None:
            # A negative ticket: only an error would be of interest.  True says
            # that there was none, so that nothing needs to be kept or answered.
            if type(number) is not int:
                number = 0
            if not _are_scalars(arguments):
                fail(abs(ticket), number, Failure(OperationError(*NO_SCALAR)))
                return None
            try:
                if bridge.stopped:
                    raise OperationError(*STOPPED)
                resource = get(number)
                if isinstance(resource, holder):
                    result = method(resource, *arguments)
                else:
                    _check_gone(number, gone)
                    result = None
                if result is None:
                    if ticket < 0:
                        return True
                    results: tuple[Scalar, ...] = ()
                elif isinstance(result, Deferred):
                    chain(result, abs(ticket), number)
                    return None
                else:
                    results = _results(result)
                    if ticket < 0:
                        return True
            except Exception:  # noqa: BLE001 - nothing that Python raises reaches Lua
                fail(abs(ticket), number, Failure())
                return None
            answer(ticket, number, True, *results)
            return None

        return primitive

    def _direct(self, method: Method, holder: type, gone: Gone, again: bool) -> Method:
        get, bridge = self._resources.get, self._bridge
        answer, fail, chain = bridge.answer, bridge.fail, self._chain

        def primitive(ticket: int, number: int, *arguments: object) -> None:
            if ticket < 0:
                ticket = -ticket
            if type(number) is not int:
                number = 0
            if arguments and not _are_scalars(arguments):
                fail(ticket, number, Failure(OperationError(*NO_SCALAR)))
                return
            try:
                if bridge.stopped:
                    raise OperationError(*STOPPED)
                resource = get(number)
                if isinstance(resource, holder):
                    reply = Reply(bridge, ticket, number, again)
                    result = method(resource, reply, *arguments)
                    if result is None:
                        return
                else:
                    _check_gone(number, gone)
                    result = ()
            except Exception:  # noqa: BLE001 - nothing that Python raises reaches Lua
                fail(ticket, number, Failure())
                return
            if isinstance(result, Deferred):
                chain(result, ticket, number)
            elif type(result) is tuple:
                answer(ticket, number, True, *result)
            else:
                answer(ticket, number, True, result)

        return primitive

    def _chain(self, deferred: Deferred[object], ticket: int, number: int) -> None:
        self._bridge.expect(ticket, number, deferred.addCallback(_results))

    def _request(self, method: Method) -> Method:
        """An operation without a resource: it keeps the program alive itself."""
        bridge = self._bridge

        def primitive(ticket: int, *arguments: object) -> None:
            ticket = abs(ticket)
            if not _are_scalars(arguments):
                bridge.fail(ticket, None, Failure(OperationError(*NO_SCALAR)))
                return
            try:
                if bridge.stopped:
                    raise OperationError(*STOPPED)
                result = method(*arguments)
                if not isinstance(result, Deferred):
                    result = succeed(result)
            except Exception:  # noqa: BLE001 - nothing that Python raises reaches Lua
                bridge.fail(ticket, None, Failure())
                return
            bridge.wait_for(ticket, result.addCallback(_results))

        return primitive

    def _query(self, method: Method) -> Method:
        bridge, refusal = self._bridge, self._refusal

        def primitive(*arguments: object) -> object:
            try:
                if bridge.stopped:
                    raise OperationError(*STOPPED)
                result = method(*arguments)
                # Most queries: to wrap it would change nothing.
                return result if result is True else _results(result)
            except Exception as problem:  # noqa: BLE001 - nothing raised reaches Lua
                return refusal(problem)

        return primitive

    def _query_of_resource(self, method: Method, holder: type, gone: Gone) -> Method:
        get, bridge, refusal = self._resources.get, self._bridge, self._refusal

        def primitive(number: int, *arguments: object) -> object:
            if type(number) is not int:
                number = 0
            try:
                if bridge.stopped:
                    raise OperationError(*STOPPED)
                if not _are_scalars(arguments):
                    raise OperationError(*NO_SCALAR)
                resource = get(number)
                if not isinstance(resource, holder):
                    _check_gone(number, gone)
                    return ()
                result = method(resource, *arguments)
                return result if result is True else _results(result)
            except Exception as problem:  # noqa: BLE001 - nothing raised reaches Lua
                return refusal(problem)

        return primitive

    def _refusal(self, problem: Exception) -> tuple[None, bytes, bytes]:
        """What a query returns in place of a result: C{nil}, message, code."""
        if isinstance(problem, ConversionError):
            return None, to_bytes(str(problem)), b"internal"
        failure = Failure(problem)
        description = describe(failure)
        if description is None:
            self.log.failure("a primitive failed", failure)
            description = INTERNAL
        code, message = description
        return None, to_bytes(message), to_bytes(code)
