"""SOCKS 5 (RFC 1928), with user and password (RFC 1929), without I/O."""

from __future__ import annotations

import socket
from typing import Literal

from twisted.internet.abstract import isIPAddress, isIPv6Address

from eplua_twisted.errors import OperationError

VERSION, CONNECT = 5, 1
NO_AUTHENTICATION, PASSWORD, NONE_ACCEPTED = 0, 2, 255
IPV4, NAME, IPV6 = 1, 3, 4

FAILURES = {
    1: ("protocol", "the proxy failed"),
    2: ("denied", "the proxy refused: not allowed by its rules"),
    3: ("unreachable", "Network is unreachable"),
    4: ("unreachable", "No route to host"),
    5: ("refused", "Connection refused"),
    6: ("unreachable", "No route to host"),
    7: ("protocol", "the proxy cannot connect"),
    8: ("protocol", "the proxy does not know this kind of address"),
}
"""Codes and messages for the replies of section 6."""


def _address(host: str) -> bytes:
    if isIPAddress(host):
        return bytes([IPV4]) + socket.inet_pton(socket.AF_INET, host)
    if isIPv6Address(host) and "%" not in host:
        return bytes([IPV6]) + socket.inet_pton(socket.AF_INET6, host)
    name = host.encode("ascii")
    if len(name) > 255:
        raise OperationError("dns", "Host not found")
    return bytes([NAME, len(name)]) + name


class Socks:
    """
    A C{Negotiation} of L{tunnel<eplua_twisted.http_client.tunnel>}.  The proxy looks the
    name up.

    C{method} (the answer to L{begin}), C{password} if the proxy asks for it, C{reply}.
    """

    def __init__(self, host: str, port: int, user: bytes | None) -> None:
        """@param user: C{user:password}, each of at most 255 bytes"""
        self._host = host
        self._port = port
        self._user = user
        self._answer = b""
        self._state: Literal["method", "password", "reply"] = "method"

    def begin(self) -> bytes:
        methods = [NO_AUTHENTICATION]
        if self._user is not None:
            methods.append(PASSWORD)
        return bytes([VERSION, len(methods), *methods])

    def receive(self, data: bytes) -> tuple[bytes, bytes | None]:
        """
        @return: what to send, and C{None}; or what comes after the negotiation
        @raise OperationError: C{denied}, C{protocol}, or what kept the proxy from
            connecting
        """
        answer = self._answer + data
        if self._state == "reply":
            return b"", self._reply(answer)
        if len(answer) < 2:
            self._answer = answer
            return b"", None
        self._answer = answer[2:]
        if self._state == "method":
            return self._choose(answer[0], answer[1]), None
        if answer[1] != 0:
            raise OperationError("denied", "the proxy refused: user or password")
        return self._request(), None

    def _choose(self, version: int, method: int) -> bytes:
        if version != VERSION:
            raise OperationError("protocol", "the proxy's answer is not SOCKS 5")
        if method == NO_AUTHENTICATION:
            return self._request()
        if method == NONE_ACCEPTED and self._user is not None:
            raise OperationError("denied", "the proxy refused: it wants no password")
        if method in (NONE_ACCEPTED, PASSWORD) and self._user is None:
            raise OperationError("denied", "the proxy refused: it wants a user")
        if method != PASSWORD:
            raise OperationError(
                "protocol", f"the proxy asks for a login of kind {method}, not offered"
            )
        self._state = "password"
        user, _, password = (self._user or b"").partition(b":")
        if max(len(user), len(password)) > 255:
            raise OperationError("denied", "user or password is too long for SOCKS")
        return bytes([1, len(user)]) + user + bytes([len(password)]) + password

    def _request(self) -> bytes:
        self._state = "reply"
        port = self._port.to_bytes(2, "big")
        return bytes([VERSION, CONNECT, 0]) + _address(self._host) + port

    def _reply(self, answer: bytes) -> bytes | None:
        """@return: what follows it, if it is all here"""
        self._answer = answer
        if len(answer) < 2:
            return None
        if answer[0] != VERSION:
            raise OperationError("protocol", "the proxy's answer is not SOCKS 5")
        if answer[1] != 0:
            raise OperationError(*FAILURES.get(answer[1], FAILURES[1]))
        if len(answer) < 5:
            return None
        sizes = {IPV4: 4, IPV6: 16, NAME: 1 + answer[4]}
        if answer[3] not in sizes:
            raise OperationError("protocol", "the proxy's answer is not SOCKS 5")
        size = 4 + sizes[answer[3]] + 2
        return answer[size:] if len(answer) >= size else None
