"""C{eplua watch}, as a user runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support import start

WATCH = (sys.executable, "-m", "eplua_twisted.cli", "watch")

SERVER = """
local name = require("name")
local server = net.TCPServer()
server:start("127.0.0.1", PORT, function() end, {
  success = function(port)
    local client = net.TCPSocket()
    client:connect("127.0.0.1", port, {success = function() print(name, port, ".") end})
  end,
  error = function(message) print(message, ".") end,
})
"""


class WatchTests(TestCase):
    timeout = 30

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    async def test_a_saved_file(self) -> None:
        """
        The old one's connections are closed before the new one begins: it listens at the
        same port.  What does not compile leaves it as it is; SIGINT ends all.
        """
        script = self.write("s.lua", SERVER.replace("PORT", "0"))
        self.write("name.lua", "return 'one'")
        peer = start(self, *WATCH, script)
        said = await peer.says(b"\t.\n")
        port = int(said.split()[1])
        moved = SERVER.replace("PORT", str(port)).replace(
            "print(name", "print('at', name"
        )
        self.write("s.lua", moved)
        await peer.says(b"at\tone\t%d\t.\n" % port)
        self.write("name.lua", "return 'two'")
        await peer.says(b"two\t%d\t.\n" % port)
        self.write("name.lua", "return = 3")
        said = await peer.says(b"the old one runs on\n")
        self.assertIn(b"name.lua:1: unexpected symbol near '='\n", said)
        self.assertEqual(said.count(b"it starts anew"), 2)
        self.write("name.lua", "return 'four'")
        await peer.says(b"four\t%d\t.\n" % port)
        self.assertEqual(await peer.kill("INT"), -2)

    async def test_what_has_ended_starts_anew_when_it_is_saved(self) -> None:
        script = self.write("s.lua", "error('bad')")
        peer = start(self, *WATCH, script)
        said = await peer.says(b"eplua watch: it has failed; a change starts it anew\n")
        self.assertIn(b"s.lua:1: bad", said)
        self.write("s.lua", "os.exit(3)")
        await peer.says(b"it has ended with os.exit(3); a change starts it anew\n")
        self.write("s.lua", "print(' good ')")
        # Two streams: either may come first.
        await peer.says(b" good \n")
        await peer.says(b"eplua watch: it has ended; a change starts it anew\n")
        self.assertEqual(await peer.kill("TERM"), -15)
