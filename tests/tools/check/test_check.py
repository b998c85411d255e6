"""What C{eplua check} finds, and what it says nothing about."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tools.check.checking import Check
from eplua_twisted.tools.check.command import Options, as_json, text
from eplua_twisted.tools.check.states import States
from eplua_twisted.tools.init.kinds import KINDS, TEMPLATES
from tests.memory import MemoryReactor
from tests.support import ROOT


@cache
def states() -> States:
    """Each Lua is made once: no script runs in it."""
    return States(MemoryReactor())


class CheckTestCase(SynchronousTestCase):
    """Scripts are files."""

    def folder(self) -> Path:
        made = Path(self.mktemp())
        made.mkdir(parents=True)
        return made

    def check(
        self, *paths: Path, lua: str | None = None, hc3: bool = False, names: str = ""
    ) -> list[str]:
        """@return: the problems as they are shown, without folders"""
        check = Check(states(), lua, hc3, names.split())
        check.files([str(path) for path in paths])
        return [
            str(each).replace(f"{paths[0].parent}/", "", 1) for each in check.problems
        ]

    def script(
        self, code: str | bytes, lua: str | None = None, names: str = ""
    ) -> list[str]:
        path = self.folder() / "x.lua"
        path.write_bytes(code.encode() if isinstance(code, str) else code)
        return self.check(path, lua=lua, names=names)

    def finds(self, code: str, *problems: str) -> None:
        self.assertEqual(self.script(code), [f"x.lua:{each}" for each in problems])

    def is_silent(self, *codes: str) -> None:
        for code in codes:
            self.assertEqual(self.script(code), [], code)


class GivenTests(CheckTestCase):
    def test_what_init_writes_has_no_problems(self) -> None:
        for name, kind in KINDS.items():
            paths = sorted((TEMPLATES / name).glob("*.lua"))
            self.assertEqual(self.check(*paths, hc3=kind.hc3), [])


class FindTests(CheckTestCase):
    def test_syntax(self) -> None:
        self.finds("local x\nx =", "2: unexpected symbol near <eof>")

    def test_undefined_global(self) -> None:
        self.finds(
            "local text = 1\nprnt(text)\nprint(txt)",
            "2:1: nothing defines the global variable 'prnt'; did you mean 'print'?",
            "3:7: nothing defines the global variable 'txt'; did you mean 'text'?",
        )

    def test_global_of_home_center_3(self) -> None:
        self.finds(
            "fibaro.call(1, 'turnOn')",
            "1:1: nothing defines the global variable 'fibaro', which scripts of"
            " Home Center 3 find: --hc3",
        )

    def test_global_that_is_set_and_never_read(self) -> None:
        """If it is nearly the name of something else."""
        self.finds(
            "local connected\nlocal function f() conected = true end\nprint(connected, f)",
            "2:20: the global variable 'conected' is set and never read;"
            " did you mean 'connected'?",
        )

    def test_names_in_modules(self) -> None:
        """Those of Lua and ours, also under another name."""
        self.finds(
            "net.TcpSocket()\nlocal n = require 'net'\nn.resolv('a')\nprint(mqtt.QoS.AT_LEST)\n"
            "string.formt('')",
            "1:5: 'net' has no 'TcpSocket'; did you mean 'TCPSocket'?",
            "3:3: 'net' has no 'resolv'; did you mean 'resolve'?",
            "4:16: 'mqtt.QoS' has no 'AT_LEST'; did you mean 'AT_LEAST_ONCE'?",
            "5:8: 'string' has no 'formt'; did you mean 'format'?",
        )

    def test_methods(self) -> None:
        """Of what a variable, a field or a parameter is known to be."""
        said = "net.TCPSocket has no method 'conect'; did you mean 'connect'?"
        self.finds(
            "local s = net.TCPSocket() s:conect('a', 1)\n"
            "local t s = net.TCPSocket() t = s t:conect('a', 1)\n"
            "self = {} function f() self.s = net.TCPSocket() end self.s:conect('a', 1)\n"
            "net.TCPServer():start('a', 0, function(c) c:conect('a', 1) end)",
            f"1:29: {said}",
            f"2:37: {said}",
            f"3:60: {said}",
            f"4:45: {said}",
        )

    def test_fields_of_what_callbacks_are_given(self) -> None:
        self.finds(
            "net.HTTPClient():request('', { success = function(r) print(r.statsu) end })\n"
            "local c = mqtt.Client.connect('a')\n"
            "c:addEventListener('message', function(e) print(e.paylod) end)",
            "1:62: net.HTTPClientResponse has no field 'statsu'; did you mean 'status'?",
            "3:51: mqtt.MessageEvent has no field 'paylod'; did you mean 'payload'?",
        )

    def test_options(self) -> None:
        """Of constructors and methods, and in tables within."""
        self.finds(
            "net.HTTPClient({ maxsize = 5, tls = { ['serverNam'] = 'x' } })\n"
            "net.HTTPClient():request('', { options = { methd = 'GET' } })",
            "1:18: unknown option 'maxsize' of net.HTTPClient; did you mean 'maxSize'?",
            "1:40: unknown option 'serverNam' of net.HTTPClient; did you mean 'serverName'?",
            "2:44: unknown option 'methd' of net.HTTPClient:request; did you mean 'method'?",
        )

    def test_callbacks(self) -> None:
        self.finds(
            "net.TCPSocket():read({ sucess = print })\n"
            "net.HTTPClient():request('', { eror = print })",
            "1:24: unknown callback 'sucess' of net.TCPSocket:read; did you mean 'success'?",
            "2:32: unknown callback 'eror' of net.HTTPClient:request; did you mean 'error'?",
        )

    def test_events(self) -> None:
        self.finds(
            "local w = net.WebSocketClient()\nw:addEventListener('conected', print)",
            "2:20: net.WebSocketClient has no event 'conected'; did you mean 'connected'?",
        )

    def test_dot_for_colon(self) -> None:
        self.finds(
            "local s = net.TCPSocket()\ns.connect('a', 1)\ns.close(s)",
            "2:1: 'connect' is a method of net.TCPSocket, which is called with a colon;"
            " did you mean 's:connect'?",
        )

    def test_what_a_lua_has(self) -> None:
        """A script is compiled by the one that would run it, and finds its names."""
        for code, lua, problems in (
            ("return 7 // 2", "5.4", 0),
            ("return 7 // 2", "luajit", 1),
            ("global print global x = 1 print(x)", "5.5", 0),
            ("global print global x = 1 print(x)", "5.4", 1),
            ("print(jit.version)", "luajit", 0),
            ("print(jit.version)", "5.4", 1),
        ):
            self.assertEqual(len(self.script(code, lua)), problems, (code, lua))


class SilenceTests(CheckTestCase):
    """Where it cannot know, it says nothing."""

    def test_what_the_script_defines(self) -> None:
        self.is_silent(
            "print(a, b) a = 1 function b() end",
            "_G.a = 1 rawset(_G, 'b', 2) print(a, b)",
            "room1 = 1 room2 = 2 print(room2)",
            "net.mine = 1 print(net.mine) function string.trim() end string.trim()",
            "local s = net.TCPSocket() s.name = 'x' print(s.name)",
        )

    def test_what_the_script_asks_for(self) -> None:
        self.is_silent(
            "if other then other.f() end",
            "local a = other or 1 print(a, not more, third == nil, type(fourth))",
            "local unpack = table.unpack or unpack local load = loadstring or load print(unpack, load)",
            "local pock = table.pock or table.pick print(pock)",
            "if table.pock then table.pock() end local s = net.TCPSocket() if s.x then s:x() end",
        )

    def test_names_made_at_run_time(self) -> None:
        self.is_silent(
            "setmetatable(_G, {}) print(other)",
            "load('other = 1')() print(other)",
            "for k, v in pairs({}) do _G[k] = v end print(other)",
            "for k, v in pairs({}) do net[k] = v end print(net.other)",
            "require 'elsewhere' print(other)",
            "pcall(require, 'elsewhere') print(other)",
            "local _ENV = { print = print } other()",
            "local function f(_ENV) return other end f({ other = 1 })",
            "local f = ... f(net) net.other()",
        )

    def test_table_of_the_globals(self) -> None:
        """By either name, and where it is given another."""
        self.is_silent(
            "for k in pairs({}) do _ENV[k] = 1 end print(other)",
            "rawset(_ENV, 'b', 2) print(b)",
            "setmetatable(_ENV, {}) print(other)",
            "local G = _G G.b = 1 print(b)",
            "local G = _G or _ENV G.b = 1 print(b)",
            "local f = ... f(_G) print(other)",
            "local t = { env = _G } t.env.b = 1 print(b)",
        )
        for code in ("for k in pairs(_G) do print(k) end", "_G.a = _ENV.b"):
            self.assertEqual(len(self.script(f"{code} prnt()")), 1, code)

    def test_what_a_variable_may_be(self) -> None:
        self.is_silent(
            "local s = net.TCPSocket() s = ... s:conect()",
            "local s = ... s:conect()",
            "local function f(net) net.other() end f()",
            "do local s = net.TCPSocket() end local s = {} s:conect()",
            "for net in pairs({}) do net.other() end",
        )

    def test_scopes(self) -> None:
        self.is_silent(
            "repeat local done = true until done",
            "local function f(n) return n > 0 and f(n - 1) end f(1)",
            "local x <const> = 1 goto out ::out:: print(x)",
            "for i = 1, 2 do print(i) end for k, v in next, {} do print(k, v) end",
        )

    def test_application(self) -> None:
        """What it defines can be said in the script, and on the command line."""
        self.is_silent("-- luacheck: read_globals house garden\nhouse.f() garden.f()")
        self.assertEqual(self.script("house.f()", names="house"), [])

    def test_thousands_of_terms(self) -> None:
        self.is_silent("return " + "+".join(["1"] * 5000))

    def test_values_that_depend_on_each_other(self) -> None:
        """They are not followed along every way: that would never end."""
        steps = "".join(
            f"s = s:gsub('{n}', '') t.f = t.f:sub({n})\n" for n in range(50)
        )
        self.is_silent(
            f"local s, t = ..., {{}} {steps} return s:conect(t.f:conect())",
            f"s, t = ..., {{}} {steps} return s:conect(t.f:conect())",
            "local n = ... while n do n = n.next or n.first.next end n:conect()",
        )

    def test_all_examples(self) -> None:
        """And all that the tests have in files."""
        found = [
            *ROOT.glob("examples/**/*.lua"),
            *ROOT.glob("bench/lua/*.lua"),
            *ROOT.glob("tests/lua/*.lua"),
            *ROOT.glob("tests/loopback/**/*.lua"),
        ]
        self.assertGreater(len(found), 40, found)
        self.assertEqual(self.check(*found), [])

    def test_all_documents(self) -> None:
        """All their scripts, but the one that is a piece of a table."""
        for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
            found = re.findall(r"```lua(.*)\n((?s:.*?))```", path.read_text())
            for kind, code in found:
                if kind != " row":
                    script = self.folder() / "x.lua"
                    script.write_text(code)
                    problems = self.check(script, hc3=kind == " hc3")
                    self.assertEqual(problems, [], f"{path.name}: {code}")


class ProgramTests(CheckTestCase):
    """Files that belong together, and files that cannot be checked."""

    def test_modules(self) -> None:
        """What one defines the others find."""
        folder = self.folder()
        (folder / "lib").mkdir()
        (folder / "main.lua").write_text(
            "require 'lib.part' print(shared, missing) top = 1"
        )
        (folder / "lib" / "part.lua").write_text("shared = top")
        self.assertEqual(
            self.check(folder / "main.lua", folder / "lib" / "part.lua"),
            ["main.lua:1:34: nothing defines the global variable 'missing'"],
        )

    def test_quickapp(self) -> None:
        """Its headers tell; its classes are known, and what it adds to them."""
        path = self.folder() / "lamp.lua"
        path.write_text(
            "--%%name=Lamp\n"
            "function QuickApp:onInit() self:debg('x') self:mine() self.debug(self)\n"
            "  local c = self:createChildDevice({ name = 'x' }, Lamp) c:trace(c.properties.value)\n"
            "  if hc3_emulator then hc3_emulator.f() end fibaro.cal(1) hub.call(1, 'x') end\n"
            "function QuickApp:mine() os.getenv('x') self:onlyHere() end\n"
            "class 'Lamp'(QuickAppChild)\n"
            "function Lamp:__init(d) QuickAppChild.__init(self, d) self:updateProperti() end"
        )
        self.assertEqual(
            self.check(path),
            [
                "lamp.lua:2:33: QuickApp has no method 'debg'; did you mean 'debug'?",
                "lamp.lua:4:52: 'fibaro' has no 'cal'; did you mean 'call'?",
                "lamp.lua:5:29: 'os' has no 'getenv'",
                "lamp.lua:7:60: QuickAppChild has no method 'updateProperti';"
                " did you mean 'updateProperty'?",
            ],
        )

    def test_packed_quickapp(self) -> None:
        """Each file by its name in it; one finds what another defines."""
        path = self.folder() / "lamp.fqa"
        files = [
            {
                "name": "lib",
                "isMain": False,
                "content": "function shared() end\nprnt()",
            },
            {"name": "main", "isMain": True, "content": "shared()"},
        ]
        path.write_text(json.dumps({"name": "Lamp", "type": "x", "files": files}))
        self.assertEqual(
            self.check(path),
            [
                "Lamp/lib.lua:2:1: nothing defines the global variable 'prnt';"
                " did you mean 'print'?"
            ],
        )

    def test_packed_and_unpacked(self) -> None:
        """A file in a packed one has the name of a file, and is another."""
        folder = self.folder()
        (folder / "Lamp").mkdir()
        (folder / "Lamp" / "main.lua").write_text("prnt()")
        files = [{"name": "main", "isMain": True, "content": "print()"}]
        packed = json.dumps({"name": "Lamp", "type": "x", "files": files})
        (folder / "lamp.fqa").write_text(packed)
        before = Path.cwd()
        self.addCleanup(os.chdir, before)
        os.chdir(folder)
        found = self.check(Path("lamp.fqa"), Path("Lamp/main.lua"))
        self.assertEqual([each.split(": ")[0] for each in found], ["Lamp/main.lua:1:1"])

    def test_headers(self) -> None:
        path = self.folder() / "lamp.lua"
        path.write_text("--%%nam=Lamp\nprint(1)")
        (problem,) = self.check(path)
        self.assertIn("lamp.lua:1: unknown header 'nam'", problem)
        path.write_text("--%%file=gone.lua,gone\nprint(1)")
        self.assertEqual(self.check(path), ["lamp.lua:1: there is no file gone.lua"])
        path.with_suffix(".fqa").write_text("{")
        (problem,) = self.check(path.with_suffix(".fqa"))
        self.assertIn("lamp.fqa:1: ", problem)

    def test_files_that_are_none(self) -> None:
        """Each is a problem, and the others are checked."""
        folder = self.folder()
        (folder / "compiled.lua").write_bytes(b"\x1bLua")
        (folder / "zeros.lua").write_bytes(b"x = 1 \0")
        (folder / "good.lua").write_bytes(b"prnt()")
        (folder / "packed.fqa").write_bytes(b"\xff")
        names = ("gone.lua", "compiled.lua", "zeros.lua", "packed.fqa", "good.lua")
        self.assertEqual(
            self.check(*(folder / name for name in names)),
            [
                "gone.lua: cannot read: No such file or directory",
                "compiled.lua: is no text",
                "zeros.lua: is no text",
                "packed.fqa:1: this is not UTF-8",
                "good.lua:1:1: nothing defines the global variable 'prnt';"
                " did you mean 'print'?",
            ],
        )
        self.assertEqual(
            [each.rpartition(": is")[2] for each in self.check(folder)],
            [" a folder: name the files in it"],
        )

    def test_any_bytes(self) -> None:
        """Text may have any but NUL; columns are bytes."""
        self.assertEqual(
            self.script(b"#!/usr/bin/eplua\nlocal s = '\xff\xe4' prnt(s)"),
            [
                "x.lua:2:16: nothing defines the global variable 'prnt';"
                " did you mean 'print'?"
            ],
        )
        self.assertEqual(self.script(b"\xef\xbb\xbfprint(1)"), [])

    def test_what_cannot_be_looked_at(self) -> None:
        """Deeper than Python can follow; a name that is a word of the grammar's: no alarm."""
        path = self.folder() / "x.lua"
        for code in (f"local f f{'()' * 2000}", "goto = 1 prnt(goto)"):
            path.write_text(code)
            check = Check(states(), "luajit", False)
            check.files([str(path)])
            self.assertEqual(check.problems, [])
            (note,) = check.notes
            self.assertIn("x.lua is compiled only", note)


