"""Which controller there is to be, and all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from eplua_twisted.border.environment import Environment
from eplua_twisted.errors import OperationError, describe
from eplua_twisted.hc3.access import Access, Credentials
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.fetch import Client, fetcher
from eplua_twisted.hc3.remote import RemoteController
from eplua_twisted.hc3.site import Site
from eplua_twisted.hc3.state_file import StateFile
from eplua_twisted.streams.endpoints import listen

LOCAL = 11111
"""The port at which a script finds its own box, on the loopback address."""

HOSTS = ("127.0.0.1", "localhost")

PROXY_TIMEOUT = 30.0
"""Seconds that C{/proxy?url=} waits for its answer."""

BACKLOG = 50


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


class Opened:
    """
    A controller with its client and its sites.

    @ivar controller: the controller itself
    @ivar local: answers scripts of this process
    @ivar site: answers other programs; C{None}: they do not reach it
    """

    def __init__(
        self,
        plan: Plan,
        environment: Environment,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
    ) -> None:
        """
        @param environment: its network
        @param clock: what the time in a simulated controller follows
        @param time_of_day: the same, in seconds since 1970
        @raise OperationError: C{state}: the state file cannot be used; C{url};
            C{denied}: a password is needed
        """
        self._plan = plan
        self._environment = environment
        access = None
        if plan.listen is not None:
            credentials = None
            if plan.password is not None:
                credentials = Credentials(plan.user, plan.password)
            access = Access(plan.listen[0], credentials)
        client = Client(environment)
        self._client = client
        self._remote: RemoteController | None = None
        self.controller: SimulatedController | RemoteController
        if plan.url is not None:
            self.controller = self._remote = RemoteController(
                client, environment.reactor, plan.url, plan.user, plan.password or ""
            )
        else:
            state = None if plan.state is None else StateFile(plan.state, clock)
            fetch = fetcher(client, PROXY_TIMEOUT)
            self.controller = SimulatedController(
                clock, time_of_day, fetch=fetch, state=state
            )
        self.local = self._site(None)
        self.site = None if access is None else self._site(access)

    def _site(self, access: Access | None) -> Site:
        environment = self._environment
        return Site(
            self.controller, environment.reactor, environment.time_of_day, access
        )

    def be_local(self, environment: Environment) -> None:
        """Let the scripts of a runtime find it where they find their own box."""
        for host in HOSTS:
            environment.local_servers[host, LOCAL] = self.local

    def start(self) -> Deferred[int | None]:
        """
        @return: fires with the port at which other programs find it, C{None} where they
            do not; fails with L{OperationError}: it cannot listen there, or the real
            controller cannot be used
        """
        return Deferred.fromCoroutine(self._start())

    async def _start(self) -> int | None:
        if self._remote is not None:
            await self._remote.start()
        if self.site is None or self._plan.listen is None:
            return None
        host, port = self._plan.listen
        try:
            listening = await listen(
                self._environment.streams, host, port, self.site, BACKLOG
            )
        except Exception as problem:
            described = describe(Failure(problem))
            if described is None:
                raise
            code, why = described
            raise OperationError(
                code, f"cannot listen on {host}:{port}: {why}"
            ) from None
        self.site.listening(listening)
        found: int | None = getattr(listening.getHost(), "port", None)
        return found

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when all of it is closed, and saved"""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self.site is not None:
            await self.site.stop()
        await self.local.stop()
        await self.controller.stop()
        await self._client.close()
