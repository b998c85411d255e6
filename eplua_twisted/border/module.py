"""The base of every protocol's entry."""

from __future__ import annotations

from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IModule


@implementer(IModule)
class Module:
    """
    The primitives of one protocol, for one runtime; see L{IModule}.

    Most protocols make resources only, which keep the program alive and are closed
    by themselves.
    """

    resource_types: tuple[type, ...] = ()
    active = 0

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def counts(self) -> dict[str, int]:
        """All it makes is in L{Resources}."""
        return {}

    def stop(self) -> object:
        """All it makes is in L{Resources}."""
        return None
