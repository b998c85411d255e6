"""Digest access authentication (RFC 7616), without I/O."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from secrets import token_hex

HASHES = {"md5": "md5", "sha-256": "sha256"}

_PART = re.compile(
    r'\s*,*\s*([\w!#$%&\'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?'
)
"""A scheme, or a parameter with its value, quoted or not (RFC 9110, section 11.6.1)."""


@dataclass(frozen=True)
class Challenge:
    """
    What a server asks for.

    @ivar algorithm: as the server wrote it, C{MD5}, C{SHA-256-sess}, ...
    @ivar qop: C{auth}, C{auth-int}, or empty as in the time before it (RFC 2069)
    @ivar stale: user and password may be right, only the nonce was too old
    """

    realm: str
    nonce: str
    opaque: str | None
    algorithm: str
    qop: str
    stale: bool
    hides_user: bool


def _challenges(values: Sequence[bytes]) -> Iterator[tuple[str, dict[str, str]]]:
    """Scheme and parameters of each challenge."""
    scheme: str | None = None
    parameters: dict[str, str] = {}
    for found in _PART.finditer(b", ".join(values).decode("latin-1")):
        name, quoted, plain = found.groups()
        if quoted is None and plain is None:
            if scheme is not None:
                yield scheme, parameters
            scheme, parameters = name.lower(), {}
        elif quoted is not None:
            parameters[name.lower()] = re.sub(r"\\(.)", r"\1", quoted)
        else:
            parameters[name.lower()] = plain
    if scheme is not None:
        yield scheme, parameters


def choose(values: Sequence[bytes]) -> Challenge | None:
    """
    @param values: of the headers C{WWW-Authenticate}
    @return: the first digest challenge that can be met; the server prefers it
    """
    for scheme, parameters in _challenges(values):
        algorithm = parameters.get("algorithm", "MD5")
        qops = [each.strip().lower() for each in parameters.get("qop", "").split(",")]
        qop = next((each for each in ("auth", "auth-int", "") if each in qops), None)
        if (
            scheme == "digest"
            and "nonce" in parameters
            and algorithm.lower().removesuffix("-sess") in HASHES
            and qop is not None
        ):
            return Challenge(
                parameters.get("realm", ""),
                parameters["nonce"],
                parameters.get("opaque"),
                algorithm,
                qop,
                parameters.get("stale", "").lower() == "true",
                parameters.get("userhash", "").lower() == "true",
            )
    return None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class DigestSession:
    """The answers to one challenge: its nonce is used again, and each use is counted."""

    def __init__(self, challenge: Challenge, user: bytes, password: bytes) -> None:
        self._challenge = challenge
        self._user = user.decode("latin-1")
        self._password = password.decode("latin-1")
        self._count = 0
        self._client_nonce = ""

    def _hash(self, text: str | bytes) -> str:
        data = text.encode("latin-1") if isinstance(text, str) else text
        algorithm = self._challenge.algorithm.lower().removesuffix("-sess")
        return hashlib.new(HASHES[algorithm], data, usedforsecurity=False).hexdigest()

    def authorization(self, method: bytes, target: bytes, body: bytes) -> bytes:
        """@return: the value of C{Authorization} for one request"""
        challenge = self._challenge
        self._count += 1
        is_session = challenge.algorithm.lower().endswith("-sess")
        if not (is_session and self._client_nonce):
            self._client_nonce = token_hex(16)
        count, uri = f"{self._count:08x}", target.decode("latin-1")
        secret = self._hash(f"{self._user}:{challenge.realm}:{self._password}")
        if is_session:
            secret = self._hash(f"{secret}:{challenge.nonce}:{self._client_nonce}")
        asked = f"{method.decode('latin-1')}:{uri}"
        if challenge.qop == "auth-int":
            asked += ":" + self._hash(body)
        parts = [challenge.nonce]
        if challenge.qop:
            parts += count, self._client_nonce, challenge.qop
        response = self._hash(":".join([secret, *parts, self._hash(asked)]))
        user = self._user
        if challenge.hides_user:
            user = self._hash(f"{user}:{challenge.realm}")
        fields = [
            f"username={_quoted(user)}",
            f"realm={_quoted(challenge.realm)}",
            f"nonce={_quoted(challenge.nonce)}",
            f"uri={_quoted(uri)}",
            f"algorithm={challenge.algorithm}",
            f'response="{response}"',
        ]
        if challenge.opaque is not None:
            fields.append(f"opaque={_quoted(challenge.opaque)}")
        if challenge.qop:
            fields += f"qop={challenge.qop}", f"nc={count}"
        if challenge.qop or is_session:
            fields.append(f'cnonce="{self._client_nonce}"')
        if challenge.hides_user:
            fields.append("userhash=true")
        return ("Digest " + ", ".join(fields)).encode("latin-1")
