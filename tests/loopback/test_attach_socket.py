"""The socket at which a service gives prompts."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from eplua_twisted.attach.server import Server
from eplua_twisted.errors import OperationError
from eplua_twisted.tools.attach.client import GREETED_WITHIN, Attached, reach


class SocketTests(TestCase):
    """What others can do with it, and when it is there."""

    timeout = 20

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "s")
        os.mkdir(os.path.dirname(self.path))
        self.server = Server(Clock(), dict)
        self.addCleanup(self.server.stop)

    def listen(self, server: Server | None = None) -> None:
        (server or self.server).listen(real_reactor, self.path)  # type: ignore[arg-type]

    def refused(self, text: str) -> None:
        with self.assertRaises(OperationError) as caught:
            self.listen(Server(Clock(), dict))
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


class Connected(Attached):
    """Tells when it is, and a greeting is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.made: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        real_reactor.callLater(0, self.made.callback, None)


class ReachTests(TestCase):
    """How a prompt finds its service."""

    timeout = 20

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "s")
        os.mkdir(os.path.dirname(self.path))
        self.clock = Clock()
        self.attached = Connected()

    def reached(self, script: str | None = None) -> Deferred[dict[str, object]]:
        return Deferred.fromCoroutine(
            reach(real_reactor, self.clock, self.attached, self.path, script)  # type: ignore[arg-type]
        )

    async def refused(self, text: str, script: str | None = None) -> None:
        with self.assertRaises(ConnectionError) as caught:
            await self.reached(script)
        self.assertEqual(str(caught.exception), text)

    async def test_nothing_is_there(self) -> None:
        await self.refused("No such file or directory")

    async def test_a_file_is_there(self) -> None:
        Path(self.path).write_text("mine")
        await self.refused("it is no socket")

    async def test_its_process_is_dead(self) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path)
        await self.refused("no process listens there")

    async def test_what_listens_says_nothing(self) -> None:
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.path)
            other.listen()
            reached = self.reached()
            await self.attached.made
            self.clock.advance(GREETED_WITHIN)
            with self.assertRaises(ConnectionError) as caught:
                await reached
            self.assertIn("is not eplua", str(caught.exception))
            await self.attached.gone

    async def test_a_script_that_is_not_there(self) -> None:
        server = Server(Clock(), dict)
        server.listen(real_reactor, self.path)  # type: ignore[arg-type]
        await self.refused("no script is named 'a.lua'; there are: none", "a.lua")
        await server.stop()
        await self.attached.gone

    async def test_the_service_ends(self) -> None:
        """Nothing is left of either end."""
        server = Server(Clock(), dict)
        server.listen(real_reactor, self.path)  # type: ignore[arg-type]
        greeting = await self.reached()
        self.assertEqual(greeting, {"eplua": 1, "lua": None, "scripts": []})
        await server.stop()
        why = await self.attached.gone
        self.assertEqual(why, "the service has closed the connection")
