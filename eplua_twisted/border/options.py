"""
The options of scripts: named pairs from Lua to frozen dataclasses.

Lua sends C{name, value, name, value, ...} of what the script has set, the names as in
Lua.  Defaults, units and Python's names are declared here, by the fields of a
subclass of L{Options}::

    @dataclass(frozen=True)
    class ConnectOptions(Options):
        timeout: float = option(b"timeout", milliseconds, 10.0)
        no_delay: bool = option(b"noDelay", flag, True)
        headers: tuple[bytes, ...] = repeated(b"header")
        tls: TLSOptions | None = nested(b"tls", TLSOptions)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from eplua_twisted.border.values import Scalar, seconds, to_text

Convert = Callable[[Any], object] | None
"""Makes what Python keeps of what Lua sent; C{None} keeps it as it is."""

milliseconds: Convert = seconds
"""Lua's milliseconds, as seconds."""

text: Convert = to_text
"""A Lua string that is text, as C{str}."""

count: Convert = int
"""A whole number, whichever kind of number Lua has it as."""

flag: Convert = bool

T = TypeVar("T", bound="Options")

_KEY = "option"
"""Where the metadata of a field has its L{_Declared}."""


@dataclass(frozen=True)
class _Declared:
    """
    What a field says of itself.

    @ivar name: the name in Lua
    @ivar repeats: each pair of that name adds to a tuple
    @ivar kind: the L{Options} that the names with the prefix C{name.} are of
    """

    name: bytes
    convert: Convert = None
    repeats: bool = False
    kind: type[Options] | None = None


def option(name: bytes, convert: Convert = None, default: object = None) -> Any:
    """
    A field for one value.

    @param name: the option's name in Lua
    @param default: as Python keeps it, when the script has set nothing
    """
    return field(default=default, metadata={_KEY: _Declared(name, convert)})


def repeated(name: bytes, convert: Convert = None) -> Any:
    """
    A field for a tuple: a name that is sent once for each of its values.  Headers are
    such a list: a name, its value, the next name, ...
    """
    declared = _Declared(name, convert, repeats=True)
    return field(default=(), metadata={_KEY: declared})


def nested(name: bytes, kind: type[T]) -> T | None:
    """
    A field for a table of options, C{None} when it is not there.  It is sent as
    C{name, true}, and each of its options with the prefix C{name.}.
    """
    return field(default=None, metadata={_KEY: _Declared(name, kind=kind)})


class Options:
    """Mixed into the frozen dataclasses that declare options; see this module."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]
    _single: ClassVar[dict[bytes, tuple[str, Convert]]]
    _repeated: ClassVar[dict[bytes, tuple[str, Convert]]]
    _nested: ClassVar[dict[bytes, tuple[str, type[Options]]]]

    @classmethod
    def from_pairs(cls: type[T], pairs: Sequence[Scalar]) -> T:
        """
        @param pairs: names and values by turns; the name of a table of options comes
            before those in it
        @raise ValueError: a name is unknown, or there twice: a bug in the Lua library
        """
        if "_single" not in cls.__dict__:
            cls._resolve()
        single = cls._single
        values: dict[str, object] = {}
        lists: dict[str, list[object]] = {}
        tables: dict[bytes, list[Scalar]] = {}
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            if name in single:
                attribute, convert = single[name]
                if attribute in values:
                    raise ValueError(f"the option {name!r} came twice")
                values[attribute] = value if convert is None else convert(value)
            elif name in cls._repeated:
                attribute, convert = cls._repeated[name]
                lists.setdefault(attribute, []).append(
                    value if convert is None else convert(value)
                )
            else:
                cls._collect(name, value, tables)
        for attribute, entries in lists.items():
            values[attribute] = tuple(entries)
        for name, inside in tables.items():
            attribute, kind = cls._nested[name]
            values[attribute] = kind.from_pairs(inside)
        return cls(**values)

    @classmethod
    def declared(cls) -> dict[str, tuple[Convert, object]]:
        """
        What a script can set, by its name in Lua.

        @return: for each its converter, and its default as Python has it
        """
        found: dict[str, tuple[Convert, object]] = {}
        for each in fields(cls):
            known: _Declared | None = each.metadata.get(_KEY)
            if known is not None:
                found[to_text(known.name)] = known.convert, each.default
        return found

    @classmethod
    def _collect(
        cls, name: Scalar, value: Scalar, tables: dict[bytes, list[Scalar]]
    ) -> None:
        """Keep what belongs into a table of options, or begin one."""
        assert isinstance(name, bytes)
        prefix, dot, rest = name.partition(b".")
        if prefix not in cls._nested or (dot and prefix not in tables):
            raise ValueError(f"{cls.__name__} has no option {name!r}")
        if dot:
            tables[prefix] += (rest, value)
        elif value:
            tables[prefix] = []

    @classmethod
    def _resolve(cls) -> None:
        """Look at the fields, once for each class."""
        cls._single, cls._repeated, cls._nested = {}, {}, {}
        for each in fields(cls):
            declared: _Declared | None = each.metadata.get(_KEY)
            if declared is None:
                continue
            if declared.kind is not None:
                cls._nested[declared.name] = each.name, declared.kind
            elif declared.repeats:
                cls._repeated[declared.name] = each.name, declared.convert
            else:
                cls._single[declared.name] = each.name, declared.convert
