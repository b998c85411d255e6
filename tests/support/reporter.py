"""C{trial --reporter=packages}: trial's report, then what to install for the skipped."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from twisted.trial.reporter import TreeReporter

from tests.support.programs import summary


class PackagesReporter(TreeReporter):
    """Trial's tree, with a last line that names the packages of missing programs."""

    def __init__(self, stream: TextIO = sys.stdout, *args: Any, **kwargs: Any) -> None:
        super().__init__(stream, *args, **kwargs)
        self._output = stream

    def done(self) -> None:
        super().done()
        line = summary(str(reason) for _, reason in self.skips)
        if line:
            self._output.write(line + "\n")
