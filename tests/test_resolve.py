"""net.resolve, with names whose addresses the test gives."""

from __future__ import annotations

from tests.support import LuaTestCase, for_each_lua


class ResolveTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.names = self.reactor.nameResolver

    def resolve(self, name: str) -> None:
        self.run_lua(f"net.resolve('{name}', {{success = print, error = print}})")
        self.turn()

    def test_all_addresses_in_the_system_s_order(self) -> None:
        self.names.addresses["both.example"] = ["2001:db8::1", "192.0.2.1"]
        self.resolve("both.example")
        self.assertEqual(self.lines, [b"2001:db8::1\t192.0.2.1"])

    def test_an_address_is_its_own(self) -> None:
        for address in ("192.0.2.1", "2001:db8::1"):
            self.resolve(address)
        self.assertEqual(self.lines, [b"192.0.2.1", b"2001:db8::1"])
        self.assertEqual(self.names.asked, [])

    def test_a_name_that_does_not_exist(self) -> None:
        self.names.addresses["none.example"] = []
        self.resolve("none.example")
        self.assertEqual(self.lines, [b"Host not found\tdns"])

    def test_a_task_waits_for_it(self) -> None:
        self.names.held.add("slow.example")
        self.names.addresses["slow.example"] = ["192.0.2.1"]
        self.run_lua("task.start(function() print(net.resolve('slow.example')) end)")
        self.turn(3)
        self.assertEqual(self.lines, [])
        self.names.answer("slow.example")
        self.turn()
        self.assertEqual(self.lines, [b"192.0.2.1"])

    def test_an_answer_after_the_stop_is_dropped(self) -> None:
        self.names.held.add("slow.example")
        self.resolve("slow.example")
        self.stop(self.runtime)
        self.names.answer("slow.example")
        self.turn()
        self.assertEqual(self.lines, [])

    def test_bad_arguments(self) -> None:
        self.assertRaisedAtLine("net.resolve()", "#1 to 'resolve'", "string expected")
        self.assertRaisedAtLine("net.resolve({})", "#1 to 'resolve'", "string expected")
        self.assertEqual(self.names.asked, [])


globals().update(for_each_lua(ResolveTests))
