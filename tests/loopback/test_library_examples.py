"""The examples for applications: each is run as its comment says."""

from __future__ import annotations

import os
import socket
import sys
from urllib.request import Request, urlopen

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.support import ROOT, free_port, start


def ask(url: str, user: str | None = None) -> tuple[int, str]:
    request = Request(url, headers={"X-User": user} if user else {})
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except OSError as problem:
        return problem.code, problem.read().decode()  # type: ignore[attr-defined]


class LibraryExampleTests(TestCase):
    timeout = 60

    async def test_hooks(self) -> None:
        """Answers are the script's, one after another and side by side."""
        peer = start(
            self, sys.executable, str(ROOT / "examples/hooks/hooks_server.py"), "0"
        )
        url = (await peer.says(b"/\n")).decode().strip()
        for path, user, wanted in (
            (
                "",
                None,
                (200, "Hello, stranger! Visit 1, it is 21.5 °C in the kitchen.\n"),
            ),
            ("", "bob", (200, "Hello, bob! Visit 1, it is 21.5 °C in the kitchen.\n")),
            ("", "bob", (200, "Hello, bob! Visit 2, it is 21.5 °C in the kitchen.\n")),
            ("private", "bob", (403, "Forbidden: only for admin\n")),
        ):
            self.assertEqual(await deferToThread(ask, url + path, user), wanted)

    async def test_service(self) -> None:
        """It serves, and is started again when the script fails."""
        port = free_port()
        os.environ["PORT"] = str(port)
        self.addCleanup(os.environ.pop, "PORT")
        peer = start(
            self,
            sys.executable,
            "-c",
            "from twisted.scripts.twistd import run; run()",
            "-n",
            "--pidfile=",
            f"--rundir={ROOT}",
            "-y",
            str(ROOT / "examples/service.tac"),
        )
        await peer.says(b"listening on port")

        def talk(line: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(line)
                return connection.recv(100)

        self.assertEqual(await deferToThread(talk, b"hello\n"), b"Echo: hello\n")
        self.assertEqual(await deferToThread(talk, b"break\n"), b"")
        output = await peer.says(b"again in 1.0 s")
        self.assertIn(b"service.lua:11: somebody said break", output)
        peer.output = b""
        await peer.says(b"listening on port")
        self.assertEqual(await deferToThread(talk, b"hello\n"), b"Echo: hello\n")

    async def test_tested_with_trial(self) -> None:
        peer = start(
            self,
            sys.executable,
            "-m",
            "twisted.trial",
            f"--temp-directory={os.path.abspath(self.mktemp())}",
            str(ROOT / "examples/test_heating.py"),
        )
        self.assertEqual(await peer.ended, 0, peer.output)
        self.assertIn(b"PASSED (successes=2)", peer.output)
