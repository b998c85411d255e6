"""Errors of scripts of Home Center 3 name the nearest function or method, too."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.hc3_scripts import HostTestCase


class HintTests(HostTestCase):
    def hint(self, body: str) -> str:
        self.quickapp(body)
        first = self.errors[-1].split("\n")[0]
        return first.partition("; did you mean ")[2]

    def test_nearest_name(self) -> None:
        for body, name in (
            ("fibaro.getVlaue(1, 'value')", "fibaro.getValue"),
            ("hub.cal(1, 'turnOn')", "fibaro.call"),
            ("api.pots('/devices')", "api.post"),
            ("plugin.getDevise(1)", "plugin.getDevice"),
            ("self:updateVeiw('a', 'b', 1)", "self:updateView"),
            ("QuickApp:trase('x')", "self:trace"),
            ("urlencod('x')", "urlencode"),
            ("function QuickApp:dim() end self:dimm()", "self:dim"),
        ):
            self.runtime = self.make_runtime()
            self.assertEqual(self.hint(body), f"{name}?", body)

    def test_something_else(self) -> None:
        """What is like nothing of ours has no hint."""
        for body in ("self:wholeOtherThing()", "fibaro.x7q()", "local t = {} t.a.b()"):
            self.runtime = self.make_runtime()
            self.assertEqual(self.hint(body), "", body)


globals().update(for_each_lua(HintTests))
