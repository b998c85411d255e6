"""The end of a socket."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress


def close(sock: socket.socket, *, orderly: bool) -> None:
    """@param orderly: else the peer is told that the connection was reset"""
    with suppress(OSError):
        if orderly:
            sock.shutdown(socket.SHUT_RDWR)
        else:
            linger = struct.pack("ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    with suppress(OSError):
        sock.close()