class OutputTests(CheckTestCase):
    def test_text(self) -> None:
        path = self.folder() / "x.lua"
        path.write_text("prnt()")
        check = Check(states(), None, False)
        check.files([str(path)])
        self.assertEqual(
            text(1, check.problems),
            f"{path}:1:1: nothing defines the global variable 'prnt';"
            " did you mean 'print'?\n1 file: 1 problem in 1",
        )
        self.assertEqual(text(2, []), "2 files: no problems")

    def test_names_cannot_steer_the_terminal(self) -> None:
        """Nor make lines of their own."""
        (line,) = self.script(
            "net.WebSocketClient():addEventListener([[\x1b[2J\nx.lua:9: no]], print)"
        )
        self.assertEqual(
            line,
            "x.lua:1:40: net.WebSocketClient has no event '\\x1b[2J\\nx.lua:9: no'",
        )

    def test_files_in_their_order(self) -> None:
        """Whatever is wrong with them."""
        folder = self.folder()
        (folder / "a.lua").write_text("prnt()")
        (folder / "b.lua").write_text("x =")
        (folder / "c.lua").write_text("prnt()")
        names = ("a.lua", "b.lua", "gone.lua", "c.lua")
        found = self.check(*(folder / each for each in names))
        self.assertEqual([each.split(":")[0] for each in found], list(names))

    def test_json(self) -> None:
        """As the page of the command describes it."""
        path = self.folder() / "x.lua"
        path.write_text("prnt()")
        check = Check(states(), None, False)
        check.files([str(path)])
        self.assertEqual(
            json.loads(as_json(1, check.problems)),
            {
                "files": 1,
                "problems": [
                    {
                        "file": str(path),
                        "line": 1,
                        "column": 1,
                        "rule": "global",
                        "message": "nothing defines the global variable 'prnt'",
                        "suggestion": "print",
                    }
                ],
            },
        )

    def test_without_the_extra(self) -> None:
        """One line names it, and how to install it."""
        code = (
            "import sys; sys.modules['tree_sitter_lua'] = None\n"
            "from eplua_twisted.tools.check.command import main\n"
            "raise SystemExit(main(['x.lua']))"
        )
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        self.assertEqual(
            (said.returncode, said.stdout, said.stderr),
            (
                2,
                "",
                "eplua: check needs tree_sitter_lua: pip install 'eplua-twisted[tools]'\n",
            ),
        )

    def test_usage(self) -> None:
        for given, said in (
            ([], "check: no file given"),
            (["--lua=5.1", "x"], "unknown Lua version '5.1'"),
        ):
            with self.assertRaises(UsageError) as raised:
                Options().parseOptions(given)
            self.assertIn(said, str(raised.exception))
