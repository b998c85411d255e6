"""The command options for what operators see of scripts."""

from __future__ import annotations

import os

from twisted.python import usage

from eplua_twisted.site.address import Address, parse_address


def _address(option: str, text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as problem:
        raise usage.UsageError(f"--{option}: {problem}") from None


class SiteOptions(usage.Options):
    """
    Mixed into the options of a command.

    @ivar metrics: host and port for Prometheus; C{None} for none
    @ivar inspect: host and port of the inspector; C{None} for none
    @ivar inspect_token_file: has the inspector's token
    @ivar attach: the socket that C{eplua attach} finds; C{None} for none
    """

    optFlags = [
        ["inspect-control", None, "the inspector may reload and stop the script"],
    ]
    metrics: Address | None = None
    inspect: Address | None = None
    inspect_token_file: str | None = None
    attach: str | None = None

    def opt_metrics(self, endpoint: str) -> None:
        """PORT or HOST:PORT where Prometheus finds /metrics; a port alone: loopback."""
        self.metrics = _address("metrics", endpoint)

    def opt_inspect(self, endpoint: str) -> None:
        """PORT or HOST:PORT of a page that shows what goes on; a port alone: loopback."""
        self.inspect = _address("inspect", endpoint)

    def opt_inspect_token_file(self, file: str) -> None:
        """FILE with the inspector's token; else EPLUA_INSPECT_TOKEN, or a new one."""
        self.inspect_token_file = file

    def opt_attach(self, path: str) -> None:
        """PATH of a UNIX socket, for you alone, at which eplua attach gives a prompt."""
        if not path:
            raise usage.UsageError("--attach: a path expected")
        self.attach = os.path.abspath(path)

    def check_sites(self) -> None:
        """@raise usage.UsageError: an option makes no sense alone"""
        if self.inspect is None:
            for name, given in (
                ("control", self["inspect-control"]),
                ("token-file", self.inspect_token_file),
            ):
                if given:
                    raise usage.UsageError(f"--inspect-{name} needs --inspect")
