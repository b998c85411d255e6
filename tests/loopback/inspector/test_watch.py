"""The buttons of the inspector, where C{eplua watch} runs the script."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.support import LoopbackTestCase, start

WATCH = (sys.executable, "-m", "eplua_twisted.cli", "watch")

USER = """
local where, token, script = ...
local ws = net.WebSocketClient({headers = {Authorization = "Bearer " .. token}})
local function press(what) ws:send(json.encode({type = what, script = script})) end
ws:addEventListener("connected", function() press("reload") end)
ws:addEventListener("dataReceived", function(text)
  local state = json.decode(text)
  if state.type == "refused" then
    print(state.message)
    press("stop")
  elseif not state.scripts[1].runs then
    print("stopped")
    ws:close()
  end
end)
function again() press("reload") end
ws:connect(where)
"""


class WatchTests(LoopbackTestCase):
    async def test_buttons(self) -> None:
        """It starts anew; what does not compile is refused; and it is stopped."""
        script = Path(self.mktemp()).resolve().with_suffix(".lua")
        script.write_text("print('begun') setInterval(print, 60000)")
        options = ("--inspect", "0", "--inspect-control", str(script))
        watched = start(self, *WATCH, *options)
        output = await watched.says(b"begun\n")
        found = re.search(rb"http://(\S+)/\?token=(\S+)", output)
        assert found is not None
        where, token = map(bytes.decode, found.groups())
        await self.runtime.run_string(
            USER, "@test.lua", f"ws://{where}/live", token, str(script)
        )
        await watched.says(b"begun\neplua watch: it starts anew\nbegun\n")
        script.write_text("x = = 1")
        await watched.says(b"it does not compile; the old one runs on\n")
        await self.runtime.call("again")
        await self.line(2)
        self.assertEqual(
            self.lines, [b"it does not compile: the terminal says where", b"stopped"]
        )
        self.assertEqual(await watched.kill("INT"), -2)
