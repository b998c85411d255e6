"""The parts of the Lua API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """
    A parameter, a result or an argument of an event.

    @ivar type: as LuaLS writes types, such as C{integer|string}
    @ivar optional: it may be nil, or missing at the end
    """

    name: str
    type: str
    optional: bool = False


@dataclass(frozen=True)
class Code:
    """
    An error code and when it comes.

    @ivar name: the stable word
    @ivar text: when; of the list of all codes, the message
    """

    name: str
    text: str


@dataclass(frozen=True)
class Function:
    """
    A function or a method.

    @ivar path: how a script names it: C{net.resolve}; of a method C{read}
    @ivar success: what the callback C{success} gets; C{None} when the function takes no
        callbacks and answers at once
    @ivar answer: what it returns at once, in words
    @ivar same_as: the method of which it is another name
    @ivar returns: the type of the first thing that it returns at once; empty for nothing
    """

    path: str
    parameters: tuple[Value, ...] = ()
    text: str = ""
    success: tuple[Value, ...] | None = None
    answer: str = ""
    codes: tuple[Code, ...] = ()
    same_as: str | None = None
    returns: str = ""

    @property
    def name(self) -> str:
        """Its last word."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Field:
    """
    A field of a table: an option that a script writes, or something that it is given.

    @ivar unit: such as C{ms} or C{bytes}; empty for none
    @ivar default: as Lua writes it, sometimes with words behind it; C{none} for none;
        empty when the field is no option
    @ivar bound: such as C{1..65535} or C{at least 1}; empty for none
    """

    name: str
    type: str
    optional: bool = False
    unit: str = ""
    default: str = ""
    bound: str = ""
    text: str = ""


@dataclass(frozen=True)
class Event:
    """An event and what its listeners get."""

    name: str
    arguments: tuple[Value, ...]
    text: str = ""


@dataclass(frozen=True)
class Class:
    """
    A class of objects, or a kind of table.

    @ivar name: as in the definitions: C{net.TCPSocket}, C{net.TCPSocketOptions}
    @ivar parent: the class whose methods and fields it has too
    @ivar open: it has fields of other names too
    """

    name: str
    parent: str | None = None
    text: str = ""
    fields: tuple[Field, ...] = ()
    methods: tuple[Function, ...] = ()
    events: tuple[Event, ...] = ()
    codes: tuple[Code, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class Constant:
    """A named number."""

    name: str
    value: int
    text: str = ""


@dataclass(frozen=True)
class Constants:
    """A table of them."""

    name: str
    values: tuple[Constant, ...]
    text: str = ""


@dataclass(frozen=True)
class API:
    """
    All of it, in the order of the definition files.

    @ivar functions: by path: C{setTimeout}, C{net.resolve}, C{net.TCPSocket}, which is
        the constructor of the class with that name
    @ivar codes: every error code, with its message
    @ivar variables: the globals that are no functions: C{arg}, C{json}, C{net}, ...
    """

    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    constants: dict[str, Constants] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)

    def lineage(self, name: str) -> Iterator[Class]:
        """A class, the one that it extends, and so on."""
        each: str | None = name
        while each is not None:
            yield self.classes[each]
            each = self.classes[each].parent

    def fields(self, name: str) -> dict[str, Field]:
        """The fields of a class by name, those of its parents included."""
        found: dict[str, Field] = {}
        for each in self.lineage(name):
            for one in each.fields:
                found.setdefault(one.name, one)
        return found

    def methods(self, name: str) -> dict[str, Function]:
        """The methods of a class by name, those of its parents included."""
        found: dict[str, Function] = {}
        for each in self.lineage(name):
            for one in each.methods:
                found.setdefault(one.name, one)
        return found
