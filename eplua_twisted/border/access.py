"""What the Lua library asks about files and modules."""

from __future__ import annotations

import os

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.files import is_within, real
from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.errors import OperationError


class AccessModule(Module):
    """The files of one runtime."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._access = environment.access
        self._beside: bytes | None = None

    @query("access_limits")
    def limits(self) -> tuple[bool, bool, bool]:
        """Whether there is a sandbox; any limit; and one of reading."""
        access = self._access
        return access.sandbox, access.limited, access.files.read is not None

    @query("access_path")
    def path(self, path: bytes, kind: bytes, link: bool) -> bytes:
        """
        @param kind: C{read} or C{write}
        @return: the path to use; see L{Files.check}
        @raise OperationError: C{denied}
        """
        return self._access.files.check(path, kind.decode("ascii"), link)

    @query("access_beside")
    def beside(self, directory: bytes) -> None:
        """Where the script is: modules beside it may be loaded."""
        self._beside = real(directory or b".")

    @query("access_module")
    def module(self, path: bytes) -> bytes | None:
        """
        @return: the path of a module to load, which may be read; C{None}: it may not
        """
        files = self._access.files
        if files.read is None:
            return path
        try:
            found = real(path)
        except OperationError:
            return None
        permitted = is_within(found, files.read) or (
            # What else lies beside the script is no module.
            self._beside is not None
            and found.endswith(b".lua")
            and is_within(found, [self._beside])
        )
        return found if permitted and os.path.isfile(found) else None
