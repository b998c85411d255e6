"""How often Lua collects."""

from __future__ import annotations

from twisted.trial.unittest import SkipTest

from tests.support import LuaTestCase, for_each_lua

PAUSE = """
function pause()
  if _VERSION == "Lua 5.5" then return collectgarbage("param", "pause") end
  local before = collectgarbage("setpause", 200)
  collectgarbage("setpause", before)
  return before
end
function set_pause(percent)
  if _VERSION == "Lua 5.5" then return collectgarbage("param", "pause", percent) end
  collectgarbage("setpause", percent)
end
usual = _VERSION == "Lua 5.5" and 250 or 200
"""

COUNT = """
function collections()
  collectgarbage()
  local count, probe = 0, setmetatable({}, { __mode = "v" })
  for i = 1, 256 do
    if not probe[1] then count, probe[1] = count + 1, {} end
    local s = string.rep("x", 65536) .. i
  end
  return count
end
"""


class CollectorTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(PAUSE + COUNT)

    def test_a_script_that_passes_much_on(self) -> None:
        """It has little in use: it collects less often than with Lua's own setting."""
        if self.lua == "luajit":
            raise SkipTest("its collector lags behind: more garbage is there anyway")
        self.run_lua("print(collections()) set_pause(usual) print(collections())")
        ours, usual = map(int, self.lines)
        self.assertLess(ours, usual * 0.75)

    def test_a_script_that_has_much_in_use(self) -> None:
        """Garbage may be as much as that, as is usual; and when it is let go, more."""
        self.run_lua("kept = {} for i = 1, 100000 do kept[i] = {} end collectgarbage()")
        self.run_lua("print(pause() == usual) kept = nil collectgarbage()")
        self.run_lua("print(pause() > usual)")
        self.assertEqual(self.lines, [b"true", b"true"])

    def test_the_setting_of_a_script(self) -> None:
        self.run_lua("set_pause(152) own = pause() collectgarbage()")
        self.run_lua("collectgarbage() print(pause() == own, own < usual)")
        self.assertEqual(self.lines, [b"true\ttrue"])


globals().update(for_each_lua(CollectorTests))
