"""The network in memory: between runtimes, and with its faults."""

from __future__ import annotations

import errno

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory import Flow, Network, Wire
from tests.memory.network import Address
from tests.support import ALL_BYTES, LuaTestCase

SERVER = """
server = net.TCPServer()
server:start("127.0.0.1", 4000, function(client)
  task.start(function()
    while true do
      local data, why = client:read()
      print("server", data or why)
      if not data then break end
      if data == "answer" then client:write("yes") end
    end
  end)
end)
"""

CLIENT = """
local texts = {...}
socket = net.TCPSocket()
socket:connect("127.0.0.1", 4000, {success = function()
  task.start(function()
    while true do
      local data, why = socket:read()
      print("client", data or why)
      if not data then break end
    end
  end)
  for _, text in ipairs(texts) do socket:write(text) end
end, error = function(...) print("client", ...) end})
"""


class ByteByByte(Wire):
    def sent(self, flow: Flow, data: bytes) -> None:
        flow.deliver(*(data[at : at + 1] for at in range(len(data))))


class Broken(Wire):
    """What the client sends is cut after some bytes, then what it says happens."""

    def __init__(self, after: int, then: str) -> None:
        self.after = after
        self.then = then

    def sent(self, flow: Flow, data: bytes) -> None:
        if flow.from_client and flow.amount + len(data) > self.after:
            flow.deliver(data[: max(0, self.after - flow.amount)])
            getattr(flow, self.then)()
        else:
            flow.deliver(data)


class TCPTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(SERVER)
        self.turn()

    def test_two_runtimes_talk(self) -> None:
        other = self.make_runtime()
        self.successResultOf(other.run_string(CLIENT, "@other.lua", "answer"))
        self.reactor.settle()
        self.assertEqual(self.lines, [b"server\tanswer", b"client\tyes"])

    def test_bytes_need_a_turn_each_way(self) -> None:
        self.run_lua(CLIENT, "answer")
        self.reactor.settle()
        self.lines.clear()
        self.run_lua("socket:write('answer')")
        self.assertEqual(self.lines, [])
        self.turn()
        self.assertEqual(self.lines, [b"server\tanswer"])
        self.turn()
        self.assertEqual(self.lines[1:], [b"client\tyes"])

    def test_a_wire_can_split(self) -> None:
        self.reactor.network.wire = ByteByByte()
        self.run_lua(CLIENT, "answer")
        self.reactor.settle()
        self.assertEqual(
            self.lines, [b"server\t" + each for each in b"a n s w e r".split()]
        )

    def test_a_wire_can_end_a_direction(self) -> None:
        self.reactor.network.wire = Broken(3, "finish")
        self.run_lua(CLIENT, "hello")
        self.reactor.settle()
        self.assertEqual(self.lines[:2], [b"server\thel", b"server\tEnd of file"])
        self.assertEqual(self.lines[2:], [b"client\tEnd of file"])

    def test_a_wire_can_reset(self) -> None:
        self.reactor.network.wire = Broken(3, "reset")
        self.run_lua(CLIENT, "hello")
        self.reactor.settle()
        reset = b"\tConnection reset by peer"
        self.assertEqual(
            sorted(self.lines), [b"client" + reset, b"server" + reset, b"server\thel"]
        )

    def test_a_wire_can_delay(self) -> None:
        reactor = self.reactor

        class Slow(Wire):
            def sent(self, flow: Flow, data: bytes) -> None:
                reactor.callLater(0.5, flow.deliver, data)

        self.reactor.network.wire = Slow()
        self.run_lua(CLIENT, "hello")
        self.reactor.settle()
        self.assertEqual(self.lines, [])
        self.reactor.advance(0.5)
        self.assertEqual(self.lines, [b"server\thello"])

    def test_a_wire_can_stall(self) -> None:
        class Stalled(Wire):
            def sent(self, flow: Flow, data: bytes) -> None:
                flow.stalled = True

        self.reactor.network.wire = Stalled()
        self.run_lua(CLIENT, "hello")
        self.reactor.settle()
        self.run_lua("socket:write('more') print(socket:bufferedAmount())")
        self.assertEqual(self.lines, [b"4"])

    def test_who_does_not_read_is_not_sent_more(self) -> None:
        self.run_lua(CLIENT)
        self.reactor.settle()
        self.press()
        self.run_lua("socket:write(('x'):rep(100000)) print(socket:bufferedAmount())")
        self.reactor.settle()
        # Of the 65 536 bytes of room the parts that went as a whole do not count.
        self.assertEqual(self.lines, [b"34464"])
        self.release()
        self.reactor.settle()
        self.run_lua("print(socket:bufferedAmount())")
        self.assertEqual(self.lines[-1], b"0")

    def test_what_comes_after_the_end_is_answered_by_a_reset(self) -> None:
        self.run_lua(
            "s = net.TCPSocket() s:connect('127.0.0.1', 1, {success = function()"
            " s:read({error = print}) end})"
        )
        peer = self.reactor.accept()
        self.press()
        peer.close()
        self.run_lua("s:write('one')")
        self.turn()
        self.assertEqual(self.lines, [])
        self.run_lua("s:write('two')")
        self.turn()
        self.assertEqual(self.lines, [b"Connection reset by peer\treset"])

    def test_a_peer_may_break_what_was_aborted_and_resumed(self) -> None:
        """A transport that reads nothing any more does not hold up its peer."""
        self.run_lua("net.WebSocketClient():connect('ws://127.0.0.1:80') server:stop()")
        self.turn()
        peer = self.reactor.accept()
        self.press()
        peer.send(b"garbage")
        # The first of these reads the garbage, and autobahn aborts.
        self.release()
        peer.send(b"more")
        self.release()
        peer.reset()
        self.reactor.settle()
        self.assertTrue(peer.gone)

    def test_a_port_is_taken_once(self) -> None:
        self.run_lua("net.TCPServer():start('127.0.0.1', 4000, print, {error = print})")
        self.turn()
        self.assertEqual(self.lines, [b"Address already in use\tin_use"])

    def test_refused_with_an_errno(self) -> None:
        self.run_lua("net.TCPSocket():connect('10.0.0.9', 1, {error = print})")
        self.reactor.refuse(errno.ENETUNREACH)
        self.assertEqual(self.lines, [b"Network is unreachable\tunreachable"])

    def test_addresses(self) -> None:
        self.run_lua(
            "server = net.TCPServer() server:start('*', 0, function(client, ip, port)"
            " print(ip, port) print(client:localAddress()) end)"
        )
        self.turn()
        peer = self.reactor.connect(source=("192.0.2.9", 1234))
        self.assertEqual(self.lines[0], b"192.0.2.9\t1234")
        self.assertEqual(peer.name, ("192.0.2.9", 1234))

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
    def test_every_byte_arrives_in_order(self, pieces: list[bytes]) -> None:
        self.lines.clear()
        self.run_lua(
            "s = net.TCPSocket() s:connect('127.0.0.1', 1, {success = function()"
            " s:readAll({success = print}) end})"
        )
        peer = self.reactor.accept()
        self.turn()
        peer.send(*pieces)
        peer.close()
        self.assertEqual(self.lines, [b"".join(pieces)])


class UDPTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(
            "a, b = net.UDPSocket(), net.UDPSocket() a:bind('127.0.0.1', 5000)"
            " task.start(function() while true do print(a:receive()) end end)"
        )

    def test_datagrams_reach_the_other_port(self) -> None:
        self.run_lua("b:bind('127.0.0.1', 5001) b:sendTo('hello', '127.0.0.1', 5000)")
        self.turn()
        self.assertEqual(self.lines, [b"hello\t127.0.0.1\t5001"])

    def test_with_a_port_that_the_test_plays(self) -> None:
        peer = self.reactor.bind("192.0.2.1", 7)
        peer.send(ALL_BYTES, ("127.0.0.1", 5000))
        self.turn()
        self.assertEqual(self.lines, [ALL_BYTES + b"\t192.0.2.1\t7"])
        self.run_lua("a:sendTo('back', '192.0.2.1', 7)")
        self.assertEqual(peer.received(), [(b"back", ("127.0.0.1", 5000))])

    def test_a_wire_can_lose_and_repeat(self) -> None:
        class Odd(Wire):
            def datagram(
                self, network: Network, data: bytes, source: Address, to: Address
            ) -> None:
                for _ in range(int(data)):
                    network.deliver(data, source, to)

        self.reactor.network.wire = Odd()
        self.run_lua("for i = 0, 2 do b:sendTo(i, '127.0.0.1', 5000) end")
        self.turn()
        self.assertEqual([each[:1] for each in self.lines], [b"1", b"2", b"2"])

    def test_a_connected_socket_hears_that_nobody_is_there(self) -> None:
        self.run_lua(
            "b:connect('127.0.0.1', 9) b:sendTo('x') b:receive({error = print})"
        )
        self.turn()
        self.assertEqual(self.lines, [b"Connection refused\trefused"])


class NameTests(LuaTestCase):
    def test_addresses_that_the_test_gives(self) -> None:
        self.reactor.nameResolver.addresses["two.example"] = [
            "192.0.2.1",
            "2001:db8::1",
        ]
        self.run_lua("net.resolve('two.example', {success = print})")
        self.turn()
        self.assertEqual(self.lines, [b"192.0.2.1\t2001:db8::1"])

    def test_a_name_that_does_not_exist(self) -> None:
        self.reactor.nameResolver.addresses["none.example"] = []
        self.run_lua("net.TCPSocket():connect('none.example', 1, {error = print})")
        self.turn()
        self.assertEqual(self.lines, [b"Host not found\tdns"])

    def test_an_answer_that_takes_time(self) -> None:
        names = self.reactor.nameResolver
        names.held.add("slow.example")
        self.run_lua("net.TCPSocket():connect('slow.example', 1, {success = print})")
        self.turn(3)
        self.assertEqual((names.asked, self.reactor.tcpClients), (["slow.example"], []))
        names.answer("slow.example")
        self.assertEqual(len(self.reactor.tcpClients), 1)
