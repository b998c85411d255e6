"""
A script tested with trial: its time is a C{Clock}, its house is the test's.

    trial examples/test_heating.py
"""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import OperationError, Runtime

SCRIPT = Path(__file__).resolve().parent / "heating.lua"


class HeatingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.readings: list[Deferred[float]] = []
        self.switched: list[bool] = []
        self.said: list[str] = []
        self.runtime = Runtime(clock=self.clock, text=True, output=self.said.append)
        self.runtime.expose(
            "house", {"temperature": self.temperature, "switch": self.switched.append}
        )
        self.successResultOf(self.runtime.run_file(SCRIPT))
        self.addCleanup(self.runtime.stop)

    def temperature(self) -> Deferred[float]:
        return self.readings.pop(0)

    def test_switches(self) -> None:
        """It heats below 20 °C and stops above 21 °C, and looks every minute."""
        self.readings = [succeed(celsius) for celsius in (19.0, 20.5, 21.5, 20.5)]
        self.clock.pump([60] * 4)
        self.assertEqual(self.switched, [True, False])

    def test_sensor_fails(self) -> None:
        """The heating stays as it is, and somebody is told."""
        self.readings = [Deferred(), succeed(19.0)]
        first = self.readings[0]
        self.clock.advance(60)
        first.errback(OperationError("timeout", "the sensor is silent"))
        self.assertEqual(self.said, ["no temperature: the sensor is silent"])
        self.clock.advance(60)
        self.assertEqual(self.switched, [True])
