"""The options of C{mqtt.Client.connect}."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eplua_twisted.border.options import (
    Options,
    count,
    flag,
    milliseconds,
    nested,
    option,
)
from eplua_twisted.errors import OperationError
from eplua_twisted.tls.options import TLSOptions


def _utf8(name: str) -> Callable[[bytes], str]:
    """Text as MQTT has its strings (3.1.1, 1.5.3)."""

    def convert(value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise OperationError("protocol", f"{name}: not UTF-8") from None

    return convert


@dataclass(frozen=True)
class WillOptions(Options):
    """The message that the broker publishes when the client is lost."""

    topic: str = option(b"topic", _utf8("lastWill.topic"), "")
    payload: bytes = option(b"payload", default=b"")
    qos: int = option(b"qos", count, 0)
    retain: bool = option(b"retain", flag, False)


@dataclass(frozen=True)
class ConnectOptions(Options):
    """
    What a script wants of its connections.

    @ivar client_id: C{None} for a random one
    @ivar protocol_version: 4, which is MQTT 3.1.1, or 5
    @ivar keep_alive_period: seconds, 0 for none
    @ivar timeout: seconds for an attempt, until the broker has accepted; 0 for none
    @ivar reconnect: the script's side asks for further attempts
    @ivar max_queue: how many requests may wait for a connection
    @ivar max_write_buffer: how many bytes may wait: for a connection, to be sent, or
        for their acknowledgement
    @ivar max_message_size: bytes of the largest packet that a broker may send
    """

    client_id: str | None = option(b"clientId", _utf8("clientId"))
    protocol_version: int = option(b"protocolVersion", count, 4)
    clean_session: bool = option(b"cleanSession", flag, False)
    keep_alive_period: int = option(b"keepAlivePeriod", count, 0)
    username: str | None = option(b"username", _utf8("username"))
    password: bytes | None = option(b"password")
    last_will: WillOptions | None = nested(b"lastWill", WillOptions)
    timeout: float = option(b"timeout", milliseconds, 10.0)
    reconnect: bool = option(b"reconnect", flag, False)
    max_queue: int = option(b"maxQueue", count, 1000)
    max_write_buffer: int = option(b"maxWriteBuffer", count, 16 * 1024 * 1024)
    max_message_size: int = option(b"maxMessageSize", count, 64 * 1024 * 1024)
    tls: TLSOptions | None = nested(b"tls", TLSOptions)
