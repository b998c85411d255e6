"""Those who are told of something, as often as they asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """
    Functions that are told of something.

    @ivar _listeners: a new list after each change: who is being told is told all of it
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[P, object]] = []

    def subscribe(self, listener: Callable[P, object]) -> Callable[[], None]:
        """@return: call it to hear no more; harmless a second time"""
        # Two of the same function are two.
        mine: Callable[P, object] = partial(listener)
        self._listeners = [*self._listeners, mine]

        def unsubscribe() -> None:
            self._listeners = [each for each in self._listeners if each is not mine]

        return unsubscribe

    def tell(self, *what: P.args, **more: P.kwargs) -> None:
        """Tell all that listen now."""
        for listener in self._listeners:
            listener(*what, **more)
