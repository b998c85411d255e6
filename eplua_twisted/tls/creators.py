"""What makes the TLS connections of clients, kept for those who connect again."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.values import to_text
from eplua_twisted.tls.certificates import PEM
from eplua_twisted.tls.context import client_creator
from eplua_twisted.tls.options import TLSOptions

MOST = 16
"""How many are kept; each has the system's certificates, 0.9 MiB."""

FRESH = 60.0
"""
Seconds after which the files are read again, changed or not: OpenSSL may have certificates
from places that nobody knows.
"""

_Key = tuple[TLSOptions, str, int]
_Kept = tuple[list[object], float, IOpenSSLClientConnectionCreator]


def _files(options: TLSOptions) -> Iterator[str]:
    """What a client's certificates, and its key, are read from."""
    system = ssl.get_default_verify_paths()
    for each in (
        os.environ.get(system.openssl_cafile_env, system.openssl_cafile),
        os.environ.get(system.openssl_capath_env, system.openssl_capath),
        system.cafile,
        system.capath,
    ):
        if each is not None:
            yield each
    for value in (
        options.certificate_authority,
        options.client_certificate,
        options.private_key,
    ):
        if value is not None and PEM not in value:
            yield to_text(value)


def _state(file: str) -> object:
    """Something else, when the file is another one or has changed."""
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return file
    return file, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


class ClientCreators:
    """
    Those of one runtime, by options, host and port.  To read the system's certificates
    takes 4 ms, which a client that connects again and again would spend each time.
    """

    def __init__(self) -> None:
        self._kept: dict[_Key, _Kept] = {}

    def get(
        self,
        options: TLSOptions,
        host: str,
        port: int,
        allowed: frozenset[str],
        now: float,
    ) -> IOpenSSLClientConnectionCreator:
        """
        As L{client_creator}.

        @param now: seconds of a clock that nobody sets
        """
        key = options, host, port
        files = [_state(each) for each in _files(options)]
        kept = self._kept.pop(key, None)
        if kept is None or kept[0] != files or now - kept[1] > FRESH:
            kept = files, now, client_creator(options, host, port, allowed)
        while len(self._kept) >= MOST:
            # The one that was not used for the longest time.
            del self._kept[next(iter(self._kept))]
        self._kept[key] = kept
        return kept[2]


def creator_of(
    environment: Environment, options: TLSOptions, host: str, port: int
) -> IOpenSSLClientConnectionCreator:
    """
    What makes the client's end of a connection; files that have changed are read now.

    @raise OperationError: as L{client_creator}
    """
    return environment.shared.of(ClientCreators).get(
        options,
        host,
        port,
        environment.allow_unauthorized,
        environment.reactor.seconds(),
    )
