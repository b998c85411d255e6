"""Where a broker is, as scripts write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eplua_twisted.errors import OperationError

URI = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?:\[(?P<ipv6>[0-9a-f:.%]+)\]|(?P<host>[^\s:/?#@\[\]]+))"
    r"(?::(?P<port>[0-9]+))?"
    r"(?P<path>/[^\s#]*)?",
    re.IGNORECASE,
)
BARE_IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)

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
        host = f"[{self.host}]" if ":" in self.host else self.host
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
    if match is None:
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
    return Broker(scheme, match["ipv6"] or match["host"], number, path)
