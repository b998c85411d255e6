"""The options of the commands about the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping

from twisted.python import usage

from eplua_twisted.hc3.plan import Plan
from eplua_twisted.site.address import parse_address


class ControllerOptions:
    """Options that a C{usage.Options} may have."""

    _state: str | None = None
    _listen: tuple[str, int] | None = None
    _url: str | None = None

    def opt_hc3_state(self, file: str) -> None:
        """FILE that the simulated controller is seeded from and saved to."""
        self._state = file

    def opt_hc3_listen(self, address: str) -> None:
        """HOST:PORT where other programs find it; HC3_PASSWORD but for loopback."""
        try:
            self._listen = parse_address(address)
        except ValueError as problem:
            raise usage.UsageError(f"--hc3-listen: {problem}") from None

    def opt_hc3_url(self, url: str) -> None:
        """URL of a real one; HC3_USER and HC3_PASSWORD in the environment."""
        self._url = url

    def check_controller(self, hc3: bool) -> None:
        """
        @param hc3: scripts are of Home Center 3
        @raise UsageError: what was given makes no sense
        """
        given = {"state": self._state, "listen": self._listen, "url": self._url}
        for name, value in given.items():
            if value is not None and not hc3:
                raise usage.UsageError(f"--hc3-{name} needs --hc3")
        if self._state is not None and self._url is not None:
            raise usage.UsageError(
                "--hc3-state is for a simulated controller, --hc3-url for a real one"
            )

    def plan(self, environment: Mapping[str, str] = os.environ) -> Plan:
        """
        What was asked for.

        @param environment: has user and password
        """
        return Plan(
            self._state,
            self._listen,
            self._url,
            environment.get("HC3_USER", "admin"),
            environment.get("HC3_PASSWORD") or None,
        )
