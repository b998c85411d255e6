"""What is shown of the results, on a terminal or elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from eplua_twisted.terminal import PLAIN, RED, YELLOW, Terminal, shown
from eplua_twisted.tools.test.messages import Result, Verdict
from eplua_twisted.tools.test.processes import FileReport

GREEN = "\x1b[32m"

COLOURS: dict[Verdict, str] = {
    "ok": GREEN,
    "failed": RED,
    "fragile": YELLOW,
    "skipped": YELLOW,
    "not run": YELLOW,
}

WIDTH = 60
"""Characters of a name; a longer one moves what is beside it."""


class Table:
    """Writes lines of a report."""

    def __init__(self, write: Callable[[str], None], colours: bool) -> None:
        self._write = write
        self._colours = colours

    def show(self, report: FileReport, shown: int | None) -> int:
        """
        The results of a file that were not shown yet.

        @param shown: how many were; C{None}: nothing of the file
        @return: how many are now
        """
        if shown is None:
            self._write(report.path)
        for result in report.results[shown or 0 :]:
            self._row(result)
        if report.broken is not None:
            self._write(f"  {self._word('failed')} the file cannot be run")
        return len(report.results)

    def _row(self, result: Result) -> None:
        if result.verdict == "skipped" or result.verdict == "not run":
            why = result.message or (
                "no connection to break" if result.verdict == "not run" else ""
            )
            more = f"({why})" if why else ""
        else:
            more = f"{result.seconds * 1000:6.0f} ms"
        title = shown(result.title)
        row = f"  {self._word(result.verdict)} {title:<{WIDTH}} {shown(more)}"
        self._write(row.rstrip())
        for each in result.left:
            self._write(f"          left open: {shown(each)}")

    def _word(self, verdict: Verdict) -> str:
        word = f"{verdict:<7}"
        return f"{COLOURS[verdict]}{word}{PLAIN}" if self._colours else word

    def explain(self, reports: Sequence[FileReport]) -> None:
        """What went wrong, one after the other."""
        for report in reports:
            terminal = Terminal(report.path, None, self._colours)
            broken = report.broken
            if broken is not None:
                self._write(f"\n{self._word('failed')} {report.path}")
                self._problem(terminal, broken.message, broken.traceback)
                self._output(broken.output)
            for result in report.results:
                if result.verdict in ("failed", "fragile"):
                    self._write(f"\n{self._word(result.verdict)} {shown(result.title)}")
                    self._problem(terminal, result.message, result.traceback)
                    self._output(result.output)

    def _problem(self, terminal: Terminal, message: str, traceback: str) -> None:
        """
        The message, below its first line that line of the script, and the traceback.
        """
        first, *more = message.split("\n")
        trace = traceback.removeprefix(message)
        head = terminal.render(first).split("\n")
        below = terminal.render(first + trace).split("\n")[len(head) :]
        for line in (*head, *map(shown, more), *below):
            self._write(_indented(line))

    def _output(self, lines: Sequence[str]) -> None:
        if lines:
            self._write("    it has printed:")
            for line in lines:
                self._write(_indented(shown(line), "      "))

    def sum_up(self, reports: Sequence[FileReport], seconds: float) -> None:
        """The last line."""
        counts = Counter(
            result.verdict for report in reports for result in report.results
        )
        counts["failed"] += sum(report.broken is not None for report in reports)
        total = sum(counts.values())
        said = ", ".join(
            f"{counts[verdict]} {verdict}" for verdict in COLOURS if counts[verdict]
        )
        tests = "1 test" if total == 1 else f"{total} tests"
        self._write(f"\n{tests}: {said} in {seconds:.1f} s")


def _indented(text: str, by: str = "    ") -> str:
    return "\n".join(by + line for line in text.split("\n"))
