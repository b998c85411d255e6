"""
What TCPSocket promises, in one table for both roles, over TCP, TLS and UNIX sockets: the
script has connected, or has accepted; the other end is played with blocking sockets.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from itertools import product
from threading import Event
from typing import Any

from twisted.internet.defer import Deferred

from tests.support import ALL_BYTES
from tests.support.ends import PATIENCE, FarEnd, connected, far_end, listening
from tests.support.tls import TLSTestCase

MUCH = 4_000_000
"""Bytes: more than the buffers of the systems at both ends take."""

CONNECTED = """
local host, port, pem = ...
local tcp = net.TCPSocket(options(pem))
tcp:connect(host, tonumber(port), {success = function() use(tcp) end, error = print})
"""

ACCEPTED = """
local host, port, pem = ...
local server = net.TCPServer(options(pem))
server:start(host, tonumber(port), function(client)
  server:unref()
  use(client)
end, {success = function(port) listens(port) end, error = print})
"""


class RolesTestCase(TLSTestCase):
    """
    @cvar accepted: the script is the server
    @cvar kind: C{tcp}, C{tls} or C{unix}
    """

    accepted = False
    kind = "tcp"

    def setUp(self) -> None:
        super().setUp()
        self.path = os.path.join(tempfile.mkdtemp(), "s")
        self.addCleanup(os.rmdir, os.path.dirname(self.path))

    async def play(
        self, code: str, play: Callable[[FarEnd], Any], options: str = ""
    ) -> Any:
        """
        Let a script use a connection C{s}, until nothing of it is open.

        @param code: the script, with C{s} connected
        @param options: of its TCPSocket or TCPServer
        @return: what the far end has returned
        """
        tls = "tls = {allowUnauthorized = true}, "
        if self.accepted:
            tls = "tls = {certificate = pem, privateKey = pem}, "
        if self.kind != "tls":
            tls = ""
        before = (
            f"local function options(pem) return {{{tls}{options}}} end"
            f" local function use(s) {code} end "
        )
        host = "unix:" + self.path if self.kind == "unix" else "127.0.0.1"
        if self.accepted:
            return await self._accepted(before, host, play)
        return await self._connected(before, host, play)

    async def _connected(self, before: str, host: str, play: Any) -> Any:
        own = listening(host)
        port = "" if self.kind == "unix" else str(own.getsockname()[1])

        def accept() -> socket.socket:
            with own:
                return own.accept()[0]

        tls = self.localhost if self.kind == "tls" else False
        result = far_end(play, accept, tls)
        await self.run_lua(before + CONNECTED, host, port, self.localhost)
        if self.kind == "unix":
            os.unlink(self.path)
        return await result

    async def _accepted(self, before: str, host: str, play: Any) -> Any:
        listens: Deferred[int | None] = Deferred()
        self.runtime.expose("listens", listens.callback)
        port = "" if self.kind == "unix" else "0"
        await self.runtime.run_string(
            before + ACCEPTED, "@test.lua", host, port, self.localhost
        )
        number = await listens

        tls = None if self.kind == "tls" else False
        result = far_end(play, lambda: connected(host, number), tls)
        await self.runtime.idle()
        given = await result
        await self.runtime.stop()
        return given


class HalfCloseTests(RolesTestCase):
    async def test_the_peer_has_ended_its_side(self) -> None:
        """All that was written arrives, and reads get the end."""

        def play(peer: FarEnd) -> int:
            peer.end()
            return peer.receive_all()

        code = (
            f"s:write(('x'):rep({MUCH}), {{success = function() print('written') end}})"
            " s:read({error = print})"
        )
        self.assertEqual(await self.play(code, play), MUCH)
        self.assertEqual(sorted(self.lines), [b"End of file\teof", b"written"])

    async def test_allow_half_open(self) -> None:
        """The script goes on writing, until it closes."""

        def play(peer: FarEnd) -> tuple[bytes, int]:
            peer.send(b"question")
            peer.end()
            return peer.receive_exactly(5), peer.receive_all()

        code = f"""
        task.start(function()
          print(s:readAll())
          print(s:read())
          print(s:isConnected(), s:write("first"))
          print(s:write(("x"):rep({MUCH})))
          s:close()
        end)
        """
        found = await self.play(code, play, "allowHalfOpen = true")
        self.assertEqual(found, (b"first", MUCH))
        self.assertEqual(
            self.lines,
            [b"question", b"nil\tEnd of file\teof", b"true\ttrue", b"true"],
        )

    async def test_without_it_the_socket_closes(self) -> None:
        def play(peer: FarEnd) -> int:
            peer.end()
            return peer.receive_all()

        code = "s:read({error = function() s:write('late', {error = print}) end})"
        self.assertEqual(await self.play(code, play), 0)
        self.assertEqual(self.lines, [b"Not connected\tstate"])

    async def test_shutdown(self) -> None:
        """It answers when all was sent, while the peer goes on; over TLS it cannot be."""

        def play(peer: FarEnd) -> int:
            count = peer.receive_exactly(MUCH)
            if self.kind != "tls":
                assert peer.receive() == b""
            peer.send(b"answer")
            peer.end()
            return len(count)

        code = f"""
        s:write(("x"):rep({MUCH}))
        s:shutdown({{
          success = function()
            print("shut")
            s:write("more", {{error = print}})
            s:shutdown({{error = print}})
          end,
          error = function(...) print(...) end,
        }})
        s:readAll({{success = print}})
        """
        self.assertEqual(await self.play(code, play), MUCH)
        if self.kind == "tls":
            self.assertEqual(self.lines[0][-6:], b"\tstate")
            self.assertEqual(self.lines[1:], [b"answer"])
        else:
            again = [b"Not connected\tstate"] * 2
            self.assertEqual(self.lines, [b"shut", *again, b"answer"])

    async def test_both_ways(self) -> None:
        """Each end ends its side when it has all: every byte arrives both ways."""

        def play(peer: FarEnd) -> bytes:
            data = peer.receive_exactly(len(ALL_BYTES))
            peer.send(data)
            peer.end()
            peer.receive_all()
            return data

        code = f"""
        local all = {{}}
        for i = 0, 255 do all[#all + 1] = string.char(i) end
        s:write(table.concat(all))
        {"" if self.kind == "tls" else "s:shutdown({})"}
        s:readAll({{success = function(data) print(data == table.concat(all)) end}})
        """
        self.assertEqual(await self.play(code, play), ALL_BYTES)
        self.assertEqual(self.lines, [b"true"])


class CloseTests(RolesTestCase):
    async def test_all_that_was_written_arrives(self) -> None:
        """Also when the peer is slow to read, and goes on sending meanwhile."""

        def play(peer: FarEnd) -> int:
            peer.send(b"unread")
            count = len(peer.receive_exactly(1000))
            for _ in range(10):
                peer.send(b"unread too" * 100)
                count += len(peer.receive_exactly(1000))
            return count + peer.receive_all()

        code = f"s:write(('x'):rep({MUCH})) s:close()"
        self.assertEqual(await self.play(code, play), MUCH)
        self.assertEqual(self.lines, [])

    async def test_with_unread_data(self) -> None:
        """What the script has not read costs the peer nothing."""

        def play(peer: FarEnd) -> bytes:
            peer.send(b"x" * 100)
            peer.receive_exactly(1)
            peer.send(b"y" * 100)
            return peer.receive_exactly(4) + peer.receive()

        code = """
        s:readExactly(50, {success = function()
          s:write("1")
          s:readExactly(51, {success = function() s:write("last") s:close() end})
        end})
        """
        self.assertEqual(await self.play(code, play), b"last")

    async def test_drops_what_waits(self) -> None:
        """Callbacks are dropped; a waiting task is told."""

        def play(peer: FarEnd) -> int:
            return peer.receive_all()

        code = """
        s:read({success = print, error = print})
        s:readUntil("x", {success = print, error = print})
        task.start(function() print("task", s:read()) end)
        s:close()
        s:close()
        print(s)
        """
        self.assertEqual(await self.play(code, play), 0)
        self.assertEqual(
            self.lines, [b"TCPSocket: closed", b"task\tnil\tOperation canceled\tclosed"]
        )


class FailureTests(RolesTestCase):
    async def test_reset(self) -> None:
        """Whoever waits is told, reads and writes; later reads are the end."""

        def play(peer: FarEnd) -> None:
            peer.receive_exactly(10)
            peer.reset()

        code = f"""
        s:read({{error = function(...) print("read", ...) end}})
        s:write(("x"):rep({4 * MUCH}), {{error = function(...)
          print("write", ...)
          s:read({{error = function(...) print("later", ...) end}})
          s:write("x", {{error = function(...) print("later", ...) end}})
        end}})
        """
        await self.play(code, play)
        reset = b"\tConnection reset by peer\treset"
        self.assertEqual(
            self.lines,
            [
                b"read" + reset,
                b"write" + reset,
                b"later\tEnd of file\teof",
                b"later\tNot connected\tstate",
            ],
        )

    async def test_end_without_goodbye(self) -> None:
        """The end of TCP alone is no end of TLS: somebody may have cut it."""

        def play(peer: FarEnd) -> None:
            peer.receive_exactly(4)
            peer.close()

        code = "s:write('name') s:read({error = print})"
        await self.play(code, play)
        expected = b"Connection reset by peer\treset"
        if self.kind != "tls":
            expected = b"End of file\teof"
        self.assertEqual(self.lines, [expected])

    async def test_read_timeout(self) -> None:
        """It loses nothing, and the connection goes on."""

        def play(peer: FarEnd) -> bytes:
            peer.send(b"ab")
            data = peer.receive_exactly(4)
            peer.send(b"cd")
            return data

        code = """
        task.start(function()
          print(s:readExactly(4))
          print(s:isConnected(), s:write("next"))
          print(s:readExactly(4))
          s:close()
        end)
        """
        self.assertEqual(await self.play(code, play, "timeout = 200"), b"next")
        self.assertEqual(
            self.lines, [b"nil\tOperation canceled\ttimeout", b"true\ttrue", b"abcd"]
        )

    async def test_write_timeout(self) -> None:
        """A peer that takes nothing is given up; whoever waits is told."""
        gone = Event()
        self.runtime.expose("gone", gone.set)

        def play(peer: FarEnd) -> bytes:
            peer.receive_exactly(1)
            while piece := peer.receive():
                if piece == b"reset":
                    return piece
                gone.wait(PATIENCE)
            return b"end"

        code = f"""
        s:read({{error = function(...) print("read", ...) end}})
        s:write(("x"):rep({4 * MUCH}), {{error = function(...) print("write", ...) gone() end}})
        """
        await self.play(code, play, "timeout = 200")
        timeout = b"\tOperation canceled\ttimeout"
        self.assertIn(b"write" + timeout, self.lines)


for _case, _accepted, _kind in product(
    (HalfCloseTests, CloseTests, FailureTests), (False, True), ("tcp", "tls", "unix")
):
    _role = "Accepted" if _accepted else "Connected"
    _name = f"{_role}{_kind.title()}{_case.__name__}"
    globals()[_name] = type(
        _name,
        (_case,),
        {"accepted": _accepted, "kind": _kind, "__module__": __name__},
    )
del _case, HalfCloseTests, CloseTests, FailureTests
