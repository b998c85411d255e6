"""UDPSocket in memory, with ports that the test plays."""

from __future__ import annotations

from tests.support import ALL_BYTES, LuaTestCase, for_each_lua


class UDPTestCase(LuaTestCase):
    def bind(self, options: str = "") -> None:
        """A socket C{udp} at port 5000."""
        self.run_lua(f"udp = net.UDPSocket({options}) udp:bind('127.0.0.1', 5000)")

    def receive(self, times: int = 1) -> None:
        """Ask for datagrams, which are printed."""
        self.run_lua(
            f"for i = 1, {times} do udp:receive({{success = print, error = print}}) end"
        )


class ReceiveTests(UDPTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.peer = self.reactor.bind("192.0.2.1", 7)

    def arrive(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.peer.send(datagram, ("127.0.0.1", 5000))
        self.turn()

    def test_every_byte_and_where_it_came_from(self) -> None:
        self.bind()
        self.receive()
        self.arrive(ALL_BYTES)
        self.assertEqual(self.lines, [ALL_BYTES + b"\t192.0.2.1\t7"])

    def test_an_empty_datagram_is_one(self) -> None:
        self.bind()
        self.receive()
        self.arrive(b"")
        self.assertEqual(self.lines, [b"\t192.0.2.1\t7"])

    def test_each_goes_to_one_receive_in_order(self) -> None:
        self.bind()
        self.receive(2)
        self.arrive(b"one", b"two", b"three", b"four")
        self.receive(2)
        self.assertEqual(
            [line.split(b"\t")[0] for line in self.lines],
            [b"one", b"two", b"three", b"four"],
        )

    def test_what_waits_is_bounded_and_the_oldest_are_dropped(self) -> None:
        self.bind("{maxQueue = 3}")
        self.arrive(*(b"%d" % number for number in range(1, 6)))
        self.run_lua("print(udp:droppedCount())")
        self.receive(3)
        self.assertEqual(
            [line.split(b"\t")[0] for line in self.lines], [b"2", b"3", b"4", b"5"]
        )

    def test_receives_that_wait_are_bounded(self) -> None:
        self.bind()
        self.receive(65)
        self.assertEqual(self.lines, [b"64 receives are waiting already\tlimit"])

    def test_a_time_limit_ends_one_receive_and_no_other(self) -> None:
        self.bind("{timeout = 1000}")
        self.receive()
        self.reactor.advance(0.6)
        self.receive()
        self.reactor.advance(0.4)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])
        self.arrive(b"in time")
        self.assertEqual(self.lines[1:], [b"in time\t192.0.2.1\t7"])

    def test_a_script_that_is_behind_does_not_read(self) -> None:
        self.bind()
        self.receive()
        self.press()
        self.arrive(b"late")
        self.assertEqual(self.lines, [])
        self.release()
        self.turn()
        self.assertEqual(self.lines, [b"late\t192.0.2.1\t7"])


