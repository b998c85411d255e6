"""The border from the script's side: what crosses, and what cannot be reached."""

from __future__ import annotations

import gc
import weakref

from twisted.internet.defer import Deferred

from eplua_twisted.border.bridge import TURN
from tests.support import ALL_BYTES, LuaTestCase, for_each_lua


class BytesTests(LuaTestCase):
    def test_print(self) -> None:
        self.run_lua(
            b"local t = {} for i = 0, 255 do t[#t+1] = string.char(i) end print(table.concat(t))"
        )
        self.assertEqual(self.lines, [ALL_BYTES])

    def test_print_of_objects(self) -> None:
        """Their __tostring may wait; what is wrong with it is said at the script's line."""
        self.run_lua(
            """
            local function object(f) return setmetatable({}, {__tostring = f}) end
            task.start(function()
              print(object(function() task.sleep(1) return "waited" end), 5, nil)
            end)
            print(pcall(function() print(object(function() return {} end)) end))
            """
        )
        self.reactor.advance(0.001)
        self.assertEqual(
            self.lines,
            [
                b"false\ttest.lua:6: '__tostring' must return a string",
                b"waited\t5\tnil",
            ],
        )

    def test_call(self) -> None:
        """Arguments, results, and strings in tables."""
        self.run_lua("function same(...) return ... end")
        result = self.successResultOf(
            self.runtime.call("same", ALL_BYTES, [ALL_BYTES], {ALL_BYTES: 1})
        )
        self.assertEqual(result, (ALL_BYTES, [ALL_BYTES], {ALL_BYTES: 1}))

    def test_exposed(self) -> None:
        self.runtime.expose("same", lambda value: value)
        self.run_lua(
            b"local t = {} for i = 0, 255 do t[#t+1] = string.char(i) end"
            b" local s = table.concat(t) print(same(s) == s)"
        )
        self.assertEqual(self.lines, [b"true"])

    def test_deferred_result(self) -> None:
        later: Deferred[bytes] = Deferred()
        self.runtime.expose("later", lambda: later)
        self.run_lua("later({success = print})")
        later.callback(ALL_BYTES)
        self.assertEqual(self.lines, [ALL_BYTES])

    def test_error_text(self) -> None:
        """An error report cannot fail, whatever bytes are in it."""
        self.run_lua("setTimeout(function() error('\\255\\0x') end, 0)")
        self.turn()
        self.assertIn("\\xff\0x", self.errors[0])

    def test_script_source(self) -> None:
        self.run_lua(b"print('\xff\xfe')")
        self.assertEqual(self.lines, [b"\xff\xfe"])


