"""The command options for what operators see of scripts."""

from __future__ import annotations

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
    """

    metrics: Address | None = None

    def opt_metrics(self, endpoint: str) -> None:
        """PORT or HOST:PORT where Prometheus finds /metrics; a port alone: loopback."""
        self.metrics = _address("metrics", endpoint)
