"""
The memory that a Lua state may take.

Lua itself raises an error where memory runs out, but not when Python gives it a value:
nothing protects that, and the process would abort.  So each value is measured before it
is given, and where there is no room the limit is lifted for it, or something small is
given in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from zope.interface import implementer

from eplua_twisted.border.bridge import COMMANDS, Again, Bridge, Dispatch
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import Guard, Method, crossing, query

OPTION = " (option --max-memory)"
MESSAGE = b"not enough memory for what has arrived" + OPTION.encode()
REFUSAL = (None, MESSAGE, b"limit")

RESERVE = 4096
"""Bytes that must be left when something is given, for what lupa needs itself."""

HEADROOM = 2**20
"""Bytes beyond the limit that what Python gives may take."""

EACH = 64
"""Bytes of a string besides its own."""

FUNCTION = 1024
"""Bytes of a function of Python's."""


def size_of(values: tuple[object, ...]) -> int:
    """The bytes that values take at most in Lua, other than tables."""
    size = RESERVE
    for value in values:
        if isinstance(value, bytes):
            size += EACH + len(value)
        elif callable(value):
            size += FUNCTION
    return size


P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class MakeState(Protocol[T_co]):
    """lupa's C{LuaRuntime}."""

    def __call__(
        self,
        *,
        encoding: None,
        unpack_returned_tuples: bool,
        register_eval: bool,
        register_builtins: bool,
        attribute_filter: Callable[[object, object, bool], str],
        max_memory: int | None,
    ) -> T_co: ...


class LuaState(Protocol):
    """What is asked of lupa's runtime."""

    def set_max_memory(self, max_memory: int, total: bool = False) -> None: ...

    def get_memory_used(self, total: bool = False) -> int: ...


class _Boundless:
    """In place of a Lua state: one that is not limited yet, or is gone."""

    def set_max_memory(self, max_memory: int, total: bool = False) -> None:
        """There is nothing to bound."""

    def get_memory_used(self, total: bool = False) -> int:
        return 0


def _refuse(holder: object, name: object, setting: bool) -> str:
    raise AttributeError("no attribute of a Python object can be reached")


class Squeeze(Protocol):
    """The Lua function that has the limit set again first, and then does what is asked."""

    def __call__(self, what: bytes, /, *values: object) -> Again | None: ...


@implementer(IModule)
class Memory:
    """
    The memory limit of one runtime; with a limit of 0 it does nothing.

    The limit is C{set} while scripts run, C{eased} when they have met it, for the rest of
    an entry, and C{lifted} while something is given, or taken that lupa has to note in
    Lua.
    """

    resource_types = ()
    active = 0

    def __init__(self, bridge: Bridge, most: int) -> None:
        """@param most: bytes, or 0"""
        self._bridge = bridge
        if most:
            bridge.no_memory += OPTION
        self._most = most
        self._lifted = True
        self._eased = False
        self._squeeze: Squeeze | None = None
        self._lua: LuaState = _Boundless()

    def new_state(self, make: MakeState[T_co]) -> T_co:
        """
        A Lua state without a way to Python; its memory is not limited yet.

        @param make: lupa's C{LuaRuntime}
        """
        return make(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_refuse,
            max_memory=0 if self._most else None,
        )

    def attach(self, lua: LuaState, dispatch: Dispatch, squeeze: Squeeze) -> Dispatch:
        """
        From now on the limit is set.

        @param lua: lupa's runtime
        @param squeeze: the Lua function that works where there is little room
        @return: what the bridge is to call in place of C{dispatch}
        """
        if not self._most:
            return dispatch
        self._lua = lua
        self._squeeze = squeeze
        self.lower()
        return self._guarded(dispatch)

    def detach(self) -> None:
        """The Lua state goes."""
        self._lua = _Boundless()
        self._squeeze = None

    @query("memory_limited")
    def limited(self) -> bool:
        return self._most > 0

    @crossing("memory_lift")
    def lift(self) -> None:
        """What is now given or taken has room."""
        self._lifted = True
        self._lua.set_max_memory(0)

    @crossing("memory_ease")
    def ease(self) -> None:
        """It has run out: the library needs room to say so, until the entry is over."""
        self._eased, self._lifted = True, False
        self._lua.set_max_memory(self._most + HEADROOM, total=True)

    @crossing("memory_lower")
    def lower(self) -> None:
        """The limit is that of the script again."""
        self._lifted = self._eased = False
        self._lua.set_max_memory(self._most, total=True)

    def lifting(self, function: Callable[P, T]) -> Callable[P, T]:
        """A function that makes something in Lua, which is given room for it."""
        if not self._most:
            return function

        def call(*arguments: P.args, **named: P.kwargs) -> T:
            self.lift()
            try:
                return function(*arguments, **named)
            finally:
                self.lower()

        return call

    # What goes over with a call of Lua.

    def _guarded(self, dispatch: Dispatch) -> Dispatch:
        used, most = self._lua.get_memory_used, self._most

        def enter(ticket: int, ok: object, /, *values: object) -> Again | None:
            if self._lifted or self._eased:
                self.lower()
            # As size_of, without a call: this is the way of every message.
            size = RESERVE
            for value in values:
                if type(value) is bytes:
                    size += EACH + len(value)
            if used(True) + size < most:
                return dispatch(ticket, ok, *values)
            try:
                return self._squeezed(size, ticket, ok, values)
            finally:
                self.lower()

        return enter

    def _squeezed(
        self, size: int, ticket: int, ok: object, values: tuple[object, ...]
    ) -> Again | None:
        """There may be room when what the script has let go is collected."""
        squeeze = self._squeeze
        assert squeeze is not None
        self.lift()
        squeeze(b"collect")
        fits = self._lua.get_memory_used(True) + size < self._most + HEADROOM
        if not fits and ticket == COMMANDS:
            number = values[0]
            assert isinstance(number, int)
            self._bridge.on_lost_command(number, MemoryError(MESSAGE.decode()))
            return None
        self.lift()
        if fits:
            return squeeze(b"give", ticket, ok, *values)
        return squeeze(b"refuse", ticket, MESSAGE)

    # What goes over as the result of a primitive.

    def guard(self, module: IModule) -> Guard:
        """What is done to each primitive of a module that returns values."""

        def guarded(name: bytes, primitive: Method) -> Method:
            if module is self:
                return primitive
            refusal = (b"raise", MESSAGE) if name == b"invoke" else REFUSAL
            return self.giving(primitive, refusal)

        return guarded

    def giving(
        self, primitive: Method, refusal: tuple[object, ...] = REFUSAL
    ) -> Method:
        """
        @param refusal: what is given when there is no room for the result
        @return: the primitive, which looks at the room for its result
        """
        if not self._most:
            return primitive

        def give(*arguments: object) -> object:
            result = primitive(*arguments)
            if self._lifted:
                self.lower()
            values = result if type(result) is tuple else (result,)
            size, used = size_of(values), self._lua.get_memory_used(True)
            if used + size < self._most:
                return result
            if used + size < self._most + HEADROOM:
                self._lua.set_max_memory(used + size, total=True)
                return result
            if used < self._most + HEADROOM:
                self._lua.set_max_memory(used + size_of(refusal), total=True)
                return refusal
            return None

        return give

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
