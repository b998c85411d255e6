"""When the sun rises and sets."""

from __future__ import annotations

import math
import time

ZENITH = 90.833
"""Degrees between the zenith and a sun that has just set, air and its size included."""


def sun_times(latitude: float, longitude: float, now: float) -> tuple[str, str]:
    """
    Sunrise and sunset of a local day, as C{HH:MM} in local time; where the sun does not
    set, or does not rise, the times are those of noon, or of midnight, of that place.

    The formulas are those of NOAA's solar calculator, good for a minute or two.

    @param now: some time of that day, in seconds since 1970
    """
    local = time.localtime(now)
    offset = local.tm_gmtoff / 60
    year = 2 * math.pi / 365 * (local.tm_yday - 1 + 0.5)
    equation = 229.18 * (
        0.000075
        + 0.001868 * math.cos(year)
        - 0.032077 * math.sin(year)
        - 0.014615 * math.cos(2 * year)
        - 0.040849 * math.sin(2 * year)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(year)
        + 0.070257 * math.sin(year)
        - 0.006758 * math.cos(2 * year)
        + 0.000907 * math.sin(2 * year)
        - 0.002697 * math.cos(3 * year)
        + 0.00148 * math.sin(3 * year)
    )
    angle = math.radians(max(-89.9, min(89.9, latitude)))
    cosine = math.cos(math.radians(ZENITH)) / (
        math.cos(angle) * math.cos(declination)
    ) - math.tan(angle) * math.tan(declination)
    half = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
    noon = 720 - 4 * max(-180.0, min(180.0, longitude)) - equation + offset
    return _clock(noon - 4 * half), _clock(noon + 4 * half)


def _clock(minutes: float) -> str:
    whole = round(minutes) % (24 * 60)
    return f"{whole // 60:02}:{whole % 60:02}"