class ReachTests(LuaTestCase):
    """Scripts cannot reach Python."""

    def test_no_python(self) -> None:
        self.run_lua("print(python, package.loaded.python, pcall(require, 'python'))")
        self.assertTrue(self.lines[0].startswith(b"nil\tnil\tfalse\t"), self.lines)

    def primitive(self, code: str) -> list[bytes]:
        """Run code with a primitive as C{p}, dug out as no script is meant to."""
        self.run_lua(
            """
            local function dig(f, seen)
              for i = 1, 60 do
                local name, value = debug.getupvalue(f, i)
                if not name then break end
                if type(value) == "userdata" then return value end
                if type(value) == "function" and not seen[value] then
                  seen[value] = true
                  local found = dig(value, seen)
                  if found then return found end
                end
              end
            end
            local p = dig(setTimeout, {})
            assert(type(p) == "userdata")
            """
            + code
        )
        return self.lines

    def test_no_attribute(self) -> None:
        """No attribute of any Python object, by any name."""
        lines = self.primitive(
            """
            for _, name in ipairs({"__class__", "__globals__", "__self__", "__code__", "x", "__call__"}) do
              print(pcall(function() return p[name] end))
              print(pcall(function() p[name] = 1 end))
            end
            print(pcall(function() return p[1] end))
            """
        )
        self.assertEqual(len(lines), 13)
        for line in lines:
            self.assertTrue(line.startswith(b"false"), line)

    def test_metatable_is_hidden(self) -> None:
        """A primitive cannot be hijacked through its metatable."""
        lines = self.primitive("print(getmetatable(p), pcall(setmetatable, p, {}))")
        self.assertTrue(lines[0].startswith(b"false\tfalse"), lines)

    def test_replaced_library_functions(self) -> None:
        """What a script does to the standard library does not change ours."""
        self.run_lua(
            """
            for _, name in ipairs({"type", "pairs", "setmetatable", "getmetatable", "select",
                "xpcall", "pcall", "error", "tostring", "tonumber", "rawget", "rawset"}) do
              _G[name] = function() return 42 end
            end
            string.format, string.sub, table.concat, coroutine.running = nil, nil, nil, nil
            debug.getinfo, debug.traceback, debug.sethook = nil, nil, nil
            task.start(function() task.sleep(1) print("slept") end)
            setTimeout(function() print("timer") end, 2)
            """
        )
        self.reactor.pump([0.001, 0.001])
        self.assertEqual(self.lines, [b"slept", b"timer"])
        self.assertEqual(self.errors, [])

    def test_files_that_load_later_find_the_library_as_it_was(self) -> None:
        """Each class is used for the first time after a script has emptied everything."""
        self.run_lua(
            """
            local net, mqtt, print, each, globals = net, mqtt, print, pairs, _G
            for _, name in ipairs({"string", "table", "math", "coroutine", "io", "os", "debug"}) do
              local library = globals[name]
              for key in each(library) do library[key] = nil end
            end
            for key in each(globals) do globals[key] = nil end
            print(net.TCPSocket(), net.TCPServer(), net.UDPSocket(), net.HTTPClient())
            print(net.UDPSocket({tls = true}), net.HTTPServer(), net.WebSocketServer())
            print(net.WebSocketClient(), net.WebSocketClientTls())
            local client = mqtt.Client.connect("mqtt://127.0.0.1", {callback = print})
            client:addEventListener("error", print)
            client:disconnect()
            net.UDPSocket({tls = true}):connect("127.0.0.1", 7, {error = print})
            net.HTTPClient():request("http://127.0.0.1/", {options = {form = {a = "b"}}}):cancel()
            """
        )
        self.assertEqual(len(self.lines), 3)
        self.assertEqual(self.errors, [])

    def test_no_c_code(self) -> None:
        self.run_lua(
            """
            print(package.loadlib, package.cpath == "", #(package.searchers or package.loaders))
            print(package.loaded.ffi, package.preload.ffi, pcall(require, "ffi"))
            """
        )
        self.assertEqual(self.lines[0], b"nil\ttrue\t2")
        self.assertTrue(self.lines[1].startswith(b"nil\tnil\tfalse"), self.lines)

    def test_no_bytecode(self) -> None:
        """Bytecode can crash the process: only text is loaded."""
        self.run_lua(
            """
            local code = string.dump(function() return 1 end)
            print((load(code)))
            print((load(code, "x", "b")))
            print((loadstring or load)(code) == nil)
            print(load("return 1", "x", "t")(), load("return a", "x", "t", {a = 2})())
            local parts = {"return ", "3"}
            print(load(function() return table.remove(parts, 1) end)())
            """
        )
        self.assertEqual(self.lines, [b"nil", b"nil", b"true", b"1\t2", b"3"])

    def test_not_on_hc3(self) -> None:
        """Published scripts take loadfile and dofile as the sign of an emulator."""
        self.run_lua("print(loadfile, dofile)")
        self.assertEqual(self.lines, [b"nil\tnil"])

    def test_globals(self) -> None:
        """No other globals than those of Lua and of the contract."""
        self.run_lua(
            """
            local known = {}
            for name in (
              "_G _VERSION arg assert bit bit32 clearInterval clearTimeout collectgarbage coroutine "
              .. "debug eplua error gcinfo getfenv getmetatable io ipairs jit json load loadstring math "
              .. "module mqtt net newproxy next os package pairs pcall print rawequal rawget rawlen rawset "
              .. "require select setInterval setTimeout setfenv setmetatable string table task tonumber "
              .. "tostring type unpack utf8 warn xpcall"):gmatch("%S+") do known[name] = true end
            for name in pairs(_G) do if not known[name] then print(name) end end
            """
        )
        self.assertEqual(self.lines, [])


