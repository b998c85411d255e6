"""net.UDPSocket in scripts, on a network in memory: the contract, sentence by sentence."""

from __future__ import annotations

from tests.support import ALL_BYTES, LuaTestCase, for_each_lua

SHOW = """
function show(name)
  return {
    success = function(...) print(name, ...) end,
    error = function(...) print(name, "error", ...) end,
  }
end
"""


class UDPTestCase(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(SHOW)
        self.peer = self.reactor.bind("127.0.0.1", 7)

    def said(self, *lines: str) -> None:
        """The scripts have printed these since the last time."""
        self.reactor.settle()
        self.assertEqual([line.decode() for line in self.lines], list(lines))
        self.assertEqual(self.errors, [])
        self.lines.clear()

    def bound(self, options: str = "") -> None:
        """A socket C{s} on port 5000."""
        self.run_lua(f"s = net.UDPSocket({options}) s:bind('127.0.0.1', 5000)")

    def send(self, *datagrams: bytes) -> None:
        """They come to port 5000."""
        for data in datagrams:
            self.peer.send(data, ("127.0.0.1", 5000))
        self.reactor.settle()


class SendTests(UDPTestCase):
    def test_every_byte(self) -> None:
        self.run_lua(
            b"local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end"
            b" s = net.UDPSocket()"
            b" s:sendTo(table.concat(t), '127.0.0.1', 7, show('sent'))"
        )
        self.said("sent")
        (data, _), *rest = self.peer.received()
        self.assertEqual((data, rest), (ALL_BYTES, []))

    def test_an_empty_datagram(self) -> None:
        self.run_lua("s = net.UDPSocket() s:sendTo('', '127.0.0.1', 7)")
        self.assertEqual([data for data, _ in self.peer.received()], [b""])

    def test_the_port_as_a_string(self) -> None:
        self.run_lua("s = net.UDPSocket() s:sendTo('x', '127.0.0.1', '7', show(1))")
        self.said("1")
        self.assertEqual(len(self.peer.received()), 1)

    def test_the_answer_comes_later(self) -> None:
        """Never inside the call."""
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', '127.0.0.1', 7, show(2)) print(1)"
        )
        self.said("1", "2")

    def test_back_to_back(self) -> None:
        """In order, all from one port."""
        self.run_lua(
            "s = net.UDPSocket() for i = 1, 5 do s:sendTo(tostring(i), '127.0.0.1', 7) end"
        )
        received = self.peer.received()
        self.assertEqual([data for data, _ in received], [b"1", b"2", b"3", b"4", b"5"])
        self.assertEqual(len({source for _, source in received}), 1)

    def test_a_name_is_looked_up_while_the_program_goes_on(self) -> None:
        self.reactor.nameResolver.held.add("device")
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', 'device', 7, show('device'))"
            " s:sendTo('y', '127.0.0.1', 7, show('address'))"
        )
        self.said("address")
        self.reactor.nameResolver.answer("device")
        self.said("device")

    def test_a_name_that_does_not_exist(self) -> None:
        self.reactor.nameResolver.addresses["nowhere"] = []
        self.run_lua("s = net.UDPSocket() s:sendTo('x', 'nowhere', 7, show(1))")
        self.said("1\terror\tHost not found\tdns")

    def test_what_cannot_be_a_name(self) -> None:
        for name in (
            "",
            "a b",
            "a\\0b",
            "device..local",
            "." * 3,
            "a" * 64,
            "a/b",
            "x:y",
            "%41",
        ):
            self.run_lua(f"s = net.UDPSocket() s:sendTo('x', '{name}', 7, show(1))")
            self.said("1\terror\tHost not found\tdns")

    def test_a_name_that_is_not_text(self) -> None:
        self.run_lua(b"s = net.UDPSocket() s:sendTo('x', '\\255\\254', 7, show(1))")
        self.said("1\terror\tHost not found\tdns")

    def test_an_ipv6_address_from_an_ipv4_socket(self) -> None:
        self.bound()
        self.run_lua("s:sendTo('x', '::1', 7, show(1))")
        self.said("1\terror\tNetwork is unreachable\tunreachable")

    def test_the_first_address_decides(self) -> None:
        """A socket that is not bound yet can send to IPv6 at once, and then to IPv4."""
        six = self.reactor.bind("::1", 7)
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('6', '::1', 7) s:sendTo('4', '127.0.0.1', 7)"
        )
        self.assertEqual([data for data, _ in six.received()], [b"6"])
        self.assertEqual([data for data, _ in self.peer.received()], [b"4"])

    def test_a_zone_that_is_no_interface(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', 'fe80::1%nonsense', 7, show(1))"
        )
        self.said("1\terror\tHost not found\tdns")

    def test_many_addresses(self) -> None:
        """More than are kept in the system's form."""
        self.run_lua(
            "s = net.UDPSocket() for i = 1, 3000 do s:sendTo('x', '127.0.0.1', 10000 + i) end"
            " s:sendTo('last', '127.0.0.1', 7)"
        )
        self.assertEqual([data for data, _ in self.peer.received()], [b"last"])

    def test_names_that_wait_are_bounded(self) -> None:
        self.reactor.nameResolver.held.add("slow")
        self.run_lua(
            "s = net.UDPSocket() for i = 1, 1025 do s:sendTo('x', 'slow', 7, show(i)) end"
        )
        self.said(
            "1025\terror\t1024 datagrams wait for names, and no option allows more\tlimit"
        )
        self.run_lua("s:close()")
        self.said()

    def test_what_waits_for_a_bind_is_bounded(self) -> None:
        self.reactor.nameResolver.held.add("slow")
        self.run_lua(
            "s = net.UDPSocket() s:bind('slow', 0)"
            " for i = 1, 1025 do s:sendTo('x', '127.0.0.1', 7, show(i)) end"
        )
        self.said(
            "1025\terror\t1024 operations wait for a name, and no option allows more\tlimit"
        )
        self.reactor.nameResolver.answer("slow")
        self.reactor.settle()
        self.assertEqual(len(self.lines), 1024)
        self.lines.clear()


