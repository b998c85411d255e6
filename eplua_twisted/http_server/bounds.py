"""What a client of a server may take."""

HANDSHAKE_TIMEOUT = 10.0
"""Seconds that a TLS handshake may take, as everywhere."""

HEAD_TIMEOUT = 15.0
"""Seconds from the first byte of a request to the end of its headers."""

SLOWEST_BODY = 1024
"""Bytes a second: a body may take twice the time that a client may be idle, and a
second more for each of these."""

LINGER = 2.0
"""Seconds a client has to take a refusal, and the last answer, before it is cut off."""

HALF_CLOSED = 5.0
"""Seconds after which a client that has closed its side is taken for gone, when nothing
was written to it meanwhile: whether it still reads cannot be seen."""

MAX_AHEAD = 64 * 1024
"""Bytes kept of what follows a request that asks for another protocol."""
