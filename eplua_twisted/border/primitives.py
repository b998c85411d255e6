"""Marks for the methods that Lua can call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from eplua_twisted.errors import NOT_CONNECTED

F = TypeVar("F", bound=Callable[..., Any])


def operation(
    name: str,
    gone: tuple[str, str] | None = NOT_CONNECTED,
    *,
    direct: bool = False,
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
    """
    return _mark(name, "direct" if direct else "operation", gone)


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


def _mark(name: str, kind: str, gone: tuple[str, str] | None) -> Callable[[F], F]:
    def mark(method: F) -> F:
        setattr(method, "primitive", (name, kind, gone))
        return method

    return mark


def marked(holder: type) -> Iterator[tuple[Any, str, str, tuple[str, str] | None]]:
    for attribute in dir(holder):
        method = getattr(holder, attribute)
        if hasattr(method, "primitive"):
            yield (method, *method.primitive)
