"""
What can go wrong, and the words in which a script is told.

A script sees two values: a message in the wording of Home Center 3 (which is
that of boost::asio) and a stable code word.  L{describe} is the one place that
makes them out of what Twisted raises.
"""

from __future__ import annotations

import errno
import os
import sys
from socket import gaierror

from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.python.failure import Failure


class OperationError(Exception):
    """
    An operation failed in a way that the script is told as it stands.

    @ivar code: one of the stable words of the Lua API
    @ivar message: what the script's C{error} callback gets first
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


class ScriptError(Exception):
    """
    A script did not compile, or its main chunk or a called function raised.

    @ivar message: the Lua error, with script file and line
    @ivar traceback: the message with the Lua traceback below it

    Its C{__cause__} is what a function of the application raised, where that was it.
    """

    def __init__(self, message: str, traceback: str) -> None:
        super().__init__(message)
        self.message = message
        self.traceback = traceback


class RuntimeStopped(Exception):
    """The runtime was stopped, or the script called C{os.exit}."""


class ConversionError(TypeError):
    """A value cannot cross the border between Lua and Python."""


TIMEOUT = ("timeout", "Operation canceled")
EOF = ("eof", "End of file")
CLOSED = ("closed", "Operation canceled")
NO_HOST = ("dns", "Host not found")
NOT_CONNECTED = ("state", "Not connected")
STOPPED = ("state", "The runtime is stopped")
INTERNAL = ("internal", "internal error")

_BY_ERRNO = {
    errno.ECONNREFUSED: ("refused", "Connection refused"),
    errno.ENOENT: ("refused", "No such file or directory"),
    errno.ENOTSOCK: ("refused", "Socket operation on non-socket"),
    errno.ECONNRESET: ("reset", "Connection reset by peer"),
    errno.EPIPE: ("reset", "Connection reset by peer"),
    errno.ENETUNREACH: ("unreachable", "Network is unreachable"),
    errno.EHOSTUNREACH: ("unreachable", "No route to host"),
    errno.EADDRNOTAVAIL: ("unreachable", "Cannot assign requested address"),
    errno.EADDRINUSE: ("in_use", "Address already in use"),
    errno.EACCES: ("denied", "Permission denied"),
    errno.EPERM: ("denied", "Permission denied"),
    errno.EMSGSIZE: ("limit", "Message too long"),
    errno.EMFILE: ("limit", "Too many open files"),
    errno.ETIMEDOUT: TIMEOUT,
}

_BY_TYPE: list[tuple[type[BaseException], tuple[str, str]]] = [
    (CancelledError, CLOSED),
    (error.ConnectingCancelledError, CLOSED),
    (DeferredTimeout, TIMEOUT),
    (error.TimeoutError, TIMEOUT),
    (error.ConnectionRefusedError, ("refused", "Connection refused")),
    (error.DNSLookupError, NO_HOST),
    (error.UnknownHostError, NO_HOST),
    (gaierror, NO_HOST),
    (error.ConnectionAborted, CLOSED),
    (error.ConnectionDone, EOF),
    (error.ConnectionLost, ("reset", "Connection reset by peer")),
]


def quoted(sent: bytes, most: int = 60) -> str:
    """
    What a peer sent, for a message: a terminal takes it for nothing but text.

    @param most: bytes of its beginning that are shown
    """
    text = sent[:most].decode("ascii", "backslashreplace")
    return "".join(
        each if each.isprintable() else f"\\x{ord(each):02x}" for each in text
    )


def describe(failure: Failure) -> tuple[str, str] | None:
    """
    The code and message for what an operation failed with.

    @return: C{None} for what no operation may fail with: a bug of ours
    """
    reason = failure.value
    listening = isinstance(reason, error.CannotListenError)
    if isinstance(reason, error.CannotListenError):
        reason = reason.socketError
    if isinstance(reason, OperationError):
        return reason.code, reason.message
    for kind, description in _BY_TYPE:
        if isinstance(reason, kind):
            return description
    if (tls := sys.modules.get("OpenSSL.SSL")) and isinstance(reason, tls.Error):
        return "tls", _handshake_problem(reason)
    if isinstance(reason, ImportError):
        reason = _without_descriptor() or reason
    number = getattr(reason, "osError", None) or getattr(reason, "errno", None)
    if isinstance(number, int):
        return _BY_ERRNO.get(number, ("unreachable", os.strerror(number)))
    if listening:
        # A UNIX socket whose lock another process holds has no errno.
        return _BY_ERRNO[errno.EADDRINUSE]
    if isinstance(reason, error.ConnectError):
        return "unreachable", str(reason.args[-1] if reason.args else reason)
    return None


def _without_descriptor() -> OSError | None:
    """
    What the system says when no descriptor is left.  An extension module that cannot be
    loaded for that reason has it in its text only.
    """
    try:
        os.close(os.dup(0))
    except OSError as problem:
        return problem
    return None


_PASSED_ON = "record layer failure"
_NOT_TLS = "the peer does not speak TLS"
_OLD_VERSION = (
    "the two ends have no version of TLS in common; an old device needs"
    ' tls = { minVersion = "1.0" }'
)
_OLD_WAYS = (
    "REASON; a device with old ciphers or short keys needs tls = { legacy = true }"
)
_REFUSED = f"{_OLD_WAYS}, and a server that asks for a certificate clientCertificate"

_TLS_REASONS = {
    "wrong version number": _NOT_TLS,
    "packet length too long": _NOT_TLS,
    "data length too long": _NOT_TLS,
    "encrypted length too long": _NOT_TLS,
    "record too small": _NOT_TLS,
    "bad record type": _NOT_TLS,
    _PASSED_ON: _NOT_TLS,
    "decryption failed or bad record mac": "a record was damaged on its way, or forged",
    "": "OpenSSL has no words for it",
    "http request": f"{_NOT_TLS}, but HTTP",
    "https proxy request": f"{_NOT_TLS}, but HTTP",
    "peer did not return a certificate": "the peer showed no certificate",
    "tlsv1 alert protocol version": _OLD_VERSION,
    "unsupported protocol": _OLD_VERSION,
    "no protocols available": _OLD_VERSION,
    "version too low": _OLD_VERSION,
    "dh key too small": _OLD_WAYS,
    "ee key too small": _OLD_WAYS,
    "ca key too small": _OLD_WAYS,
    "ca md too weak": _OLD_WAYS,
    "no shared cipher": _OLD_WAYS,
    "wrong signature type": _OLD_WAYS,
    "no suitable signature algorithm": _OLD_WAYS,
    "legacy sigalg disallowed or unsupported": _OLD_WAYS,
    "unsafe legacy renegotiation disabled": _OLD_WAYS,
    "tls alert handshake failure": _REFUSED,
    "ssl/tls alert handshake failure": _REFUSED,
    "sslv3 alert handshake failure": _REFUSED,
}
"""OpenSSL's words for what went wrong, and what a script is told instead."""


def _handshake_problem(reason: BaseException) -> str:
    """
    What OpenSSL says went wrong: the last entry of its error queue that says something.
    (A connection that was simply cut is none: Twisted makes a L{error.ConnectionLost}
    of it.)
    """
    queue = reason.args[0] if reason.args else ()
    if not isinstance(queue, (list, tuple)) or not queue:
        return "TLS failed"
    words = [str(each[-1]) for each in queue]
    # The layer of the records only passes on what is said before.
    text = next((each for each in reversed(words) if each != _PASSED_ON), _PASSED_ON)
    return "TLS failed: " + _TLS_REASONS.get(text, text).replace("REASON", text)
