"""Sunrise and sunset."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.hc3.sun import sun_times


class SunTests(SynchronousTestCase):
    def setUp(self) -> None:
        before = os.environ.get("TZ")
        os.environ["TZ"] = "UTC"
        time.tzset()
        self.addCleanup(self.restore, before)

    def restore(self, zone: str | None) -> None:
        if zone is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = zone
        time.tzset()

    def near(self, place: tuple[float, float], day: datetime, *expected: str) -> None:
        """Within three minutes of what an almanac says."""
        found = sun_times(*place, day.timestamp())
        for one, other in zip(found, expected, strict=True):
            minutes = [int(each[:2]) * 60 + int(each[3:]) for each in (one, other)]
            self.assertTrue(abs(minutes[0] - minutes[1]) <= 3, (found, expected))

    def test_greenwich(self) -> None:
        """Almanac for 51.48 N, 0 E."""
        place = 51.48, 0.0
        self.near(place, datetime(2026, 3, 20, 12, tzinfo=UTC), "06:04", "18:14")
        self.near(place, datetime(2026, 6, 21, 12, tzinfo=UTC), "03:43", "20:21")
        self.near(place, datetime(2026, 12, 21, 12, tzinfo=UTC), "08:04", "15:53")

    def test_equator(self) -> None:
        day = datetime(2026, 3, 20, 12, tzinfo=UTC)
        self.near((0.0, 0.0), day, "06:04", "18:11")

    def test_sun_that_does_not_set_or_rise(self) -> None:
        summer = datetime(2026, 6, 21, 12, tzinfo=UTC).timestamp()
        winter = datetime(2026, 12, 21, 12, tzinfo=UTC).timestamp()
        rise, fall = sun_times(80.0, 0.0, summer)
        self.assertEqual((rise[:2], fall[:2]), ("00", "00"))
        rise, fall = sun_times(80.0, 0.0, winter)
        self.assertEqual(rise, fall)
