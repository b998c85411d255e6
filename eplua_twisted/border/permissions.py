"""What a script is permitted: which hosts, whether it listens, which files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from eplua_twisted.border.files import Files, what_runs
from eplua_twisted.border.network import Network, parse_host

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class Permissions:
    """
    What the scripts of a runtime may do. C{None} is all, an empty collection nothing; in
    a sandbox C{None} is nothing too. Where one of C{allow_net}, C{deny_net} and
    C{allow_listen} is given, or the runtime has a sandbox, the network is limited to what
    they allow.

    @ivar allow_net: hosts to connect and to send to, each as C{HOST} or C{HOST:PORT}: a
        name, which stands for what a script asks for by that name; an address, or a
        network (C{192.0.2.0/24}), which stand for what is connected to, by whatever
        name. IPv6 with a port is in brackets.
    @ivar deny_net: no network at all, whatever else is allowed
    @ivar allow_listen: servers, and UDP sockets that are bound
    @ivar allow_read: directories, or files, that are read
    @ivar allow_write: directories, or files, that are written
    @raise ValueError: a host cannot be one, or a text was given for a collection
    """

    allow_net: Iterable[str] | None = None
    deny_net: bool = False
    allow_listen: bool = False
    allow_read: Iterable[Path] | None = None
    allow_write: Iterable[Path] | None = None

    def __post_init__(self) -> None:
        for name in ("allow_net", "allow_read", "allow_write"):
            value = getattr(self, name)
            if isinstance(value, (str, bytes, os.PathLike)):
                raise ValueError(f"{name}: a collection expected, got {value!r}")
            if value is not None:
                object.__setattr__(self, name, tuple(value))
        for host in self.allow_net or ():
            try:
                parse_host(host)
            except ValueError as problem:
                raise ValueError(f"allow_net: {problem}") from None
        for name in ("allow_read", "allow_write"):
            for path in getattr(self, name) or ():
                if not os.fspath(path) or "\0" in os.fsdecode(path):
                    raise ValueError(f"{name}: a path expected, got {path!r}")


UNLIMITED = Permissions()


class Access:
    """
    The permissions of one runtime, as they are asked for.

    @ivar sandbox: the script has no library that leads out of Lua
    @ivar network: what it may reach
    @ivar files: what it may read and write
    """

    def __init__(
        self, permissions: Permissions = UNLIMITED, sandbox: bool = False
    ) -> None:
        self.sandbox = sandbox
        read = _paths(permissions.allow_read, sandbox)
        write = _paths(permissions.allow_write, sandbox)
        asked = permissions.allow_net is not None or permissions.deny_net
        limited = sandbox or asked or permissions.allow_listen
        any_limit = limited or read is not None or write is not None
        self.files = Files(read, write, what_runs() if any_limit else ())
        self.network = Network(
            limited=limited,
            allowed=[parse_host(each) for each in permissions.allow_net or ()],
            denied=permissions.deny_net,
            listen=permissions.allow_listen,
            files=self.files,
        )

    @property
    def limited(self) -> bool:
        """Whether anything is: then no other program may be started."""
        files = self.files
        return (
            self.sandbox
            or self.network.limited
            or files.read is not None
            or files.write is not None
        )


def _paths(given: Iterable[Path] | None, sandbox: bool) -> list[bytes] | None:
    if given is None:
        return [] if sandbox else None
    return [os.fsencode(each) for each in given]
