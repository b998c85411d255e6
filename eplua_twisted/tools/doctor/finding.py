"""What was found about one thing, and how it is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from eplua_twisted.terminal import shown

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """
    What was found.

    @ivar subject: of what
    @ivar advice: what to do; empty where nothing has to be done
    """

    subject: str
    status: Status
    text: str
    advice: str = ""

    def __str__(self) -> str:
        # What servers answer may have anything in it.
        line = f"{self.status:8}{self.subject:19}{shown(self.text)}"
        return f"{line}\n{'':27}-> {self.advice}" if self.advice else line


def as_json(findings: Sequence[Finding]) -> str:
    """For programs."""
    return json.dumps({"findings": [asdict(each) for each in findings]}, indent=2)


def summary(findings: Sequence[Finding]) -> str:
    """What it comes to."""
    failed = sum(each.status == "failed" for each in findings)
    warned = sum(each.status == "warning" for each in findings)
    if not failed and not warned:
        return "all is well"
    warnings = f"{warned} warning{'s' * (warned != 1)}"
    return f"{failed} failed, {warnings}"


def exit_code(findings: Sequence[Finding]) -> int:
    """1 if something has failed; a warning is none."""
    return int(any(each.status == "failed" for each in findings))
