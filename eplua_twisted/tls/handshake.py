"""
How a TLS handshake ends that does not succeed, the same for each protocol.

L{TLSTransport<eplua_twisted.tls.transport.TLSTransport>} tells the protocol above it, so
that none has to know whether the handshake was done: a certificate that is not
accepted and bytes that are not TLS are OpenSSL's errors; a peer that closes in the
middle is L{CUT}.  The time that it may take is bounded by whoever connects, the
handshake included.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from eplua_twisted.errors import OperationError

CUT = ("tls", "TLS failed: the peer closed the connection during the handshake")


def interrupted(reason: Failure) -> Failure:
    """
    @param reason: what a connection was lost by during its handshake
    @return: what the protocol is told: L{CUT} when it was the peer that closed
    """
    by_peer = reason.check(ConnectionDone, ConnectionLost)
    if by_peer and not reason.check(ConnectionAborted):
        return Failure(OperationError(*CUT))
    return reason