class BindTests(UDPTestCase):
    def test_success_gets_the_port(self) -> None:
        self.run_lua("s = net.UDPSocket() s:bind('127.0.0.1', 5000, show('port'))")
        self.said("port\t5000")
        self.run_lua("print(s:localAddress()) print(s)")
        self.said("127.0.0.1\t5000", "UDPSocket: 127.0.0.1:5000 (bound)")

    def test_a_free_port(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:bind(nil, 0, {success = function(p) port = p end})"
        )
        self.run_lua("print(port == select(2, s:localAddress()), s:localAddress())")
        self.reactor.settle()
        self.assertTrue(self.lines[0].startswith(b"true\t0.0.0.0\t"), self.lines)

    def test_every_interface(self) -> None:
        """IPv4, and with the option ipv6 both."""
        for host in ("nil", "'*'"):
            for option, expected in (("false", "0.0.0.0"), ("true", "::")):
                self.run_lua(
                    f"s = net.UDPSocket({{ipv6 = {option}}}) s:bind({host}, 0)"
                    " print((s:localAddress()))"
                )
                self.said(expected)

    def test_a_name_binds_its_first_address_ipv4_first(self) -> None:
        self.reactor.nameResolver.addresses["here"] = ["::1", "127.0.0.1"]
        self.run_lua("s = net.UDPSocket() s:bind('here', 5000, show(1))")
        self.said("1\t5000")
        self.run_lua("print((s:localAddress()))")
        self.said("127.0.0.1")

    def test_twice(self) -> None:
        self.bound()
        self.run_lua("s:bind('127.0.0.1', 0, show(1))")
        self.said("1\terror\tAlready bound\tstate")

    def test_after_a_send(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', '127.0.0.1', 7) s:bind('*', 5000, show(1))"
        )
        self.said("1\terror\tAlready bound\tstate")

    def test_after_a_send_that_waits_for_its_name(self) -> None:
        """As after one that does not."""
        self.reactor.nameResolver.held.add("slow")
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', 'slow', 7, show('sent'))"
            " s:bind('*', 5000, show(1))"
        )
        self.said("1\terror\tAlready bound\tstate")
        self.reactor.nameResolver.answer("slow")
        self.said("sent")

    def test_what_follows_a_bind_waits_for_its_name(self) -> None:
        """It does not bind the socket to a free port meanwhile."""
        self.reactor.nameResolver.held.add("localhost")
        self.run_lua(
            """
            s = net.UDPSocket()
            s:bind("localhost", 5000, show("bound"))
            s:receive(show("received"))
            s:sendTo("by address", "127.0.0.1", 7, show("sent"))
            s:sendTo("by name", "peer", 7, show("sent too"))
            s:joinGroup("239.1.2.3", nil, show("joined"))
            s:bind("localhost", 5001, show("bound twice"))
            """
        )
        self.said()
        self.reactor.nameResolver.answer("localhost")
        self.said(
            "bound\t5000",
            "sent",
            "sent too",
            "joined",
            "bound twice\terror\tAlready bound\tstate",
        )
        self.assertEqual(
            self.peer.received(),
            [(b"by address", ("127.0.0.1", 5000)), (b"by name", ("127.0.0.1", 5000))],
        )
        self.send(b"back")
        self.said("received\tback\t127.0.0.1\t7")

    def test_what_follows_a_bind_that_fails(self) -> None:
        """It happens, on a free port."""
        self.reactor.nameResolver.held.add("nowhere")
        self.reactor.nameResolver.addresses["nowhere"] = []
        self.run_lua(
            "s = net.UDPSocket() s:bind('nowhere', 5000, show('bound'))"
            " s:sendTo('x', '127.0.0.1', 7, show('sent'))"
        )
        self.reactor.nameResolver.answer("nowhere")
        self.said("bound\terror\tHost not found\tdns", "sent")

    def test_a_port_that_is_taken(self) -> None:
        self.bound()
        self.run_lua("t = net.UDPSocket() t:bind('127.0.0.1', 5000, show(1))")
        self.said("1\terror\tAddress already in use\tin_use")
        self.run_lua(
            "t:bind('127.0.0.1', 0, {success = function() print('another') end})"
        )
        self.said("another")

    def test_the_constructor_is_ready_at_once(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() print(s:localAddress()) print(s:droppedCount())"
            " print(s) s:close() s:close()"
        )
        self.said("nil\tNot bound\tstate", "0", "UDPSocket: closed")


