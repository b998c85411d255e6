"""What the tests of the facts of hc3-net-api.md share."""

from __future__ import annotations

from tests.support.hc3_scripts import HostTestCase

QUICKAPP = r"""
function shown(name)
  return {
    success = function(...) print(name, ...) end,
    error = function(...) print(name, "error", (...)) end,
  }
end
function asked(options)
  return {
    options = options,
    success = function(r) print(r.status, r.data) end,
    error = function(problem) print("error", problem) end,
  }
end
function QuickApp:handle(code) assert(load(code, "@test.lua"))() end
"""


class FactsTestCase(HostTestCase):
    """A QuickApp whose handlers do what a test wants."""

    def setUp(self) -> None:
        super().setUp()
        self.quickapp("", QUICKAPP)

    def handle(self, code: str) -> None:
        """Run a handler with this code to its end."""
        self.ask("POST", f"/devices/{self.number}/action/handle", {"args": [code]})
        self.assertEqual(self.errors, [])

    def said(self, *texts: str) -> None:
        """The script has logged these since this was asked last, and no error."""
        self.turn(4)
        self.assertEqual(self.texts, list(texts))
        self.assertEqual(self.errors, [])
