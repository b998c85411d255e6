"""Lua scripts with a network, on Twisted's reactor."""

from eplua_twisted.border.limits import Limits
from eplua_twisted.border.permissions import Permissions
from eplua_twisted.border.stats import Stats
from eplua_twisted.errors import (
    ConversionError,
    OperationError,
    RuntimeStopped,
    ScriptError,
)
from eplua_twisted.runtime import Runtime
from eplua_twisted.service import Restart, RuntimeService

__all__ = [
    "ConversionError",
    "Limits",
    "OperationError",
    "Permissions",
    "Restart",
    "Runtime",
    "RuntimeService",
    "RuntimeStopped",
    "ScriptError",
    "Stats",
]