class ReceiveTests(UDPTestCase):
    def test_data_address_and_port(self) -> None:
        self.bound()
        self.run_lua("s:receive(show('got'))")
        self.send(b"data")
        self.said("got\tdata\t127.0.0.1\t7")

    def test_several_wait_and_are_served_in_order(self) -> None:
        self.bound()
        self.run_lua("for i = 1, 3 do s:receive(show(i)) end")
        self.send(b"a", b"b", b"c")
        self.said(*(f"{i}\t{c}\t127.0.0.1\t7" for i, c in enumerate("abc", 1)))

    def test_what_comes_meanwhile_is_kept(self) -> None:
        """None is lost, none is given twice, and none is mixed with another."""
        self.bound()
        self.send(b"a", b"", b"c")
        self.run_lua("for i = 1, 4 do s:receive(show(i)) end print('not inside')")
        self.send(b"d")
        self.said(
            "not inside",
            *(f"{i}\t{c}\t127.0.0.1\t7" for i, c in enumerate(("a", "", "c", "d"), 1)),
        )

    def test_the_oldest_is_dropped_and_counted(self) -> None:
        self.bound("{maxQueue = 3}")
        self.send(b"1", b"2", b"3", b"4", b"5")
        self.run_lua("print(s:droppedCount()) for i = 1, 3 do s:receive(show(i)) end")
        self.said("2", *(f"{i}\t{i + 2}\t127.0.0.1\t7" for i in range(1, 4)))

    def test_after_a_flood(self) -> None:
        """The newest are here, and the socket works on."""
        self.bound("{maxQueue = 2}")
        self.send(*(b"%d" % number for number in range(500)))
        self.run_lua("print(s:droppedCount()) for i = 1, 3 do s:receive(show(i)) end")
        self.send(b"later")
        self.said(
            "498",
            "1\t498\t127.0.0.1\t7",
            "2\t499\t127.0.0.1\t7",
            "3\tlater\t127.0.0.1\t7",
        )

    def test_a_queue_of_1024(self) -> None:
        self.bound()
        self.send(*[b"x"] * 1030)
        self.run_lua("print(s:droppedCount())")
        self.said("6")

    def test_no_more_than_64_wait(self) -> None:
        self.bound()
        self.run_lua("for i = 1, 65 do s:receive(show(i)) end")
        self.said(
            "65\terror\t64 receives wait already, and no option allows more\tlimit"
        )

    def test_timeout(self) -> None:
        """It loses nothing and leaves the socket usable."""
        self.bound("{timeout = 1000}")
        self.run_lua("s:receive(show(1))")
        self.reactor.advance(0.5)
        self.said()
        self.reactor.advance(0.6)
        self.said("1\terror\tOperation canceled\ttimeout")
        self.send(b"late")
        self.run_lua("s:receive(show(2))")
        self.said("2\tlate\t127.0.0.1\t7")

    def test_timeout_of_one_that_waits_beside_what_was_kept(self) -> None:
        self.bound("{timeout = 1000}")
        self.send(b"kept")
        self.run_lua("s:receive(show(1)) s:receive(show(2))")
        self.reactor.advance(1.1)
        self.said("1\tkept\t127.0.0.1\t7", "2\terror\tOperation canceled\ttimeout")

    def test_a_timeout_that_is_none(self) -> None:
        self.bound("{timeout = 0}")
        self.run_lua("s:receive(show(1))")
        self.reactor.advance(1000)
        self.said()

    def test_receive_binds(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:receive(show(1)) print(select('#', s:localAddress()))"
        )
        self.said("2")

    def test_a_script_that_is_behind_does_not_read(self) -> None:
        self.bound()
        self.run_lua("s:receive(show(1))")
        self.press()
        self.send(b"late")
        self.said()
        self.release()
        self.said("1\tlate\t127.0.0.1\t7")

    def test_a_socket_of_a_script_that_is_behind(self) -> None:
        """It reads no more than the others that were there before."""
        self.press()
        self.bound()
        self.run_lua("s:receive(show(1))")
        self.send(b"late")
        self.said()
        self.release()
        self.said("1\tlate\t127.0.0.1\t7")

    def test_in_a_task(self) -> None:
        self.bound()
        self.run_lua("task.start(function() print(s:receive()) print(s:receive()) end)")
        self.send(b"a", b"b")
        self.said("a\t127.0.0.1\t7", "b\t127.0.0.1\t7")

    def test_all_kinds_of_receives_are_served_in_order(self) -> None:
        """With callbacks, without one of them, in tasks, and one that was cancelled."""
        self.bound()
        self.run_lua(
            """
            s:receive(show(1))
            task.start(function() print(2, s:receive()) end)
            s:receive({ success = function(data) print(3, data) end })
            local given = task.start(function() print("never", s:receive()) end)
            s:receive(show(4))
            given:cancel()
            """
        )
        self.send(b"a", b"b", b"c", b"d")
        self.said(
            "1\ta\t127.0.0.1\t7", "2\tb\t127.0.0.1\t7", "3\tc", "4\td\t127.0.0.1\t7"
        )

    def test_callbacks_are_those_of_the_call(self) -> None:
        """What the script does to its table afterwards changes nothing."""
        self.bound()
        self.run_lua(
            """
            callbacks = show("echo")
            s:receive(show(1))
            s:receive(callbacks)
            callbacks.success, callbacks.error = nil, nil
            """
        )
        self.send(b"a", b"b")
        self.said("1\ta\t127.0.0.1\t7", "echo\tb\t127.0.0.1\t7")

    def test_a_callback_that_raises(self) -> None:
        """It is reported with the socket, and those that come after it are served."""
        self.bound()
        self.run_lua(
            """
            s:receive(show(1))
            s:receive({ success = function() error("raised") end, error = print })
            s:receive(show(3))
            """
        )
        self.send(b"a", b"b", b"c")
        self.assertIn("in UDPSocket 127.0.0.1:5000, receive", self.errors[0])
        self.errors.clear()
        self.said("1\ta\t127.0.0.1\t7", "3\tc\t127.0.0.1\t7")

    def test_closed_while_several_datagrams_are_handed_over(self) -> None:
        self.bound()
        self.run_lua(
            """
            s:receive(show(1))
            s:receive({ success = function() s:sendTo("bye", "127.0.0.1", 7) s:close() end,
                error = print })
            s:receive(show("never"))
            """
        )
        self.send(b"a", b"b", b"c")
        self.said("1\ta\t127.0.0.1\t7")
        self.assertEqual([data for data, _ in self.peer.received()], [b"bye"])

    def test_a_wrong_callback_is_told_of_each_time(self) -> None:
        """Also where receives that are right have gone before."""
        self.bound()
        self.run_lua("s:receive(show(1))")
        for wrong, said in (
            (
                "{success = print, error = 1}",
                "callbacks.error: function expected, got 1",
            ),
            (
                "{success = 1, error = print}",
                "callbacks.success: function expected, got 1",
            ),
            ("5", "callbacks: table expected, got 5"),
        ):
            self.run_lua(f"print(select(2, pcall(s.receive, s, {wrong})))")
            self.assertIn(said, self.lines.pop().decode())

    def test_an_ipv4_client_of_a_socket_for_both(self) -> None:
        self.run_lua(
            "s = net.UDPSocket({ipv6 = true}) s:bind('*', 5000) s:receive(show(1))"
        )
        self.send(b"x")
        self.said("1\tx\t127.0.0.1\t7")
        self.run_lua("s:sendTo('back', '127.0.0.1', 7)")
        self.assertEqual(self.peer.received(), [(b"back", ("127.0.0.1", 5000))])


