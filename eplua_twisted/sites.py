"""The sites beside scripts: what operators see of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eplua_twisted.errors import OperationError
from eplua_twisted.runtime import Runtime
from eplua_twisted.site_options import SiteOptions

if TYPE_CHECKING:
    from eplua_twisted.border.environment import Environment
    from eplua_twisted.site.address import Address
    from eplua_twisted.site.site import Site

Runtimes = Callable[[], Mapping[str, Runtime]]


class Sites:
    """
    Those that were asked for.  They keep no script alive.
    """

    log = Logger()

    def __init__(
        self, reactor: IReactorTime, options: SiteOptions, runtimes: Runtimes
    ) -> None:
        """
        @param reactor: whose time is the network's
        @param runtimes: gives the runtimes that there are, by the names of their scripts
        """
        self._reactor = reactor
        self._options = options
        self._runtimes = runtimes
        self._open: list[Site] = []

    def start(self) -> Deferred[None]:
        """@return: fires with C{None}; fails with L{OperationError}"""
        return Deferred.fromCoroutine(self._start())

    async def _start(self) -> None:
        if self._options.metrics is not None:
            await self._metrics(self._options.metrics)

    async def _metrics(self, where: Address) -> None:
        # Late: most scripts run without.
        from eplua_twisted.site.network import network_of

        try:
            from eplua_twisted.metrics import PATH, metrics_site
        except ImportError:
            raise OperationError(
                "state",
                "--metrics needs the package prometheus-client:"
                " pip install 'eplua-twisted[metrics]'",
            ) from None
        environment = network_of(self._reactor)
        site = metrics_site(environment, self._runtimes, where[0])
        url = await self._listen(environment, site, where)
        self._notice(f"the metrics are at {url}{PATH.decode()}")

    async def _listen(
        self, environment: Environment, site: Site, where: Address
    ) -> str:
        """@return: the site's URL, without a path"""
        from eplua_twisted.site.listening import open_site
        from eplua_twisted.site.names import in_url

        port = await open_site(environment, site, where)
        self._open.append(site)
        return f"http://{in_url(where[0])}:{port}"

    def _notice(self, text: str) -> None:
        """Say it where people look who have started the script."""
        self.log.info("{text}", text=text, notice=True)

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when they are closed"""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        while self._open:
            await self._open.pop().stop()
