"""A controller, and all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from eplua_twisted.border.environment import Environment
from eplua_twisted.hc3.access import Access, Credentials
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.interfaces import IController
from eplua_twisted.hc3.log_lines import Lines, LogLine
from eplua_twisted.hc3.plan import Plan
from eplua_twisted.hc3.state_file import StateFile
from eplua_twisted.site.listening import open_site
from eplua_twisted.site.names import in_url

if TYPE_CHECKING:
    from eplua_twisted.hc3.fetch import Client, Fetched
    from eplua_twisted.hc3.remote import RemoteController
    from eplua_twisted.hc3.screen import Screen
    from eplua_twisted.hc3.site import Site
    from eplua_twisted.http_server.connection import HTTPConnection

LOCAL = 11111
"""The port at which a script finds its own box, on the loopback address."""

HOSTS = ("127.0.0.1", "localhost")

PROXY_TIMEOUT = 30.0
"""Seconds that C{/proxy?url=} waits for its answer."""


class Opened:
    """
    A controller with its client and its sites, which are made when they are first
    needed: most scripts need none.

    @ivar controller: the controller itself
    @ivar lines: what its scripts log
    """

    log = Logger()

    def __init__(
        self,
        plan: Plan,
        environment: Environment,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
        controller: IController | None = None,
    ) -> None:
        """
        @param environment: its network
        @param clock: what the time in a simulated controller follows
        @param time_of_day: the same, in seconds since 1970
        @param controller: one that is there already, and goes on after this; then the
            plan only says where it listens
        @raise OperationError: C{state}: the state file cannot be used; C{url};
            C{denied}: a password is needed
        """
        self._plan = plan
        self._environment = environment
        self._access: Access | None = None
        if plan.listen is not None:
            credentials = None
            if plan.password is not None:
                credentials = Credentials(plan.user, plan.password)
            self._access = Access(plan.listen[0], credentials)
        self._client: Client | None = None
        self._local: Site | None = None
        self._site: Site | None = None
        self._screen: Screen | None = None
        self._remote: RemoteController | None = None
        self._owns = controller is None
        self._one_start = DeferredLock()
        self._has_started = False
        self._port: int | None = None
        self.controller = controller or self._make(clock, time_of_day)
        self.lines = Lines()

    def _make(
        self, clock: IReactorTime, time_of_day: Callable[[], float]
    ) -> IController:
        plan = self._plan
        if plan.url is None:
            state = None
            if plan.state is not None:
                # The disk has the time of the network, which no script moves.
                state = StateFile(plan.state, self._environment.reactor)
            return SimulatedController(
                clock, time_of_day, fetch=self._fetch, state=state
            )
        from eplua_twisted.hc3.remote import RemoteController

        self._remote = RemoteController(
            self._make_client(),
            self._environment.reactor,
            plan.url,
            plan.user,
            plan.password or "",
        )
        return self._remote

    def _make_client(self) -> Client:
        from eplua_twisted.hc3.fetch import Client

        if self._client is None:
            environment = self._environment
            if self._plan.url is None:
                # What the box fetches from itself, it has here.
                local = _Local(self)
                own = {(host, port): local for host in HOSTS for port in (LOCAL, 80)}
                environment = replace(environment, local_servers={**own})
            self._client = Client(environment)
        return self._client

    def _fetch(self, url: str) -> Deferred[Fetched]:
        from eplua_twisted.hc3.fetch import fetcher

        return fetcher(self._make_client(), PROXY_TIMEOUT)(url)

    def _make_site(self, access: Access | None) -> Site:
        from eplua_twisted.hc3.site import Site

        environment = self._environment
        return Site(
            self.controller, environment.reactor, environment.time_of_day, access
        )

    # Its sites.

    @property
    def is_reachable(self) -> bool:
        """Whether others may call what runs here, at any time."""
        return self._access is not None or self._remote is not None

    @property
    def site(self) -> Site | None:
        """What answers other programs; C{None} where they do not reach it."""
        if self._site is None and self._access is not None:
            from eplua_twisted.hc3.screen import Screen

            self._site = self._make_site(self._access)
            self._screen = Screen(self.controller, self._environment, self.lines)
            self._screen.mount(self._site)
        return self._site

    @property
    def local(self) -> Site:
        """What answers scripts of this process."""
        if self._local is None:
            self._local = self._make_site(None)
        return self._local

    def be_local(self, environment: Environment) -> None:
        """Let the scripts of a runtime find it where they find their own box."""
        for host in HOSTS:
            environment.local_servers[host, LOCAL] = _Local(self)

    # Beginning and end.

    def start(self) -> Deferred[int | None]:
        """
        Listen, and see that a real controller is there; harmless when it has.

        @return: fires with the port at which other programs find it, C{None} where they
            do not; fails with L{OperationError}: it cannot listen there, or the real
            controller cannot be used
        """
        return self._one_start.run(Deferred.fromCoroutine, self._start())

    async def _start(self) -> int | None:
        if not self._has_started:
            if self._remote is not None:
                await self._remote.start()
            self._port = await self._listen()
            self._has_started = True
        return self._port

    async def _listen(self) -> int | None:
        if self.site is None or self._plan.listen is None:
            return None
        host, _ = where = self._plan.listen
        found = await open_site(self._environment, self.site, where)
        if found is not None:
            url = f"http://{in_url(host)}:{found}/"
            self.log.info("{text}", text=f"the QuickApps are at {url}", notice=True)
        return found

    def logged(self, line: LogLine) -> None:
        """A script of it has logged a line."""
        line = line.shortened()
        self.lines.add(line)
        if isinstance(self.controller, SimulatedController):
            self.controller.write_message(line.level.lower(), line.tag, line.text)

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when all of it is closed, and saved"""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._screen is not None:
            self._screen.stop()
        for site in (self._site, self._local):
            if site is not None:
                await site.stop()
        if self._owns:
            await self.controller.stop()
        if self._client is not None:
            await self._client.close()


class _Local(Factory):
    """Makes the site for a script when it first asks."""

    noisy = False

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def buildProtocol(self, addr: IAddress | None) -> HTTPConnection | None:
        return self._opened.local.buildProtocol(addr)