class ConnectTests(UDPTestCase):
    def test_fixes_the_peer(self) -> None:
        stranger = self.reactor.bind("127.0.0.1", 8)
        self.run_lua(
            "s = net.UDPSocket() s:bind('127.0.0.1', 5000) s:connect('127.0.0.1', 7, show(1))"
            " s:receive(show(2)) s:sendTo('there', nil, nil, show(3)) print(s)"
        )
        stranger.send(b"no", ("127.0.0.1", 5000))
        self.send(b"yes")
        self.said(
            "UDPSocket: 127.0.0.1:7 (connected)", "1", "3", "2\tyes\t127.0.0.1\t7"
        )
        self.assertEqual([data for data, _ in self.peer.received()], [b"there"])

    def test_to_a_name(self) -> None:
        self.reactor.nameResolver.held.add("device")
        self.run_lua(
            "s = net.UDPSocket() s:connect('device', 7, show(1)) s:sendTo('x', nil, nil, show(2))"
        )
        self.said()
        self.reactor.nameResolver.answer("device")
        self.said("1", "2")
        self.assertEqual(len(self.peer.received()), 1)

    def test_twice(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:connect('127.0.0.1', 7) s:connect('127.0.0.1', 7, show(1))"
        )
        self.said("1\terror\tAlready connected\tstate")

    def test_send_to_the_peer_by_its_address(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:connect('127.0.0.1', 7) s:sendTo('x', '127.0.0.1', 7, show(1))"
            " s:sendTo('y', 'localhost', 7, show(2)) s:sendTo('z', '127.0.0.1', 8, show(3))"
        )
        self.said("1", "2", "3\terror\tAlready connected to another peer\tstate")
        self.assertEqual([data for data, _ in self.peer.received()], [b"x", b"y"])

    def test_send_to_another_that_was_sent_to_before(self) -> None:
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', '127.0.0.1', 7) s:connect('127.0.0.1', 8)"
            " s:sendTo('y', '127.0.0.1', 7, show(1))"
        )
        self.said("1\terror\tAlready connected to another peer\tstate")

    def test_what_follows_waits_for_its_name(self) -> None:
        """Also when it goes where something was sent to before, with an answer or none."""
        self.reactor.nameResolver.held.add("device")
        self.run_lua(
            "s = net.UDPSocket() s:sendTo('x', '127.0.0.1', 7) s:connect('device', 8)"
            " s:sendTo('y', '127.0.0.1', 7, show(1)) s:sendTo('z', '127.0.0.1', 7)"
        )
        self.said()
        self.reactor.nameResolver.answer("device")
        self.said("1\terror\tAlready connected to another peer\tstate")
        self.assertEqual([data for data, _ in self.peer.received()], [b"x"])

    def test_send_without_a_peer(self) -> None:
        self.run_lua("s = net.UDPSocket() s:sendTo('x', nil, nil, show(1))")
        self.said("1\terror\tNot connected\tstate")

    def test_nobody_is_there(self) -> None:
        """The receive that waits gets it, and the socket goes on."""
        self.run_lua(
            "s = net.UDPSocket() s:connect('127.0.0.1', 9) s:receive(show(1)) s:receive(show(2))"
            " s:sendTo('x')"
        )
        self.said("1\terror\tConnection refused\trefused")

    def test_somebody_is_there_again(self) -> None:
        """What is sent then is sent, though the system says first what became of another."""
        self.bound()
        self.run_lua(
            "s:connect('127.0.0.1', 9) s:sendTo('lost')"
            " t = net.UDPSocket() t:bind('127.0.0.1', 9) t:receive(show('received'))"
            " s:receive(show('told')) s:sendTo('arrives', nil, nil, show('sent'))"
        )
        self.said(
            "told\terror\tConnection refused\trefused",
            "sent",
            "received\tarrives\t127.0.0.1\t5000",
        )

    def test_nobody_is_there_while_nobody_receives(self) -> None:
        """The next receive gets it: once, however often it was said."""
        self.run_lua("s = net.UDPSocket() s:connect('127.0.0.1', 9) s:sendTo('x')")
        self.reactor.settle()
        self.run_lua("s:sendTo('y')")
        self.reactor.settle()
        self.run_lua("s:receive(show(1)) s:receive(show(2)) print(s:droppedCount())")
        self.said("0", "1\terror\tConnection refused\trefused")


