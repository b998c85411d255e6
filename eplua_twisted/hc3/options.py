"""The options of the commands about Home Center 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.python import usage

from eplua_twisted.hc3.controller_options import ControllerOptions
from eplua_twisted.hc3.lua_values import parse_setting
from eplua_twisted.hc3.plain import Plain

if TYPE_CHECKING:
    from eplua_twisted.hc3.setup import Setup


def variable_of(given: str) -> tuple[str, Plain]:
    """
    C{NAME=VALUE}: the value as Lua writes it, or else the text itself.

    @raise ValueError: it is none
    """
    name, separator, value = given.partition("=")
    if not separator or not name:
        raise ValueError(f"NAME=VALUE expected, got {given!r}")
    return name, parse_setting(value)


class HC3Options(ControllerOptions):
    """
    Options that a C{usage.Options} may have.

    @ivar hc3: scripts are of Home Center 3
    @ivar variables: of the QuickApps, over those that their files have
    @ivar verify: certificates of local devices are verified too
    """

    hc3 = False
    verify = False

    def __init__(self) -> None:
        super().__init__()
        self.variables: dict[str, Plain] = {}

    def opt_hc3(self) -> None:
        """Scripts are QuickApps or scenes of Home Center 3; several may be given."""
        self.hc3 = True

    def opt_var(self, given: str) -> None:
        """NAME=VALUE of a QuickApp variable, over the script's own; with --hc3."""
        try:
            name, value = variable_of(given)
        except ValueError as problem:
            raise usage.UsageError(f"--var: {problem}") from None
        self.variables[name] = value

    def opt_verify(self) -> None:
        """Certificates of local devices are verified too; with --hc3."""
        self.verify = True

    def setup(self) -> Setup:
        """What was asked for."""
        from eplua_twisted.hc3.setup import Setup

        return Setup(variables=self.variables, verify=self.verify, plan=self.plan())

    def check_hc3(self) -> None:
        """@raise usage.UsageError: an option makes no sense without --hc3"""
        self.check_controller(self.hc3)
        for name, given in (("var", self.variables), ("verify", self.verify)):
            if given and not self.hc3:
                raise usage.UsageError(f"--{name} needs --hc3")
