"""What C{eplua doctor} says about versions and TLS, and how it is shown."""

from __future__ import annotations

import errno
import json
import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tools.doctor import tls
from eplua_twisted.tools.doctor.command import Options
from eplua_twisted.tools.doctor.doctor import luas
from eplua_twisted.tools.doctor.finding import Finding, as_json, exit_code, summary
from eplua_twisted.tools.doctor.versions import packages
from tests.memory import MemoryReactor

OK = Finding("Python", "ok", "3.11")
WARNING = Finding("tree-sitter", "warning", "is not installed", "pip install it")
FAILED = Finding("names", "failed", "Host not found", "look at /etc/hosts")


class VersionTests(SynchronousTestCase):
    def found(self, needed: str, there: str | None) -> list[str]:
        def version(name: str) -> str:
            if there is None:
                raise PackageNotFoundError(name)
            return there

        return [str(each) for each in packages([needed], version)]

    def test_packages(self) -> None:
        """One that is needed and not there, or too old, has failed."""
        for there, said in (
            ("26.7.0", "ok      treq               26.7.0"),
            ("26.10.0rc1", "ok      treq               26.10.0rc1"),
            ("26.6.9", "failed  treq               26.6.9, 26.7.0 or newer is needed"),
            (None, "failed  treq               is not installed"),
        ):
            (line,) = self.found("treq>=26.7.0", there)
            self.assertEqual(line.split("\n")[0], said)
            advised = "pip install --upgrade eplua-twisted" in line
            self.assertEqual(advised, line.startswith("failed"))

    def test_other_forms(self) -> None:
        self.assertIn("ok ", self.found("twisted[tls]>=26.10.0", "26.10.0")[0])
        self.assertIn("ok ", self.found("paho-mqtt<3,>=2.2.0", "2.2.1")[0])
        self.assertIn("failed", self.found("paho-mqtt<3,>=2.2.0", "2.1.9")[0])

    def test_extras(self) -> None:
        """Those of users warn; those of developers are nobody's business."""
        (line,) = self.found("tree-sitter>=0.26.1; extra == 'tools'", None)
        self.assertIn(
            "warning tree-sitter        is not installed: extra tools\n", line
        )
        self.assertIn("pip install --upgrade 'eplua-twisted[tools]'", line)
        self.assertEqual(self.found("ruff>=0.17; extra == 'dev'", None), [])

    def test_luas(self) -> None:
        """All four are there, and say which they are."""
        found = list(luas(MemoryReactor()))
        self.assertEqual([each.status for each in found], ["ok"] * 4)
        self.assertEqual(found[0], Finding("Lua 5.3", "ok", "Lua 5.3"))
        self.assertTrue(found[3].text.startswith("LuaJIT 2.1"), found[3])


class TLSTests(SynchronousTestCase):
    def without_authorities(self) -> None:
        self.patch(os, "environ", {**os.environ})
        os.environ["SSL_CERT_FILE"] = os.environ["SSL_CERT_DIR"] = "/none/such"

    def test_handshake(self) -> None:
        """It needs no authority of the system's."""
        self.without_authorities()
        found = tls.handshake()
        self.assertEqual((found.subject, found.status), ("TLS", "ok"))
        self.assertIn("TLSv1.3", found.text)

    def test_handshake_fails(self) -> None:
        """The certificate is verified."""
        other, _ = tls.certificate()
        found = tls.handshake(other)
        self.assertEqual((found.subject, found.status), ("TLS", "failed"))
        self.assertIn("verify failed", found.text)

    def test_no_authorities(self) -> None:
        self.without_authorities()
        found = tls.authorities()
        self.assertEqual(found.status, "warning")
        self.assertIn("ca-certificates", found.advice)

    def test_authorities(self) -> None:
        """In a file they are counted; what is none is a failure."""
        self.without_authorities()
        path = Path(self.mktemp())
        path.write_bytes(tls.certificate()[0])
        os.environ["SSL_CERT_FILE"] = str(path)
        self.assertEqual(
            tls.authorities(), Finding("authorities", "ok", f"1 in {path}")
        )
        path.write_text("nothing")
        self.assertEqual(tls.authorities().status, "failed")

    def test_folder_of_authorities_that_cannot_be_read(self) -> None:
        """That is a failure, and no bug."""
        self.without_authorities()
        folder = Path(self.mktemp())
        folder.mkdir()
        os.environ["SSL_CERT_DIR"] = str(folder)

        def listdir(path: str) -> list[str]:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

        self.patch(os, "listdir", listdir)
        found = tls.authorities()
        self.assertEqual(found.status, "failed")
        self.assertEqual(found.text, f"{folder} cannot be used: Permission denied")


class ShowTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """What to do stands below."""
        self.assertEqual(
            str(FAILED),
            "failed  names              Host not found\n"
            "                           -> look at /etc/hosts",
        )

    def test_answers_cannot_steer_the_terminal(self) -> None:
        found = Finding("broker", "failed", "\x1b[2Jno")
        self.assertIn("\\x1b[2Jno", str(found))

    def test_summary_and_exit_code(self) -> None:
        """A warning is no failure."""
        for found, said, code in (
            ([OK], "all is well", 0),
            ([OK, WARNING], "0 failed, 1 warning", 0),
            ([FAILED, WARNING, WARNING], "1 failed, 2 warnings", 1),
        ):
            self.assertEqual((summary(found), exit_code(found)), (said, code))

    def test_json(self) -> None:
        """As the page of the command describes it."""
        self.assertEqual(
            json.loads(as_json([FAILED])),
            {
                "findings": [
                    {
                        "subject": "names",
                        "status": "failed",
                        "text": "Host not found",
                        "advice": "look at /etc/hosts",
                    }
                ]
            },
        )

    def test_usage(self) -> None:
        for given, said in (
            ("x", "doctor: no argument expected, got 'x'"),
            ("--broker=", "--broker: HOST:PORT expected, got ''"),
            ("--hc3-url=box", "--hc3-url: http://HOST expected, got 'box'"),
        ):
            with self.assertRaises(UsageError) as raised:
                Options().parseOptions([given])
            self.assertEqual(str(raised.exception), said)