class MulticastTests(UDPTestCase):
    def test_groups_that_are_none(self) -> None:
        self.run_lua("s = net.UDPSocket()")
        for group in ("no group", "10.0.0.1", "fe80::1", "", "239.1.2", "ff02::1::"):
            self.run_lua(f"s:joinGroup('{group}', nil, show(1))")
            self.said(f"1\terror\t{group} is no multicast group\tunreachable")
            self.run_lua(f"s:leaveGroup('{group}', nil, show(1))")
            self.said(f"1\terror\t{group} is no multicast group\tunreachable")

    def test_interfaces_that_are_none(self) -> None:
        self.run_lua("s = net.UDPSocket({ipv6 = true})")
        for group in ("239.1.2.3", "ff02::fb"):
            for method in ("joinGroup", "leaveGroup"):
                for interface in ("nonsense", "1.2.3", "99999"):
                    self.run_lua(f"s:{method}('{group}', '{interface}', show(1))")
                    self.reactor.settle()
                    self.assertTrue(
                        self.lines[0].endswith(b"\tunreachable"), self.lines
                    )
                    self.lines.clear()

    def test_a_group_of_ipv6_on_a_socket_of_ipv4(self) -> None:
        self.bound()
        self.run_lua("s:joinGroup('ff02::fb', nil, show(1))")
        self.said(
            "1\terror\tff02::fb is IPv6, and the socket is not (option ipv6)\tunreachable"
        )

    def test_options_before_bind(self) -> None:
        """They do not bind it."""
        self.run_lua(
            "s = net.UDPSocket() print(s:setMulticastTTL(4), s:setMulticastLoopback(false))"
            " s:bind('127.0.0.1', 5000, show('bound'))"
        )
        self.said("true\ttrue", "bound\t5000")

    def test_join_waits_in_a_task(self) -> None:
        self.run_lua(
            "task.start(function() local s = net.UDPSocket()"
            " print(s:joinGroup('239.1.2.3', nil)) print(s:joinGroup('x', nil)) end)"
        )
        self.said("true", "nil\tx is no multicast group\tunreachable")


