"""The command options for L{Permissions}."""

from __future__ import annotations

from twisted.python import usage

from eplua_twisted.border.permissions import Permissions


class PermissionOptions(usage.Options):
    """Mixed into the options of a command."""

    optFlags = [
        ["sandbox", None, "no io, debug, and os but time; nothing that is not allowed"],
        ["deny-net", None, "no network at all"],
        ["allow-listen", None, "let the script listen, and bind UDP sockets"],
    ]

    def __init__(self) -> None:
        self._allowed: dict[str, list[str]] = {}
        usage.Options.__init__(self)

    def _allow(self, kind: str, value: str) -> None:
        self._allowed.setdefault(kind, []).append(value)

    def opt_allow_net(self, host: str) -> None:
        """HOST[:PORT] to connect and send to: name, address or network; repeatable."""
        self._allow("allow_net", host)

    def opt_allow_read(self, directory: str) -> None:
        """DIR, or FILE, that may be read; repeatable."""
        self._allow("allow_read", directory)

    def opt_allow_write(self, directory: str) -> None:
        """DIR, or FILE, that may be written; repeatable."""
        self._allow("allow_write", directory)

    def asked_permissions(self) -> Permissions:
        """
        What was asked for.

        @raise usage.UsageError: that cannot be
        """
        try:
            return Permissions(
                allow_net=self._allowed.get("allow_net"),
                allow_read=self._allowed.get("allow_read"),
                allow_write=self._allowed.get("allow_write"),
                deny_net=bool(self["deny-net"]),
                allow_listen=bool(self["allow-listen"]),
            )
        except ValueError as problem:
            raise usage.UsageError(f"--{str(problem).replace('_', '-', 1)}") from None
