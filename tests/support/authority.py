"""Certificates made for a test, as files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import trustme
from twisted.trial.unittest import SynchronousTestCase


class Authority:
    """
    A certificate authority and what it issues, in a directory of one test.

    @ivar file: its own certificate
    @ivar own: its own certificate and key, as a server could misuse them
    """

    def __init__(self, case: SynchronousTestCase) -> None:
        self._directory = os.path.abspath(case.mktemp())
        os.makedirs(self._directory)
        self._authority = trustme.CA()
        self.file = self._write("ca", self._authority.cert_pem.bytes())
        self.own = self._write(
            "own",
            self._authority.private_key_pem.bytes() + self._authority.cert_pem.bytes(),
        )

    def _write(self, name: str, text: bytes) -> str:
        path = os.path.join(self._directory, name + ".pem")
        with open(path, "wb") as file:
            file.write(text)
        return path

    def issue(self, *names: str, **options: Any) -> str:
        """@return: a file with the key, the certificate and its chain"""
        issued = self._authority.issue_cert(*names, **options)
        name = f"{names[0]}-{len(os.listdir(self._directory))}"
        return self._write(name, issued.private_key_and_cert_chain_pem.bytes())

    def expired(self, name: str) -> str:
        now = datetime.now(UTC)
        day = timedelta(days=1)
        return self.issue(name, not_before=now - 2 * day, not_after=now - day)

    def not_yet_valid(self, name: str) -> str:
        now = datetime.now(UTC)
        day = timedelta(days=1)
        return self.issue(name, not_before=now + day, not_after=now + 2 * day)
