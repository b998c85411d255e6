"""How much connections read, hold back and send at once."""

READ = 80 * 1024
"""
Bytes that are read at once: a message of 64 KiB and what TLS adds to it.  From 128 KiB on
the C library would map, and unmap, memory for each read, which costs ten times the read.
"""

READS = 4
"""Reads of one connection, each as large as can be, before others have their turn."""

SMALL = 17 * 1024
"""Bytes of a write that may wait for the end of the turn: 16 KiB and their frame."""

PIECES = 64
"""Writes that are sent with one call of the system."""

HELD = 64 * 1024
"""Bytes that wait for the end of the turn; with more they leave before it."""
