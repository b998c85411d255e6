"""The command options for several processes."""

from __future__ import annotations

from twisted.python import usage

MOST = 256
"""Workers: more than the cores of a machine do not serve more."""


class WorkerOptions(usage.Options):
    """
    Mixed into the options of a command.

    @ivar workers: how many processes run the script; C{None}: this one does
    """

    workers: int | None = None

    def opt_workers(self, number: str) -> None:
        """NUMBER of processes that run the script and share its ports; of twistd eplua."""
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= MOST):
            raise usage.UsageError(
                f"--workers: integer 1..{MOST} expected, got {number!r}"
            )
        self.workers = int(number)

    def check_workers(self) -> None:
        """@raise usage.UsageError: it does not go with another option"""
        if self.workers is None:
            return
        for name in ("metrics", "inspect", "attach", "hc3", "run_for"):
            if getattr(self, name, None):
                option = name.replace("_", "-")
                raise usage.UsageError(f"--workers and --{option}: give one of them")