class SendTests(UDPTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.peer = self.reactor.bind("192.0.2.1", 7)

    def test_every_byte(self) -> None:
        self.bind()
        self.run_lua(
            "local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end"
            " udp:sendTo(table.concat(t), '192.0.2.1', 7, {success = function(...)"
            " print('sent', select('#', ...)) end})"
        )
        self.assertEqual(self.peer.received(), [(ALL_BYTES, ("127.0.0.1", 5000))])
        self.assertEqual(self.lines, [b"sent\t0"])

    def test_a_socket_is_bound_by_what_is_asked_of_it(self) -> None:
        self.run_lua("udp = net.UDPSocket() udp:sendTo('x', '192.0.2.1', 7)")
        ((_, (host, port)),) = self.peer.received()
        self.run_lua("print(select(2, udp:localAddress()))")
        self.assertEqual((host, self.lines), ("127.0.0.1", [b"%d" % port]))

    def test_a_name_is_looked_up(self) -> None:
        self.reactor.nameResolver.addresses["device.example"] = ["192.0.2.1"]
        self.run_lua("net.UDPSocket():sendTo('x', 'device.example', 7)")
        self.assertEqual([data for data, _ in self.peer.received()], [b"x"])

    def test_a_name_that_does_not_exist(self) -> None:
        self.reactor.nameResolver.addresses["none.example"] = []
        self.run_lua("net.UDPSocket():sendTo('x', 'none.example', 7, {error = print})")
        self.turn()
        self.assertEqual(self.lines, [b"Host not found\tdns"])

    def test_an_ipv6_address_needs_an_ipv6_socket(self) -> None:
        six = self.reactor.bind("::1", 9)
        self.run_lua(
            "net.UDPSocket({ipv6 = true}):sendTo('six', '::1', 9)"
            " udp = net.UDPSocket() udp:bind('127.0.0.1', 0)"
            " udp:sendTo('x', '::1', 9, {error = print})"
        )
        self.assertEqual([data for data, _ in six.received()], [b"six"])
        self.assertEqual(self.lines, [b"Network is unreachable\tunreachable"])

    def test_an_ipv6_socket_sends_to_ipv4_too(self) -> None:
        self.run_lua("net.UDPSocket({ipv6 = true}):sendTo('four', '192.0.2.1', 7)")
        self.assertEqual([data for data, _ in self.peer.received()], [b"four"])


class ConnectTests(UDPTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.peer = self.reactor.bind("192.0.2.1", 7)
        self.bind()
        self.run_lua("udp:connect('192.0.2.1', 7, {error = print})")

    def test_needs_no_address_any_more(self) -> None:
        self.run_lua("udp:sendTo('x')")
        self.assertEqual(self.peer.received(), [(b"x", ("127.0.0.1", 5000))])

    def test_hears_of_its_peer_only(self) -> None:
        self.receive()
        self.reactor.bind("192.0.2.2", 7).send(b"stranger", ("127.0.0.1", 5000))
        self.turn()
        self.assertEqual(self.lines, [])
        self.peer.send(b"peer", ("127.0.0.1", 5000))
        self.turn()
        self.assertEqual(self.lines, [b"peer\t192.0.2.1\t7"])

    def test_sends_to_nobody_else(self) -> None:
        self.run_lua("udp:sendTo('x', '192.0.2.2', 7, {error = print})")
        self.assertEqual(self.lines, [b"Already connected to another peer\tstate"])

    def test_connects_once(self) -> None:
        self.run_lua("udp:connect('192.0.2.1', 7, {error = print})")
        self.assertEqual(self.lines, [b"Already connected\tstate"])

    def test_a_peer_that_has_gone_ends_one_receive(self) -> None:
        self.peer.close()
        self.receive()
        self.run_lua("udp:sendTo('x')")
        self.turn()
        self.assertEqual(self.lines, [b"Connection refused\trefused"])
        self.run_lua(
            "udp:sendTo('still', nil, nil, {success = function() print('sent') end})"
        )
        self.assertEqual(self.lines[1:], [b"sent"])


class CloseTests(UDPTestCase):
    def test_in_any_state_and_twice(self) -> None:
        self.run_lua("udp = net.UDPSocket() udp:close() udp:close() print(udp)")
        self.bind()
        self.run_lua("udp:close() udp:close() print(udp)")
        self.assertEqual(self.lines, [b"UDPSocket: closed"] * 2)

    def test_callbacks_are_dropped_and_a_task_is_told(self) -> None:
        self.bind()
        self.receive()
        self.run_lua("task.start(function() print(udp:receive()) end) udp:close()")
        self.turn()
        self.assertEqual(self.lines, [b"nil\tOperation canceled\tclosed"])

    def test_a_lookup_that_comes_too_late_is_dropped(self) -> None:
        self.reactor.nameResolver.held.add("slow.example")
        self.run_lua(
            "udp = net.UDPSocket()"
            " udp:sendTo('x', 'slow.example', 7, {success = print, error = print})"
            " udp:close()"
        )
        self.reactor.nameResolver.answer("slow.example")
        self.turn()
        self.assertEqual(self.lines, [])

    def test_the_port_is_free_again(self) -> None:
        self.bind()
        self.run_lua("udp:close()")
        self.turn()
        self.bind()
        self.run_lua("print(select(2, udp:localAddress()))")
        self.assertEqual(self.lines, [b"5000"])

    def test_a_socket_of_which_nothing_is_expected_keeps_nothing_alive(self) -> None:
        self.bind()
        idle = self.runtime.idle()
        self.turn(2)
        self.successResultOf(idle)
        self.receive()
        self.assertNoResult(self.runtime.idle())


class BadInputTests(UDPTestCase):
    def test_bad_arguments(self) -> None:
        for call, text in (
            ("sendTo({}, 'h', 1)", "#1 to 'sendTo' (data: string expected, got table)"),
            ("sendTo('x', 5, 1)", "#2 to 'sendTo' (host: string expected, got 5)"),
            (
                "sendTo('x', 'h', 'port')",
                "#3 to 'sendTo' (port: integer 1..65535 expected, got \"port\")",
            ),
            (
                "bind('h', 70000)",
                "#2 to 'bind' (port: integer 0..65535 expected, got 70000)",
            ),
            ("setMulticastTTL(256)", "#1 to 'setMulticastTTL'"),
            (
                "setMulticastLoopback('x')",
                "#1 to 'setMulticastLoopback' (enabled: boolean expected",
            ),
        ):
            self.assertRaisedAtLine(f"net.UDPSocket():{call}", text)

    def test_a_port_in_use(self) -> None:
        self.bind()
        self.run_lua("net.UDPSocket():bind('127.0.0.1', 5000, {error = print})")
        self.assertEqual(self.lines, [b"Address already in use\tin_use"])

    def test_binding_twice(self) -> None:
        self.bind()
        self.run_lua("udp:bind('127.0.0.1', 5001, {error = print})")
        self.assertEqual(self.lines, [b"Already bound\tstate"])


for _case in (ReceiveTests, SendTests, ConnectTests, CloseTests, BadInputTests):
    globals().update(for_each_lua(_case))
del _case
