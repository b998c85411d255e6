"""What a service manager hears: in the form of sd_notify(3)."""

from __future__ import annotations

import os
import socket

from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.supervisor import Supervisor


class SupervisorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.setblocking(False)

    def heard(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.manager.recv(1000))
            except BlockingIOError:
                return found

    def supervisor(self, address: str, **more: str) -> Supervisor:
        self.environment = {"NOTIFY_SOCKET": address, "HOME": "/", **more}
        return Supervisor(self.environment, self.clock)

    def test_by_path_and_by_abstract_address(self) -> None:
        path = os.path.join(os.path.relpath(self.mktemp()) + "s")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for bound, written in (
            (path, path),
            (f"\0eplua-{os.getpid()}", f"@eplua-{os.getpid()}"),
        ):
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            manager.bind(bound)
            manager.settimeout(0)
            with manager:
                supervisor = self.supervisor(written)
                supervisor.ready()
                self.assertEqual(manager.recv(100), b"READY=1")
                supervisor.reloading()
                lines = manager.recv(100).split(b"\n")
                self.assertEqual(lines[0], b"RELOADING=1")
                self.assertRegex(lines[1], rb"^MONOTONIC_USEC=\d+$")
                supervisor.stopping()
                self.assertEqual(manager.recv(100), b"STOPPING=1")
        self.assertEqual(self.environment, {"HOME": "/"})

    def test_watchdog(self) -> None:
        """It hears twice in its time, from the reactor, until the end."""
        name = f"eplua-w-{os.getpid()}"
        self.manager.bind("\0" + name)
        supervisor = self.supervisor(
            "@" + name, WATCHDOG_USEC="3000000", WATCHDOG_PID=str(os.getpid())
        )
        self.clock.advance(10)
        self.assertEqual(self.heard(), [])
        supervisor.ready()
        self.clock.pump([1.5, 1.5])
        self.assertEqual(self.heard(), [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"])
        supervisor.stopping()
        self.clock.advance(10)
        self.assertEqual(self.heard(), [b"STOPPING=1"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_watchdog_of_another_process(self) -> None:
        name = f"eplua-o-{os.getpid()}"
        self.manager.bind("\0" + name)
        supervisor = self.supervisor(
            "@" + name, WATCHDOG_USEC="3000000", WATCHDOG_PID="1"
        )
        supervisor.ready()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        supervisor.stopping()

    def test_nobody_is_there(self) -> None:
        """Without a manager nothing is said; of one that is gone the log warns."""
        with capturedLogs() as events:
            Supervisor({}, self.clock).ready()
        self.assertEqual(events, [])
        supervisor = self.supervisor(f"@eplua-gone-{os.getpid()}")
        with capturedLogs() as events:
            supervisor.ready()
            supervisor.stopping()
        self.assertEqual([event["line"] for event in events], ["READY=1", "STOPPING=1"])
