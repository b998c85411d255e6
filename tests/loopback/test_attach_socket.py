"""The socket at which a service gives prompts."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from twisted.internet import reactor as real_reactor
from twisted.trial.unittest import TestCase

from eplua_twisted.attach.server import Server
from eplua_twisted.errors import OperationError


class SocketTests(TestCase):
    """What others can do with it, and when it is there."""

    timeout = 20

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "s")
        os.mkdir(os.path.dirname(self.path))
        self.server = Server(dict)
        self.addCleanup(self.server.stop)

    def listen(self, server: Server | None = None) -> None:
        (server or self.server).listen(real_reactor, self.path)  # type: ignore[arg-type]

    def refused(self, text: str) -> None:
        with self.assertRaises(OperationError) as caught:
            self.listen(Server(dict))
        self.assertEqual(str(caught.exception), f"--attach={self.path}: {text}")

    def test_it_is_for_its_owner_from_the_first_moment(self) -> None:
        modes: list[int] = []
        before = os.chmod

        def chmod(path: bytes, mode: int) -> None:
            modes.append(stat.S_IMODE(os.stat(path).st_mode))
            before(path, mode)

        self.patch(os, "chmod", chmod)
        mask = os.umask(0)
        self.addCleanup(os.umask, mask)
        self.listen()
        modes.append(stat.S_IMODE(os.stat(self.path).st_mode))
        self.assertEqual(modes, [0o600, 0o600])

    async def test_it_is_removed(self) -> None:
        self.listen()
        await self.server.stop()
        self.assertFalse(os.path.lexists(self.path))

    def test_a_dead_one_is_replaced(self) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path)
        self.listen()

    def test_a_live_one_is_an_error(self) -> None:
        self.listen()
        self.refused("a process listens there")
        self.assertTrue(os.path.lexists(self.path))

    def test_another_file_is_an_error(self) -> None:
        Path(self.path).write_text("mine")
        self.refused("a file is there, and no socket")
        self.assertEqual(Path(self.path).read_text(), "mine")

    def test_a_folder_that_is_not_there(self) -> None:
        self.path = os.path.join(self.path, "s")
        self.refused("No such file or directory")
