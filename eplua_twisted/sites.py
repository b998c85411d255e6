"""The sites beside scripts: what operators see of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IReactorUNIX
from twisted.logger import Logger

from eplua_twisted.border.values import to_readable
from eplua_twisted.errors import OperationError
from eplua_twisted.site_options import SiteOptions

if TYPE_CHECKING:
    from eplua_twisted.border.environment import Environment
    from eplua_twisted.inspector.inspector import Controls, Inspector
    from eplua_twisted.metrics import Runtimes
    from eplua_twisted.site.address import Address
    from eplua_twisted.site.site import Site


class Stoppable(Protocol):
    """A site, or what has one."""

    def stop(self) -> Deferred[None]: ...


class Sites:
    """
    Those that were asked for.  They keep no script alive.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        options: SiteOptions,
        runtimes: Runtimes,
        controls: Controls,
    ) -> None:
        """
        @param reactor: whose time is the network's
        @param runtimes: gives the runtimes that there are, by the names of their scripts
        @param controls: what may be done to them, if that was asked for
        """
        self._reactor = reactor
        self._options = options
        self._runtimes = runtimes
        self._controls = controls
        self._open: list[Stoppable] = []
        self._inspector: Inspector | None = None

    def start(self) -> Deferred[None]:
        """@return: fires with C{None}; fails with L{OperationError}"""
        return Deferred.fromCoroutine(self._start())

    async def _start(self) -> None:
        if self._options.metrics is not None:
            await self._metrics(self._options.metrics)
        if self._options.inspect is not None:
            await self._inspect(self._options.inspect)
        if self._options.attach is not None:
            self._attach(self._options.attach)

    def _attach(self, path: str) -> None:
        # Late: most scripts run without.
        from eplua_twisted.attach.server import Server

        server = Server(self._reactor, self._runtimes)
        server.listen(cast(IReactorUNIX, self._reactor), path)
        self._open.append(server)

    def printed(self, line: bytes) -> None:
        """A script has printed a line, which is not in the log."""
        if self._inspector is not None:
            self._inspector.lines.add(time.time(), "PRINT", to_readable(line))

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
        self._open.append(site)
        url = await self._listen(environment, site, where)
        self._notice(f"the metrics are at {url}{PATH.decode()}")

    async def _inspect(self, where: Address) -> None:
        # Late: most scripts run without.
        from eplua_twisted.inspector.door import Door, token_of
        from eplua_twisted.inspector.inspector import Inspector
        from eplua_twisted.site.network import network_of

        file = self._options.inspect_token_file
        try:
            token, is_new = token_of(file)
        except OSError as problem:
            message = f"cannot read {file}: {problem.strerror}"
            raise OperationError("state", message) from None
        environment = network_of(self._reactor)
        door = Door(where[0], token)
        controls = self._controls if self._options["inspect-control"] else None
        inspector = Inspector(environment, self._runtimes, door, controls)
        self._open.append(inspector)
        url = await self._listen(environment, inspector.site, where)
        self._inspector = inspector
        # Who has chosen the token knows it: it is in no log.
        self._notice(f"the inspector is at {url}{door.query if is_new else '/'}")

    async def _listen(
        self, environment: Environment, site: Site, where: Address
    ) -> str:
        """@return: the site's URL, without a path"""
        from eplua_twisted.site.listening import open_site
        from eplua_twisted.site.names import in_url

        port = await open_site(environment, site, where)
        return f"http://{in_url(where[0])}:{port}"

    def _notice(self, text: str) -> None:
        """Say it where people look who have started the script."""
        self.log.info("{text}", text=text, notice=True, secret=True)

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when they are closed"""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        while self._open:
            await self._open.pop().stop()
