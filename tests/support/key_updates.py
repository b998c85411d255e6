"""Key updates of TLS 1.3 (RFC 8446, 4.6.3), which pyOpenSSL does not make."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

REQUESTING = b"\x18\0\0\1\1"
"""The message; its last byte asks the peer to update its keys too."""

HANDSHAKE = b"\x16"


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    """C{HKDF-Expand-Label} of nothing, for lengths up to that of the hash (7.1)."""
    label = b"tls13 " + label
    text = length.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0\1"
    return hmac.digest(secret, text, hashlib.sha384)[:length]


def key_updates(secret: bytes, count: int) -> bytes:
    """
    Records with one key update each.

    @param secret: the sender's for data, with TLS_AES_256_GCM_SHA384; it has sent none
    """
    records = b""
    for _ in range(count):
        key, nonce = _expand(secret, b"key", 32), _expand(secret, b"iv", 12)
        size = len(REQUESTING + HANDSHAKE) + 16
        header = b"\x17\x03\x03" + size.to_bytes(2, "big")
        # Each has keys of its own, so each is the first with them.
        records += header + AESGCM(key).encrypt(nonce, REQUESTING + HANDSHAKE, header)
        secret = _expand(secret, b"traffic upd", 48)
    return records