class CloseTests(UDPTestCase):
    def test_waiting_callbacks_are_dropped(self) -> None:
        self.reactor.nameResolver.held.add("slow")
        self.run_lua(
            "s = net.UDPSocket() s:receive(show(1)) s:sendTo('x', 'slow', 7, show(2))"
            " s:bind('slow', 0, show(3)) s:connect('slow', 7, show(4))"
            " s:joinGroup('239.1.2.3', nil, show(5)) s:close()"
        )
        self.reactor.nameResolver.answer("slow")
        self.said()

    def test_a_waiting_task_is_told(self) -> None:
        self.reactor.nameResolver.held.add("slow")
        self.run_lua(
            "s = net.UDPSocket()"
            " task.start(function() print(1, s:receive()) end)"
            " task.start(function() print(2, s:sendTo('x', 'slow', 7)) end)"
            " task.start(function() print(3, s:connect('slow', 7)) end)"
            " s:close()"
        )
        self.reactor.settle()
        self.assertEqual(
            sorted(self.lines),
            [b"%d\tnil\tOperation canceled\tclosed" % number for number in (1, 2, 3)],
        )

    def test_in_each_callback(self) -> None:
        for operation in (
            "s:receive(cb)",
            "s:sendTo('x', '127.0.0.1', 7, cb)",
            "s:sendTo('x', 'localhost', 7, cb)",
            "s:bind('127.0.0.1', 0, cb)",
            "s:connect('127.0.0.1', 7, cb)",
            "s:joinGroup('239.1.2.3', nil, cb)",
            "s:joinGroup('nonsense', nil, cb)",
        ):
            bind = "s:bind('127.0.0.1', 5000)" if "receive" in operation else ""
            self.run_lua(
                f"""
                s = net.UDPSocket()
                local function f() s:close() print("closed", s) end
                local cb = {{success = f, error = f}}
                {bind}
                {operation}
                s:receive(show("dropped"))
                """
            )
            self.send(b"x", b"y")
            self.said("closed\tUDPSocket: closed")

    def test_then_again(self) -> None:
        """The port is free at once, and what was kept is gone."""
        self.bound()
        self.send(b"old")
        self.run_lua("s:close()")
        self.reactor.settle()
        self.run_lua("s:bind('127.0.0.1', 5000, show('bound')) s:receive(show('got'))")
        self.send(b"new")
        self.said("bound\t5000", "got\tnew\t127.0.0.1\t7")

    def test_a_receive_without_success_is_not_waited_for_any_more(self) -> None:
        self.bound()
        self.run_lua(
            "s:receive({error = print}) s:close() print(eplua.stats().UDPSocket)"
        )
        self.reactor.settle()
        self.run_lua("print(eplua.stats().UDPSocket)")
        self.assertEqual(self.lines[-1], b"nil")


