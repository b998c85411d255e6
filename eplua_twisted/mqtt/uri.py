"""Where a broker is, as scripts write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twisted.internet.abstract import isIPv6Address

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import host_of_url, without_zone

URI = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?:\[(?P<ipv6>[0-9a-f:.]+(?:%[^\s\]/]+)?)\]|(?P<host>[^\s:/?#@\[\]]+))"
    r"(?::(?P<port>[0-9]+))?"
    r"(?P<path>/[^\s#]*)?",
    re.IGNORECASE,
)
BARE_IPV6 = re.compile(
    r"[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%[^\s\]/]+)?", re.IGNORECASE
)

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
SECURE = {"mqtt": "mqtts", "ws": "wss"}

PATH = "/mqtt"
"""Where brokers have their WebSocket, when the URI does not say."""


@dataclass(frozen=True)
class Broker:
    """
    @ivar scheme: one of C{mqtt}, C{mqtts}, C{ws}, C{wss}
    @ivar path: of a WebSocket
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def secure(self) -> bool:
        return self.scheme in SECURE.values()

    @property
    def websocket(self) -> bool:
        return self.scheme in ("ws", "wss")

    @property
    def uri(self) -> str:
        return self._uri(self.host.replace("%", "%25", 1))

    @property
    def handshake_uri(self) -> str:
        """What a WebSocket asks for: a zone is only known here (RFC 6874, 4)."""
        return self._uri(without_zone(self.host))

    def _uri(self, host: str) -> str:
        host = f"[{host}]" if ":" in host else host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse(uri: str, port: int | None, secure: bool) -> Broker:
    """
    Understand C{mqtt://}, C{mqtts://}, C{ws://}, C{wss://} or a bare host.

    @param port: for a URI that has none
    @param secure: TLS is wanted, whatever the scheme says
    @raise OperationError: C{protocol}, saying what was expected
    """
    if BARE_IPV6.fullmatch(uri):
        uri = f"[{uri}]"
    match = URI.fullmatch(uri)
    if match is None or (match["ipv6"] and not isIPv6Address(match["ipv6"])):
        raise OperationError("protocol", "mqtt://host[:port] or ws://host[:port]/path")
    scheme = (match["scheme"] or "mqtt").lower()
    if scheme not in PORTS:
        raise OperationError("protocol", "scheme mqtt, mqtts, ws or wss")
    path = match["path"] or ""
    if scheme in ("ws", "wss"):
        path = path or PATH
    elif path not in ("", "/"):
        raise OperationError("protocol", "mqtt://host[:port] without a path")
    else:
        path = ""
    if secure:
        scheme = SECURE.get(scheme, scheme)
    number = int(match["port"]) if match["port"] else port or PORTS[scheme]
    if not 1 <= number <= 65535:
        raise OperationError("protocol", "port 1..65535")
    host = match["host"] or host_of_url(match["ipv6"])
    return Broker(scheme, host, number, path)
