"""What a script is told of what went wrong: each row of the table."""

from __future__ import annotations

import errno
import os
from socket import gaierror

from OpenSSL import SSL
from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError, describe, quoted

CLOSED = ("closed", "Operation canceled")
TIMEOUT = ("timeout", "Operation canceled")
DNS = ("dns", "Host not found")
REFUSED = ("refused", "Connection refused")
RESET = ("reset", "Connection reset by peer")
EOF = ("eof", "End of file")

BY_KIND: list[tuple[BaseException, tuple[str, str]]] = [
    (OperationError("limit", "too much"), ("limit", "too much")),
    (CancelledError(), CLOSED),
    (error.ConnectingCancelledError(None), CLOSED),
    (error.ConnectionAborted(), CLOSED),
    (DeferredTimeout(), TIMEOUT),
    (error.TimeoutError(), TIMEOUT),
    (error.TCPTimedOutError(errno.ETIMEDOUT), TIMEOUT),
    (error.ConnectionRefusedError(), REFUSED),
    (error.DNSLookupError(), DNS),
    (error.UnknownHostError(), DNS),
    (gaierror(), DNS),
    (error.ConnectionDone(), EOF),
    (error.ConnectionLost(), RESET),
    (error.NoRouteError(errno.ENETUNREACH), ("unreachable", "Network is unreachable")),
    (error.ConnectError(string="no way"), ("unreachable", "no way")),
]

BY_ERRNO = {
    errno.ECONNREFUSED: REFUSED,
    errno.ENOENT: ("refused", "No such file or directory"),
    errno.ENOTSOCK: ("refused", "Socket operation on non-socket"),
    errno.ECONNRESET: RESET,
    errno.EPIPE: RESET,
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


def described(problem: BaseException) -> tuple[str, str] | None:
    return describe(Failure(problem))


class DescribeTests(SynchronousTestCase):
    def test_each_kind_has_its_code_and_message(self) -> None:
        for problem, expected in BY_KIND:
            with self.subTest(kind=type(problem).__name__):
                self.assertEqual(described(problem), expected)

    def test_each_errno_has_its_code_and_message(self) -> None:
        for number, expected in BY_ERRNO.items():
            with self.subTest(errno=errno.errorcode[number]):
                self.assertEqual(described(OSError(number, "x")), expected)

    def test_connecting_fails_by_its_errno(self) -> None:
        for number, expected in BY_ERRNO.items():
            with self.subTest(errno=errno.errorcode[number]):
                problem = error.getConnectError((number, os.strerror(number)))
                self.assertEqual(described(problem), expected)

    def test_listening_fails_by_its_errno(self) -> None:
        for number, expected in BY_ERRNO.items():
            with self.subTest(errno=errno.errorcode[number]):
                reason = OSError(number, "x")
                problem = error.CannotListenError("127.0.0.1", 80, reason)
                self.assertEqual(described(problem), expected)

    def test_a_unix_socket_in_use_has_no_errno(self) -> None:
        problem = error.CannotListenError(None, "/run/x", "Cannot acquire lock")
        self.assertEqual(described(problem), ("in_use", "Address already in use"))

    def test_another_errno_is_unreachable_in_the_system_s_words(self) -> None:
        self.assertEqual(
            described(OSError(errno.ENOTCONN, "x")),
            ("unreachable", os.strerror(errno.ENOTCONN)),
        )

    def test_a_bug_is_not_described(self) -> None:
        for problem in (ZeroDivisionError(), KeyError("x"), RuntimeError("x")):
            self.assertIsNone(described(problem))


class QuotedTests(SynchronousTestCase):
    def test_what_a_terminal_would_obey_is_escaped(self) -> None:
        """And what is no ASCII, and all but the beginning is left out."""
        self.assertEqual(quoted(b"a \x1b[2J\0\xff\n"), r"a \x1b[2J\x00\xff\x0a")
        self.assertEqual(quoted(b"x" * 99, 5), "xxxxx")


class TLSTests(SynchronousTestCase):
    def problem(self, *entries: str) -> tuple[str, str] | None:
        """What is told of OpenSSL's error queue."""
        return described(SSL.Error([("SSL routines", "", each) for each in entries]))

    def test_the_last_entry_of_the_queue_is_told(self) -> None:
        self.assertEqual(
            self.problem("first", "certificate expired"),
            ("tls", "TLS failed: certificate expired"),
        )

    def test_a_peer_that_speaks_something_else(self) -> None:
        for entry in (
            "wrong version number",
            "packet length too long",
            "record layer failure",
        ):
            self.assertEqual(
                self.problem(entry), ("tls", "TLS failed: the peer does not speak TLS")
            )
        for entry in ("http request", "https proxy request"):
            self.assertEqual(
                self.problem(entry),
                ("tls", "TLS failed: the peer does not speak TLS, but HTTP"),
            )

    def test_the_layer_of_records_only_passes_on(self) -> None:
        self.assertEqual(
            self.problem("decryption failed or bad record mac", "record layer failure"),
            ("tls", "TLS failed: a record was damaged on its way, or forged"),
        )
        self.assertEqual(
            self.problem("bad record type", "record layer failure"),
            ("tls", "TLS failed: the peer does not speak TLS"),
        )

    def test_an_alert_that_has_no_name(self) -> None:
        self.assertEqual(
            self.problem(""), ("tls", "TLS failed: OpenSSL has no words for it")
        )

    def test_a_peer_without_a_certificate(self) -> None:
        self.assertEqual(
            self.problem("peer did not return a certificate"),
            ("tls", "TLS failed: the peer showed no certificate"),
        )

    def test_an_empty_queue(self) -> None:
        self.assertEqual(self.problem(), ("tls", "TLS failed"))
        self.assertEqual(described(SSL.Error()), ("tls", "TLS failed"))
