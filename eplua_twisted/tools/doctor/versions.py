"""Which versions are installed, and whether they are those that are needed."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError

from eplua_twisted.tools.doctor.finding import Finding, Status

EXTRAS = ("metrics", "tools")
"""The extras for those who use the package."""

_NEEDED = re.compile(
    r"([\w.-]+)(?:\[[\w,]+\])?\s*([^;]*)(?:;\s*extra == ['\"](\w+)['\"])?$"
)
_LOWEST = re.compile(r">=\s*([\d.]+)")


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def packages(needed: Iterable[str], version: Callable[[str], str]) -> Iterator[Finding]:
    """
    @param needed: as C{importlib.metadata.requires}
    @param version: gives that of an installed package; raises C{PackageNotFoundError}
    """
    for requirement in needed:
        found = _NEEDED.match(requirement)
        if found is None or (found[3] is not None and found[3] not in EXTRAS):
            continue
        name, bounds, extra = found.groups()
        lowest = _LOWEST.search(bounds)
        target = "eplua-twisted" if extra is None else f"'eplua-twisted[{extra}]'"
        advice = f"pip install --upgrade {target}"
        status: Status = "failed" if extra is None else "warning"
        try:
            there = version(name)
        except PackageNotFoundError:
            what = f"is not installed: extra {extra}" if extra else "is not installed"
            yield Finding(name, status, what, advice)
            continue
        if lowest and _numbers(there) < _numbers(lowest[1]):
            text = f"{there}, {lowest[1]} or newer is needed"
            yield Finding(name, status, text, advice)
        else:
            yield Finding(name, "ok", there)


def python() -> Finding:
    """The Python that runs this."""
    system = f"{platform.system()} {platform.machine()}"
    return Finding("Python", "ok", f"{platform.python_version()} on {system}")
