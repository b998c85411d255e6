"""What the Lua library asks about files and modules."""

from __future__ import annotations

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.files import real
from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query


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

    @query("access_worker")
    def worker(self) -> tuple[int | None, int | None]:
        """Number and count of the processes that run the script, if it is several."""
        return self._environment.ports.worker or (None, None)

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
        self._beside = real(directory) if directory else None

    @query("access_module")
    def module(self, path: bytes) -> bytes | None:
        """
        @return: the path of a module to load, which may be read; C{None}: it may not
        """
        return self._access.files.module(path, self._beside)