class LifetimeTests(LuaTestCase):
    def test_collected_coroutines(self) -> None:
        """
        200 callbacks out of 200 finished and collected coroutines are called
        (passing the functions themselves to Python crashes the process).
        """
        waiting: list[Deferred[int]] = []

        def later() -> Deferred[int]:
            waiting.append(Deferred())
            return waiting[-1]

        self.runtime.expose("later", later)
        self.run_lua(
            """
            for i = 1, 200 do
              coroutine.wrap(function()
                local data = {i}
                later({success = function(value) print(data[1] + value) end})
              end)()
            end
            collectgarbage() collectgarbage()
            """
        )
        for number, deferred in enumerate(waiting):
            deferred.callback(number)
        gc.collect()
        self.assertEqual(self.lines, [b"%d" % (2 * i + 1) for i in range(200)])

    def test_tables_from_collected_coroutines(self) -> None:
        """Tables cross whole: nothing of them is left to crash on."""
        kept: list[object] = []
        self.runtime.expose("keep", lambda value: kept.append(value))
        self.run_lua(
            """
            for i = 1, 200 do coroutine.wrap(function() keep({i, {i}}) end)() end
            collectgarbage() collectgarbage()
            """
        )
        gc.collect()
        self.assertEqual(kept[199], [200, [200]])
        self.run_lua("collectgarbage()")

    def test_failed_conversion_keeps_no_table(self) -> None:
        """The exception of a value that cannot cross does not hold its tables."""
        kept: list[object] = []
        self.runtime.expose("keep", kept.append)
        self.run_lua(
            """
            local weak = setmetatable({}, {__mode = "k"})
            for i = 1, 50 do
              coroutine.wrap(function()
                local t = {i, print}
                weak[t] = true
                pcall(keep, t)
              end)()
            end
            collectgarbage() collectgarbage()
            print(next(weak))
            """
        )
        self.assertEqual(self.lines, [b"nil"])
        self.assertEqual(kept, [])

    def test_two_runtimes(self) -> None:
        """Two runtimes in one process do not see each other."""
        lines: list[bytes] = []
        other = self.make_runtime(output=lines.append)
        self.run_lua("x = 1 net.mark = true setTimeout(print, 1, 'one')")
        self.successResultOf(
            other.run_string("print(x, net.mark) setTimeout(print, 2, 'two')")
        )
        self.successResultOf(self.runtime_stopped())
        self.reactor.pump([0.001, 0.001])
        self.assertEqual(self.lines, [])
        self.assertEqual(lines, [b"nil\tnil", b"two"])

    def runtime_stopped(self) -> Deferred[None]:
        stopped = self.runtime.stop()
        self.turn()
        return stopped

    def test_state_is_freed(self) -> None:
        """After the stop the Lua state goes, and with it all that it held of Python."""

        class Callable:
            def __call__(self) -> None:
                """Nothing."""

        function = Callable()
        gone = weakref.ref(function)
        self.runtime.expose("f", function)
        del function
        self.run_lua(
            "setTimeout(f, 1000) task.start(function() task.sleep(1000) f() end)"
        )
        self.successResultOf(self.runtime_stopped())
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_finalizers_start_nothing(self) -> None:
        """Lua code that runs while the state is closed cannot open anything."""
        self.run_lua(
            """
            local function last()
              pcall(setTimeout, print, 0)
              pcall(function() net.TCPSocket():connect("127.0.0.1", 1) end)
            end
            x = newproxy and newproxy(true) or setmetatable({}, {__gc = last})
            if newproxy then getmetatable(x).__gc = last end
            """
        )
        self.successResultOf(self.runtime_stopped())
        gc.collect()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.reactor.tcpClients, [])

    def test_finalizer_that_the_script_calls(self) -> None:
        """Then it is a function like any other, with results and errors."""
        self.run_lua(
            """
            local meta = {__gc = function(_, x) if x then error("no") end return 1, 2 end}
            local object = setmetatable({}, meta)
            print(meta.__gc(object))
            print(pcall(function() meta.__gc(object, true) end))
            """
        )
        self.assertEqual(self.lines, [b"1\t2", b"false\ttest.lua:2: no"])

    def test_metatables_are_set_as_in_lua(self) -> None:
        self.run_lua("t = setmetatable({}, {__metatable = 1})")
        for code, text in (
            ("setmetatable(t, {})", "cannot change a protected metatable"),
            ("setmetatable({})", "bad argument #2 to 'setmetatable'"),
            ("setmetatable({}, 5)", "bad argument #2 to 'setmetatable'"),
            ("setmetatable(5, {})", "bad argument #1 to 'setmetatable'"),
            ("debug.setmetatable({}, 5)", "bad argument #2 to 'setmetatable'"),
        ):
            self.assertRaisedAtLine(code, text)
        self.run_lua("print(getmetatable(setmetatable({}, nil)))")
        self.assertEqual(self.lines, [b"nil"])

    def test_starvation(self) -> None:
        """A script that asks in a tight loop does not starve a timer."""
        self.runtime.expose("ask", lambda: b"x")
        self.run_lua(
            """
            count = 0
            local callbacks
            callbacks = {success = function() count = count + 1 ask(callbacks) end}
            ask(callbacks)
            setTimeout(function() print(count) end, 1)
            """
        )
        self.reactor.advance(0.002)
        self.reactor.advance(0)
        self.assertEqual(len(self.lines), 1)
        self.assertTrue(0 < int(self.lines[0]) <= 4 * TURN)

    def test_burst_order(self) -> None:
        """Answers arrive in the order in which things happened."""
        waiting: list[Deferred[int]] = []

        def later() -> Deferred[int]:
            waiting.append(Deferred())
            return waiting[-1]

        def fire() -> None:
            for number, deferred in enumerate(reversed(waiting)):
                deferred.callback(number)

        self.runtime.expose("later", later)
        self.runtime.expose("fire", fire)
        self.run_lua(
            "for i = 1, 1000 do later({success = print}) end fire() print('called')"
        )
        self.turn(10)
        self.assertEqual(self.lines, [b"called"] + [b"%d" % i for i in range(1000)])


for _case in (BytesTests, ReachTests, LifetimeTests):
    globals().update(for_each_lua(_case))
del _case
