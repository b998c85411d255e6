"""Broker URIs, as scripts write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eplua_twisted.errors import OperationError
from eplua_twisted.streams import urls
from eplua_twisted.streams.names import host_of_url

URI = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?:\[(?P<ipv6>[^\s\[\]]+)\]|(?P<host>[^\x00-\x1f\x7f:/?#@\[\]]*))"
    r"(?::(?P<port>[0-9]+))?"
    r"(?P<path>/[^\s#]*)?",
    re.IGNORECASE,
)
BARE_IPV6 = re.compile(
    r"[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%[^\s\]/]+)?", re.IGNORECASE
)

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
SECURE = {"mqtt": "mqtts", "ws": "wss"}
WEBSOCKET = {"ws": 80, "wss": 443}

PATH = "/mqtt"
"""Where brokers have their WebSocket, when the URI does not say."""


@dataclass(frozen=True)
class Broker:
    """
    @ivar scheme: one of C{mqtt}, C{mqtts}, C{ws}, C{wss}
    @ivar host: a name, or an address; of IPv6 with its zone, if there is one
    @ivar path: of a WebSocket, escaped
    @ivar authority: of a WebSocket: host and port, as C{Host} says them
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    authority: str = ""

    @property
    def secure(self) -> bool:
        return self.scheme in SECURE.values()

    @property
    def websocket(self) -> bool:
        return self.scheme in WEBSOCKET

    @property
    def uri(self) -> str:
        host = self.host
        if ":" in host:
            host = "[" + host.replace("%", "%25", 1) + "]"
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
    if secure:
        scheme = SECURE.get(scheme, scheme)
    number = int(match["port"]) if match["port"] else port or PORTS[scheme]
    if not 1 <= number <= 65535:
        raise OperationError("protocol", "port 1..65535")
    path = match["path"] or ""
    if scheme in WEBSOCKET:
        host = f"[{match['ipv6']}]" if match["ipv6"] else match["host"]
        return _websocket(f"{scheme}://{host}:{number}{path or PATH}")
    if path not in ("", "/"):
        raise OperationError("protocol", "mqtt://host[:port] without a path")
    host = _address(match["ipv6"]) if match["ipv6"] else match["host"]
    return Broker(scheme, host, number)


def _websocket(text: str) -> Broker:
    try:
        url = urls.parse(text, WEBSOCKET)
    except OperationError as problem:
        raise OperationError("protocol", problem.message) from None
    return Broker(url.scheme, url.host, url.port, url.path, url.authority)


def _address(ipv6: str) -> str:
    try:
        host = host_of_url(ipv6)
    except OperationError:
        host = ""
    if ":" not in host:
        raise OperationError("protocol", "an IPv6 address in brackets")
    return host