class KeepingAliveTests(UDPTestCase):
    def idle(self) -> bool:
        """Whether the program would end."""
        waiting = self.runtime.idle()
        self.reactor.settle()
        return waiting.called

    def test_only_what_is_expected(self) -> None:
        self.bound()
        self.assertTrue(self.idle())
        self.run_lua("s:receive(show(1))")
        self.assertFalse(self.idle())
        self.send(b"x")
        self.assertTrue(self.idle())

    def test_a_name_that_is_looked_up(self) -> None:
        self.reactor.nameResolver.held.add("slow")
        self.run_lua("s = net.UDPSocket() s:sendTo('x', 'slow', 7)")
        self.assertFalse(self.idle())
        self.reactor.nameResolver.answer("slow")
        self.assertTrue(self.idle())

    def test_sockets_that_the_script_has_lost(self) -> None:
        """They go, with their descriptors, unless something is expected of them."""
        self.run_lua(
            "for i = 1, 20 do net.UDPSocket():sendTo('x', '127.0.0.1', 7) end"
            " net.UDPSocket():receive(show(1))"
        )
        self.run_lua("collectgarbage() collectgarbage() net.UDPSocket():bind('*', 0)")
        self.reactor.settle()
        self.run_lua("print(eplua.stats().UDPSocket)")
        self.said("2")

    def test_unref(self) -> None:
        for order in ("s:unref() s:receive()", "s:receive({error = print}) s:unref()"):
            self.run_lua("s = net.UDPSocket() " + order)
            self.assertTrue(self.idle(), order)
            self.run_lua("s:ref()")
            self.assertFalse(self.idle(), order)
            self.run_lua("s:close()")
            self.lines.clear()


