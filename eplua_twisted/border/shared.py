"""What one runtime has once."""

from __future__ import annotations

from typing import TypeVar, cast

T = TypeVar("T")


class Shared:
    """One object of each kind, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[type, object] = {}

    def of(self, kind: type[T]) -> T:
        """@param kind: can be made without arguments"""
        found = self._made.get(kind)
        if found is None:
            found = self._made[kind] = kind()
        return cast(T, found)
