"""Figures over time, drawn as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 420, 150
PLOT_WIDTH, PLOT_HEIGHT = 380, 80
MOST_POINTS = 400


@dataclass
class Curve:
    """
    @ivar note: what is written beside the name
    @ivar times: in seconds
    """

    name: str
    note: str
    times: Sequence[float]
    values: Sequence[float]


def _curve(curve: Curve, x: int, y: int) -> str:
    step = max(1, len(curve.times) // MOST_POINTS)
    times, values = curve.times[::step], curve.values[::step]
    high, end = max(values) or 1, times[-1] or 1
    points = " ".join(
        f"{t / end * PLOT_WIDTH:.0f},{PLOT_HEIGHT * (1 - v / high):.1f}"
        for t, v in zip(times, values, strict=True)
    )
    return (
        f'<g transform="translate({x},{y})">'
        f'<text y="-6">{curve.name}, at most {high:,.0f}; {curve.note}</text>'
        f'<path d="M0,0V{PLOT_HEIGHT}H{PLOT_WIDTH}" fill="none" stroke="#808080"/>'
        f'<polyline points="{points}" fill="none" stroke="#2878b0"/>'
        f'<text y="{PLOT_HEIGHT + 14}">0</text>'
        f'<text x="{PLOT_WIDTH}" y="{PLOT_HEIGHT + 14}" text-anchor="end">'
        f"{end / 60:.0f} min</text></g>"
    )


def plot(curves: Sequence[Curve], rows: int) -> str:
    """The curves, each from nothing up, so many below each other in a column."""
    drawn = "".join(
        _curve(each, i // rows * WIDTH + 20, i % rows * HEIGHT + 30)
        for i, each in enumerate(curves)
    )
    columns = -(-len(curves) // rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * WIDTH}'
        f' {rows * HEIGHT + 10}" font-family="sans-serif" font-size="12"'
        f' fill="#808080">{drawn}</svg>\n'
    )
