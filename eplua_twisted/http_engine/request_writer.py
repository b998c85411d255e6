"""Writes the heads of requests."""

from __future__ import annotations

from collections.abc import Sequence

from eplua_twisted.errors import OperationError


def request_head(
    method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> bytes:
    """
    Everything is written as it is given; C{Host} has to be the first header (RFC 9110,
    section 7.2).

    @param target: what is asked for: a path, or a whole URL for a proxy
    @raise OperationError: C{protocol}: something in it would begin another line
    """
    lines = [b"%b %b HTTP/1.1" % (method, target)]
    lines += [b"%b: %b" % pair for pair in headers]
    ends = len(lines) + 1
    lines += (b"", b"")
    head = b"\r\n".join(lines)
    # Scripts cannot do that, but some values are a server's: cookies, nonces.
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
        raise OperationError("protocol", "a header would have held a line end")
    return head
