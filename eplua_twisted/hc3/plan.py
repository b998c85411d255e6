"""Which controller there is to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """
    @ivar state: the file that a simulated controller is kept in; C{None} for none
    @ivar listen: host and port at which other programs find the controller
    @ivar url: of a real controller; C{None} for a simulated one
    @ivar user: of the real one; and what other programs have to name
    @ivar password: the same; C{None}: none is needed by others
    """

    state: str | None = None
    listen: tuple[str, int] | None = None
    url: str | None = None
    user: str = "admin"
    password: str | None = None
