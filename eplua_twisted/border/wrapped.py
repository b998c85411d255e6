"""Reactors that do one thing in another way."""

from __future__ import annotations

from typing import Generic, TypeVar

from zope.interface import directlyProvides, providedBy

R = TypeVar("R")


class WrappedReactor(Generic[R]):
    """A reactor: all that a subclass does not define is the reactor's own."""

    def __init__(self, reactor: R) -> None:
        self._reactor = reactor
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> object:
        return getattr(self._reactor, name)
