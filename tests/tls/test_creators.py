"""What is kept for clients that connect again, and when it is read again."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.creators import FRESH, MOST, ClientCreators
from eplua_twisted.tls.options import TLSOptions
from tests.support.authority import Authority


class CreatorsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.creators = ClientCreators()
        self.authority = Authority(self)
        self.file = Path(self.authority.file)
        self.options = TLSOptions(certificate_authority=self.authority.file.encode())

    def get(
        self,
        options: TLSOptions | None = None,
        host: str = "localhost",
        port: int = 443,
        now: float = 0.0,
    ) -> object:
        return self.creators.get(options or self.options, host, port, frozenset(), now)

    def test_kept_for_the_same(self) -> None:
        """Options that are equal, host and port."""
        file = self.authority.file.encode()
        again = TLSOptions(certificate_authority=file)
        self.assertIs(self.get(), self.get(again, now=FRESH))

    def test_not_kept_for_another(self) -> None:
        first = self.get()
        verified = TLSOptions(
            certificate_authority=self.options.certificate_authority, min_version="1.3"
        )
        others = [self.get(verified), self.get(host="other"), self.get(port=8443)]
        self.assertNotIn(first, others)
        self.assertEqual(len(set(others)), 3)

    def test_a_file_that_was_changed(self) -> None:
        first = self.get()
        self.file.write_bytes(self.file.read_bytes() + b"\n")
        second = self.get()
        self.assertIsNot(first, second)
        self.assertIs(second, self.get())

    def test_a_file_in_the_place_of_another(self) -> None:
        """Of the same size and time."""
        first = self.get()
        found = self.file.stat()
        other = self.file.with_suffix(".new")
        other.write_bytes(self.file.read_bytes())
        os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
        other.replace(self.file)
        self.assertIsNot(first, self.get())

    def test_a_file_that_is_gone(self) -> None:
        """It is said, and read anew when there is one again."""
        first = self.get()
        text = self.file.read_bytes()
        self.file.unlink()
        self.assertRaises(OperationError, self.get)
        self.file.write_bytes(text)
        self.assertIsNot(first, self.get())

    def test_the_files_of_the_system(self) -> None:
        """Also where OpenSSL is told another place."""
        first = self.get(TLSOptions())
        name = ssl.get_default_verify_paths().openssl_cafile_env
        self.patch(os, "environ", {**os.environ, name: str(self.file)})
        second = self.get(TLSOptions())
        self.assertIsNot(first, second)
        self.file.write_bytes(self.file.read_bytes() + b"\n")
        self.assertIsNot(second, self.get(TLSOptions()))

    def test_read_again_after_a_while(self) -> None:
        """However often it was used."""
        first = self.get()
        self.assertIs(first, self.get(now=FRESH - 1))
        self.assertIsNot(first, self.get(now=FRESH + 1))

    def test_bounded(self) -> None:
        """The one goes that was not used for the longest time."""
        first, second = self.get(host="1"), self.get(host="2")
        for number in range(3, MOST + 1):
            self.get(host=str(number))
        self.assertIs(first, self.get(host="1"))
        self.get(host="another")
        self.assertIs(first, self.get(host="1"))
        self.assertIsNot(second, self.get(host="2"))

    def test_pem_text_is_no_file(self) -> None:
        text = TLSOptions(certificate_authority=self.file.read_bytes())
        first = self.get(text)
        self.file.unlink()
        self.assertIs(first, self.get(text))
