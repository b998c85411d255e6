"""Which hosts a script may reach, and whether it may be reached."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from eplua_twisted.border.files import ALL_FILES, Files
from eplua_twisted.errors import OperationError

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_PORT = re.compile(r"[0-9]{1,5}")

UNIX = "unix:"


def _plain(name: str) -> str:
    """A name as names are compared."""
    return name.lower().removesuffix(".")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address without its zone; IPv4 that is written as IPv6 is IPv4."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@dataclass(frozen=True)
class Host:
    """
    What C{allow_net} has one of.

    @ivar name: as a script asks for it; empty if it is a network
    @ivar network: of addresses; one of them alone too
    @ivar port: C{None} for every port
    """

    name: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def covers(self, asked: str, address: str) -> bool:
        """Whether an address, that a script has asked for in some way, is meant."""
        if self.network is None:
            return _plain(asked) == self.name
        found = _address(address)
        return (
            found is not None
            and found.version == self.network.version
            and found in self.network
        )

    def may_cover(self, asked: str) -> bool:
        """Whether it can, before what was asked for has been looked up."""
        return self.network is not None or _plain(asked) == self.name


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if bracket and (not port or port.startswith(":")):
            return host, port
        return "", ""
    if text.count(":") == 1:
        host, colon, port = text.partition(":")
        return host, colon + port
    return text, ""


def parse_host(text: str) -> Host:
    """
    @param text: C{HOST} or C{HOST:PORT}
    @raise ValueError: it is neither
    """
    host, port = _split(text)
    number = None
    if port:
        if not _PORT.fullmatch(port[1:]) or not 1 <= int(port[1:]) <= 65535:
            raise ValueError(f"{text!r}: a port of 1..65535 expected after the colon")
        number = int(port[1:])
    try:
        network = ip_network(host)
    except ValueError as problem:
        if "host bits" in str(problem):
            raise ValueError(f"{text!r}: {problem}") from None
    else:
        mapped = getattr(network.network_address, "ipv4_mapped", None)
        if mapped is not None and network.prefixlen >= 96:
            network = ip_network(f"{mapped}/{network.prefixlen - 96}")
        return Host("", network, number)
    name = _plain(host)
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise ValueError(
            f"{text!r}: a name in ASCII, an address or a network expected, perhaps with"
            " a port; IPv6 with a port is in brackets"
        )
    return Host(name, None, number)


def _join(host: str, port: int | None) -> str:
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Network:
    """
    The network of one runtime.

    @ivar limited: something of it is not allowed
    """

    def __init__(
        self,
        limited: bool,
        allowed: list[Host],
        denied: bool,
        listen: bool,
        files: Files,
    ) -> None:
        """
        @param denied: nothing is allowed
        @param listen: it may be reached
        """
        self.limited = limited
        self._allowed = allowed
        self._denied = denied
        self._listen = listen
        self._files = files

    def _refusal(self, what: str, flag: str) -> OperationError:
        flag = "--deny-net forbids it" if self._denied else f"{flag} allows it"
        return OperationError("denied", f"Permission denied: {what} ({flag})")

    def _refused(self, asked: str, port: int | None) -> OperationError:
        where = _join(asked, port)
        return self._refusal(where, f"--allow-net={where}")

    def _covering(self, port: int | None) -> list[Host]:
        if self._denied:
            return []
        return [
            each for each in self._allowed if port is None or each.port in (None, port)
        ]

    def check_name(self, asked: str, port: int | None) -> None:
        """
        Before a host is looked up: whoever may reach nothing by it asks no server either.

        @param port: C{None} where it is not known
        @raise OperationError: C{denied}
        """
        if self.limited and not any(
            each.may_cover(asked) for each in self._covering(port)
        ):
            raise self._refused(asked, port)

    def check(self, asked: str, address: str, port: int | None) -> None:
        """
        Before anything is sent to an address.

        @param asked: the host that the script has asked for: a name or an address
        @param port: C{None} for a multicast group, which has none
        @raise OperationError: C{denied}
        """
        if self.limited and not any(
            each.covers(asked, address) for each in self._covering(port)
        ):
            raise self._refused(asked, port)

    def check_listen(self) -> None:
        """
        Before something can come from everywhere.

        @raise OperationError: C{denied}
        """
        if self.limited and (self._denied or not self._listen):
            raise self._refusal("listening", "--allow-listen")

    @property
    def hears_all(self) -> bool:
        """Whether datagrams may come from everywhere."""
        return not self.limited or (self._listen and not self._denied)

    def hears(self, address: str, port: int) -> bool:
        """Whether a datagram may come from an address, as one that may be sent to."""
        return any(each.covers(address, address) for each in self._covering(port))

    def check_unix(self, path: bytes) -> None:
        """
        Before a UNIX socket is connected to or made. Where the network is limited, a
        path has to be allowed by name.

        @raise OperationError: C{denied}
        """
        if self.limited and self._denied:
            raise self._refusal(UNIX + path.decode("utf-8", "backslashreplace"), "")
        self._files.check_socket(path, self.limited)


EVERYWHERE = Network(False, [], False, True, ALL_FILES)


def network_of(reactor: object) -> Network:
    """What may be reached with a reactor: the guarded one of a runtime knows it."""
    found: Network = getattr(reactor, "permitted_network", EVERYWHERE)
    return found
