"""The options of a TCP socket, and of the clients of a TCP server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eplua_twisted.border.values import seconds, to_text
from eplua_twisted.streams.read_buffer import MAX_BUFFER

if TYPE_CHECKING:
    from eplua_twisted.tls.options import TLSOptions


@dataclass(frozen=True)
class SocketOptions:
    """
    @ivar timeout: seconds for connect and for each read and write; C{None} when
        the script named none, 0 for no limit
    """

    timeout: float | None = None
    no_delay: bool = True
    keep_alive: bool = False
    local_address: str | None = None
    max_buffer: int = MAX_BUFFER
    max_write_buffer: int = MAX_BUFFER
    tls: TLSOptions | None = None

    @classmethod
    def from_lua(
        cls,
        timeout: float | None,
        no_delay: bool,
        keep_alive: bool,
        local_address: bytes | None,
        max_buffer: int | None,
        max_write_buffer: int | None,
        secure: bool,
        *pairs: Any,
    ) -> SocketOptions:
        """@param pairs: TLS options, if it is C{secure}"""
        tls = None
        if secure:
            # OpenSSL is loaded by those who need it.
            from eplua_twisted.tls.options import TLSOptions

            tls = TLSOptions.from_lua(*pairs)
        return cls(
            None if timeout is None else seconds(timeout),
            no_delay,
            keep_alive,
            None if local_address is None else to_text(local_address),
            max_buffer or MAX_BUFFER,
            max_write_buffer or MAX_BUFFER,
            tls,
        )