class ArgumentTests(UDPTestCase):
    def test_at_the_line_of_the_script(self) -> None:
        for code, expected in (
            ("sendTo({}, 'h', 1)", "#1 to 'sendTo' (data: string expected, got table)"),
            ("sendTo('x', 5, 1)", "#2 to 'sendTo' (host: string expected, got 5)"),
            ("sendTo('x', 'h', 'http')", "#3 to 'sendTo' (port: integer 1..65535"),
            ("sendTo('x', 'h', 0)", "#3 to 'sendTo' (port: integer 1..65535"),
            ("sendTo('x', 'h', 1.5)", "#3 to 'sendTo' (port: integer 1..65535"),
            ("sendTo('x', 'h')", "#3 to 'sendTo' (port: integer 1..65535"),
            ("sendTo('x', nil, 7)", "#2 to 'sendTo' (host: string expected, got nil)"),
            ("sendTo('x', 'h', 1, print)", "'sendTo' (callbacks: table expected"),
            ("bind('h', 70000)", "#2 to 'bind' (port: integer 0..65535"),
            ("bind({}, 7)", "#1 to 'bind' (host: string expected, got table)"),
            ("bind('a\\0b', 7)", "#1 to 'bind' (host: name or address expected"),
            ("connect(nil, 7)", "#1 to 'connect' (host: string expected, got nil)"),
            ("connect('h', 0)", "#2 to 'connect' (port: integer 1..65535"),
            ("joinGroup(5)", "#1 to 'joinGroup' (group: string expected, got 5)"),
            ("joinGroup('239.1.2.3', 5)", "#2 to 'joinGroup' (interface: string"),
            ("leaveGroup()", "#1 to 'leaveGroup' (group: string expected, got nil)"),
            (
                "setMulticastTTL(256)",
                "#1 to 'setMulticastTTL' (ttl: integer 0..255 expected, got 256)",
            ),
            ("setMulticastTTL('x')", "#1 to 'setMulticastTTL' (ttl: integer"),
            (
                "setMulticastLoopback(1)",
                "#1 to 'setMulticastLoopback' (enabled: boolean",
            ),
        ):
            self.assertRaisedAtLine(f"net.UDPSocket():{code}", expected)

    def test_options(self) -> None:
        for options, expected in (
            ("5", "#1 to 'UDPSocket' (options: table expected, got 5)"),
            ("{broadcast = 1}", "(option broadcast: boolean expected, got 1)"),
            ("{timeout = -1}", "(option timeout: a finite number of milliseconds"),
            ("{maxQueue = 0}", "(option maxQueue: positive integer expected, got 0)"),
            ("{idleTimeout = 'x'}", "(option idleTimeout: a finite number"),
            ("{ipv6 = 'yes'}", "(option ipv6: boolean expected"),
            ("{tls = 5}", "(option tls: true or a table expected, got 5)"),
        ):
            self.assertRaisedAtLine(f"net.UDPSocket({options})", expected)

    def test_accept_without_tls(self) -> None:
        self.run_lua("s = net.UDPSocket() s:accept(show(1))")
        self.said("1\terror\taccept is for servers with the option tls\tstate")


for _case in (ReceiveTests, ConnectTests, CloseTests, ArgumentTests, KeepingAliveTests):
    globals().update(for_each_lua(_case))
del _case
