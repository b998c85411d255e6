"""What a runtime may be made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, TypedDict

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.library import Output
from eplua_twisted.border.limits import Limits
from eplua_twisted.border.permissions import Permissions
from eplua_twisted.border.ports import Ports
from eplua_twisted.transports.reactor import Transports

if TYPE_CHECKING:
    from eplua_twisted.hc3.interfaces import IController
    from eplua_twisted.hc3.setup import Setup
    from eplua_twisted.testing import Testing


class RuntimeOptions(TypedDict, total=False):
    """What L{Runtime} takes, by name."""

    reactor: object
    lua: str | None
    output: Output
    text: bool
    on_error: Callable[[str], None] | None
    exit_on_error: bool | Literal["listening"]
    on_exit: Callable[[int], None] | None
    allow_unauthorized: Iterable[str]
    limits: Limits
    sandbox: bool
    permissions: Permissions
    transports: Transports
    clock: IReactorTime | None
    hc3: bool | IController | Setup
    testing: Testing | None
    ports: Ports | None
