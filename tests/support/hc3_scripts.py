"""Scripts of Home Center 3 in memory."""

from __future__ import annotations

from typing import Any

from eplua_twisted import Runtime
from eplua_twisted.hc3.log_lines import LogLine
from eplua_twisted.hc3.setup import Setup
from tests.support import LuaTestCase


class HostTestCase(LuaTestCase):
    """
    @ivar logged: each line that a script has logged
    @ivar number: the device of the QuickApp
    """

    lua = "5.3"

    def setUp(self) -> None:
        self.logged: list[LogLine] = []
        super().setUp()

    def make_runtime(self, **options: Any) -> Runtime:
        options.setdefault("hc3", Setup(on_line=self.logged.append))
        return super().make_runtime(**options)

    @property
    def texts(self) -> list[str]:
        """The texts of what was logged, since this was asked last."""
        texts = [each.text for each in self.logged]
        self.logged.clear()
        return texts

    def run_script(self, code: str) -> None:
        """Run a script to where nothing more is due now."""
        done = self.runtime.run_string(code, "@test.lua")
        self.turn(4)
        self.successResultOf(done)

    def quickapp(self, body: str, headers: str = "") -> list[str]:
        """Run a QuickApp whose C{onInit} has this body; what it has logged."""
        found = "print(self.id)"
        self.run_script(f"{headers}\nfunction QuickApp:onInit() {found}\n{body}\nend")
        self.number = int(self.texts_of(1)[0])
        return self.texts

    def texts_of(self, count: int) -> list[str]:
        """The first so many."""
        texts = [each.text for each in self.logged[:count]]
        del self.logged[:count]
        return texts

    def begin(self, body: str) -> None:
        """As L{quickapp}, for one that is not over yet."""
        done = self.runtime.run_string(
            f"\nfunction QuickApp:onInit()\n{body}\nend", "@test.lua"
        )
        # Stopping ends it.
        done.addErrback(lambda failure: None)
        self.turn(4)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request of the controller by somebody else, and what comes of it."""
        answer = self.successResultOf(self.runtime.hc3.request(method, path, body))
        self.turn(4)
        return answer
