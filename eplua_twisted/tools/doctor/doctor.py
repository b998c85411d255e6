"""What C{eplua doctor} looks at, and in which order."""

from __future__ import annotations

import os
import resource
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import requires, version
from typing import get_args

from eplua_twisted.lua_versions import LUA_VERSIONS
from eplua_twisted.runtime import Runtime
from eplua_twisted.tools.doctor import tls, versions
from eplua_twisted.tools.doctor.finding import Finding
from eplua_twisted.tools.doctor.network import Network
from eplua_twisted.transports.reactor import Transports

FEW = 1024
"""Descriptors: with fewer a server of many clients is soon at the end of them."""


def luas(reactor: object) -> Iterator[Finding]:
    """Each Lua that scripts may run on."""
    for name in LUA_VERSIONS:
        said: list[bytes] = []
        try:
            runtime = Runtime(reactor, lua=name, output=said.append)
        except (ImportError, OSError) as problem:
            advice = "pip install --force-reinstall lupa"
            yield Finding(f"Lua {name}", "failed", f"does not load: {problem}", advice)
            continue
        runtime.run_string("print(jit and jit.version or _VERSION)")
        runtime.stop()
        yield Finding(f"Lua {name}", "ok", b"".join(said).decode())


def descriptors() -> Finding:
    """How many connections and files the process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = "as many as wanted" if soft == resource.RLIM_INFINITY else str(soft)
    if soft == resource.RLIM_INFINITY or soft >= FEW:
        return Finding("descriptors", "ok", text)
    advice = f"ulimit -n {FEW}, or LimitNOFILE= in a systemd unit"
    return Finding("descriptors", "warning", f"only {text} at a time", advice)


class Doctor:
    """
    Looks at all of it.

    @param broker: of MQTT, host and port or a URI; C{None}: none
    @param url: of a Home Center 3; C{None}: none
    """

    def __init__(
        self, reactor: object, broker: str | None = None, url: str | None = None
    ) -> None:
        self._reactor = reactor
        self._broker = broker
        self._url = url

    async def findings(self) -> AsyncIterator[Finding]:
        """Each as soon as it is found."""
        yield versions.python()
        for each in versions.packages(requires("eplua-twisted") or (), version):
            yield each
        for each in luas(self._reactor):
            yield each
        yield tls.openssl()
        yield tls.authorities()
        yield tls.handshake()
        yield descriptors()
        for transports in get_args(Transports):
            async for each in self._network(transports):
                yield each

    async def _network(self, transports: Transports) -> AsyncIterator[Finding]:
        runtime = Runtime(self._reactor, transports=transports)
        network = Network(runtime)
        await network.begin()
        yield await network.listening(transports)
        if transports == "lean":
            yield await network.names()
            yield await network.datagrams()
            if self._broker is not None:
                yield await network.broker(self._broker)
            if self._url is not None:
                yield await network.controller(self._url, os.environ)
        await runtime.stop()
