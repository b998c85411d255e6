"""How a site gets its port."""

from __future__ import annotations

from twisted.python.failure import Failure

from eplua_twisted.border.environment import Environment
from eplua_twisted.errors import OperationError, describe
from eplua_twisted.site.address import Address
from eplua_twisted.site.site import Site
from eplua_twisted.streams.endpoints import listen

BACKLOG = 50


async def open_site(environment: Environment, site: Site, where: Address) -> int | None:
    """
    Listen; the port goes with the site.

    @return: the port
    @raise OperationError: what kept it from listening, with where it was to
    """
    host, port = where
    try:
        listening = await listen(environment.streams, host, port, site, BACKLOG)
    except Exception as problem:
        described = describe(Failure(problem))
        if described is None:
            raise
        code, why = described
        raise OperationError(code, f"cannot listen on {host}:{port}: {why}") from None
    site.listening(listening)
    found: int | None = getattr(listening.getHost(), "port", None)
    return found
