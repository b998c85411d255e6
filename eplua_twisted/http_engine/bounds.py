"""How much of a message is read before it is refused, and what is accepted of it."""

MAX_REQUEST_HEAD = 16 * 1024
"""Bytes of a request's target, and of all its header fields together."""

MAX_REQUEST_HEADERS = 500
"""Header fields of a request, and fields of its trailer."""

MAX_RESPONSE_HEAD = 256 * 1024
"""Bytes of a response's head, those of the informational (1xx) ones before it included."""

MAX_EMPTY = 4096
"""Bytes of empty lines before a response, which some devices send after a body."""

MAX_RESPONSE_HEADERS = 1000
"""Header fields of a response: they cross to Lua together, and its stack is bounded."""

MAX_CHUNK_LINE = 4096
"""Bytes of the line that begins a chunk: its size and extensions."""

MAX_TRAILER = 64 * 1024
"""Bytes of the fields that follow the last chunk."""

MAX_LENGTH = 2**63 - 1
"""The largest length of a body or chunk that is a number at all."""
