"""The far end of one connection, played with blocking sockets in a thread."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any, TypeVar

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds after which a test fails whose other end does nothing."""


class FarEnd:
    """
    Plain or, after L{secure}, with TLS: its two sides end one by one there too, which
    Python's own module does not let them.
    """

    def __init__(self, own: socket.socket) -> None:
        own.settimeout(PATIENCE)
        self._socket = own
        self._tls: SSL.Connection | None = None

    def secure(self, certificate: str | None) -> None:
        """Shake hands: as the server with a certificate, or as a client that trusts."""
        context = SSL.Context(SSL.TLS_METHOD)
        if certificate is not None:
            context.use_certificate_chain_file(certificate)
            context.use_privatekey_file(certificate)
        # pyOpenSSL wants sockets that block.
        self._socket.settimeout(None)
        self._socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(PATIENCE), 0)
        )
        self._tls = SSL.Connection(context, self._socket)
        if certificate is None:
            self._tls.set_connect_state()
        else:
            self._tls.set_accept_state()
        self._tls.do_handshake()

    def send(self, data: bytes) -> None:
        (self._tls or self._socket).sendall(data)

    def receive(self, size: int = 1 << 16) -> bytes:
        """@return: C{b""} for the end, C{b"reset"} for any other"""
        try:
            return bytes((self._tls or self._socket).recv(size))
        except SSL.ZeroReturnError:
            return b""
        except (ConnectionError, SSL.SysCallError):
            return b"reset"

    def receive_exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.receive(size - len(data))
            if piece in (b"", b"reset"):
                break
            data += piece
        return data

    def receive_all(self) -> int:
        """@return: how many bytes came before the end; -1 when that is a reset"""
        count = 0
        while piece := self.receive():
            if piece == b"reset":
                return -1
            count += len(piece)
        return count

    def end(self) -> None:
        """End this side; what the other one sends can still be received."""
        if self._tls is not None:
            self._tls.shutdown()
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break the connection.  A UNIX socket does so when something is unread."""
        linger = struct.pack("ii", 1, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()

    def close(self) -> None:
        self._socket.close()


def listening(host: str) -> socket.socket:
    """A listening socket on this machine; C{unix:/path} for a UNIX one."""
    if host.startswith("unix:"):
        own = socket.socket(socket.AF_UNIX)
        own.bind(host[5:])
    else:
        own = socket.socket()
        own.bind((host, 0))
    take_little(own)
    own.listen()
    own.settimeout(PATIENCE)
    return own


def connected(host: str, port: int | None) -> socket.socket:
    """A socket that is connected to a server on this machine."""
    own = socket.socket(socket.AF_UNIX if port is None else socket.AF_INET)
    take_little(own)
    own.settimeout(PATIENCE)
    own.connect(host[5:] if port is None else (host, port))
    return own


def take_little(own: socket.socket) -> None:
    """So that what is not read waits at the sender's side."""
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)


def far_end(
    play: Callable[[FarEnd], T], connect: Callable[[], socket.socket], tls: Any
) -> Deferred[T]:
    """
    Play the far end in a thread.

    @param connect: gives the connected socket
    @param tls: C{False}, or the certificate of a server, or C{None} for a client
    @return: fires with what C{play} returns
    """

    def run() -> T:
        end = FarEnd(connect())
        try:
            if tls is not False:
                end.secure(tls)
            return play(end)
        finally:
            end.close()

    return deferToThread(run)
