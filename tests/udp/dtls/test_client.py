"""DTLS clients of scripts, whose servers are scripts too, on a network in memory."""

from __future__ import annotations

from tests.memory import Network, Wire
from tests.memory.network import Address
from tests.support import ALL_BYTES, for_each_lua
from tests.support.dtls import pems
from tests.udp.dtls.test_server import ACCEPT, DTLSServerTestCase

SHOW = """
authority = ...
function show(name)
  return {
    success = function(...) print(name, ...) end,
    error = function(...) print(name, "error", ...) end,
  }
end
function new(options)
  options = options or {}
  options.tls = options.tls or {certificateAuthority = authority}
  return net.UDPSocket(options)
end
"""

QUIET = ACCEPT.replace("print(", "nothing(").replace(
    "local pem", "local function nothing() end local pem", 1
)
"""A server that echoes, and prints nothing."""


class DTLSClientTestCase(DTLSServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(script=QUIET)
        self.run_lua(SHOW, pems()[0].decode())
        self.reactor.nameResolver.addresses["localhost"] = ["127.0.0.1"]

    def connect(self, options: str = "") -> None:
        """A client C{c} with an open session."""
        self.run_lua(
            f"c = new({options}) c:connect('localhost', 5684, show('connected'))"
        )
        self.said(b"connected")


class ClientTests(DTLSClientTestCase):
    def test_every_byte_there_and_back(self) -> None:
        self.connect()
        self.run_lua(
            "c:receive({success = function(data, ip, port) print(#data, ip, port) print(data) end})"
            " local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end"
            " c:sendTo(table.concat(t))"
        )
        self.said(b"256\t127.0.0.1\t5684", ALL_BYTES)

    def test_names_its_peer(self) -> None:
        self.run_lua("c = new() print(c) c:connect('localhost', 5684)")
        self.reactor.settle()
        self.run_lua("print(c) c:close() print(c)")
        self.said(
            b"UDPSocket: closed",
            b"UDPSocket: 127.0.0.1:5684 (connected)",
            b"UDPSocket: closed",
        )

    def test_counts_as_a_udp_socket(self) -> None:
        self.connect()
        self.run_lua("print(eplua.stats().UDPSocket, eplua.stats().DTLSPeer)")
        self.said(b"2\t1")

    def test_sends_to_its_peer_only(self) -> None:
        self.connect()
        self.run_lua(
            "c:sendTo('x', 'localhost', 5684, show(1)) c:sendTo('x', '127.0.0.1', '5684', show(2))"
            " c:sendTo('x', '127.0.0.2', 5684, show(3)) c:sendTo('x', nil, nil, show(4))"
        )
        self.said(
            b"1", b"2", b"3\terror\tAlready connected to another peer\tstate", b"4"
        )

    def test_too_long_and_too_short(self) -> None:
        self.connect()
        self.run_lua(
            "c:sendTo(('x'):rep(2000), nil, nil, show(1)) c:sendTo('', nil, nil, show(2))"
        )
        self.reactor.settle()
        self.assertTrue(
            self.lines[0].startswith(b"1\terror\tMessage too long (DTLS takes ")
        )
        self.assertTrue(all(line.endswith(b"\tlimit") for line in self.lines))

    def test_before_connect(self) -> None:
        self.run_lua(
            "c = new() c:sendTo('x', nil, nil, show(1)) c:sendTo('x', 'localhost', 5684, show(2))"
            " c:accept(show(3)) c:joinGroup('239.1.2.3', nil, show(4)) print(c:setMulticastTTL(1))"
        )
        self.reactor.settle()
        self.assertEqual(
            [line.rpartition(b"\t")[2] for line in self.lines], [b"state"] * 5
        )

    def test_a_receive_before_connect_waits(self) -> None:
        self.run_lua("c = new() c:receive(show('got'))")
        self.run_lua(
            "c:connect('localhost', 5684, {success = function() c:sendTo('x') end})"
        )
        self.said(b"got\tx\t127.0.0.1\t5684")

    def test_bind_then_connect(self) -> None:
        self.run_lua(
            "c = new() c:bind('127.0.0.1', 6000, show('bound'))"
            " c:connect('localhost', 5684, show('connected')) print(c:localAddress())"
        )
        self.said(b"127.0.0.1\t6000", b"bound\t6000", b"connected")

    def test_connecting_twice(self) -> None:
        """Meanwhile, and afterwards; the first is not disturbed."""
        self.run_lua(
            "c = new() c:connect('localhost', 5684, show(1)) c:connect('localhost', 5684, show(2))"
        )
        self.said(b"2\terror\tAlready connected\tstate", b"1")
        self.run_lua("c:connect('localhost', 5684, show(3))")
        self.said(b"3\terror\tAlready connected\tstate")
        self.run_lua("c:receive(show(4)) c:sendTo('x')")
        self.said(b"4\tx\t127.0.0.1\t5684")


class EndTests(DTLSClientTestCase):
    def test_goodbye_of_the_server(self) -> None:
        """Receives that wait and later ones are told; sends too."""
        self.connect()
        self.run_lua("c:receive(show(1)) server:close()")
        self.said(b"1\terror\tEnd of file\teof")
        self.run_lua("c:receive(show(2)) c:sendTo('x', nil, nil, show(3))")
        self.reactor.settle()
        self.assertEqual(
            sorted(self.lines),
            [b"2\terror\tEnd of file\teof", b"3\terror\tNot connected\tstate"],
        )

    def test_then_again(self) -> None:
        """A client whose session is over can be connected again."""
        self.connect()
        self.run_lua("server:close()")
        self.reactor.settle()
        self.serve(script=QUIET)
        self.run_lua("c:connect('localhost', 5684, show('again'))")
        self.said(b"again")
        self.run_lua("c:receive(show(1)) c:sendTo('x')")
        self.said(b"1\tx\t127.0.0.1\t5684")

    def test_nobody_is_there(self) -> None:
        """Receives that wait learn it too; another attempt begins anew."""
        self.run_lua("server:close()")
        self.reactor.settle()
        self.run_lua(
            "c = new() c:receive(show(1)) c:connect('localhost', 5684, show(2))"
        )
        self.said(
            b"1\terror\tConnection refused\trefused",
            b"2\terror\tConnection refused\trefused",
        )
        self.serve(script=QUIET)
        self.run_lua("c:connect('localhost', 5684, show(3))")
        self.said(b"3")
        self.run_lua("c:receive(show(4)) c:sendTo('x')")
        self.said(b"4\tx\t127.0.0.1\t5684")

    def test_a_failed_attempt_drops_nothing_else(self) -> None:
        """What waits for a name is answered, and the port stays bound."""
        names = self.reactor.nameResolver
        names.held, names.addresses["nowhere"] = {"nowhere"}, []
        self.run_lua(
            "c = new() c:bind('127.0.0.1', 6000) c:connect('nowhere', 5684, show(1))"
            " c:bind('127.0.0.1', 6001, show(2)) print(c)"
        )
        names.answer("nowhere")
        self.said(
            b"UDPSocket: 127.0.0.1:6000 (bound)",
            b"1\terror\tHost not found\tdns",
            b"2\terror\tAlready bound\tstate",
        )
        self.run_lua("print(c) c:connect('localhost', 5684, show(3))")
        self.said(b"UDPSocket: 127.0.0.1:6000 (bound)", b"3")

    def test_again_to_an_address_of_the_other_family(self) -> None:
        self.run_lua(
            "server:close() c = new({tls = {certificateAuthority = authority, serverName = 'localhost'}})"
            " c:connect('127.0.0.1', 5685, show(1))"
        )
        self.said(b"1\terror\tConnection refused\trefused")
        self.serve(
            script=QUIET.replace("'127.0.0.1'", "'::1'").replace('"127.0.0.1"', '"::1"')
        )
        self.run_lua("c:connect('::1', 5684, show(2))")
        self.said(b"2")

    def test_a_name_that_does_not_exist(self) -> None:
        self.reactor.nameResolver.addresses["nowhere"] = []
        self.run_lua("c = new() c:connect('nowhere', 5684, show(1))")
        self.said(b"1\terror\tHost not found\tdns")

    def test_silence(self) -> None:
        """A handshake, its name included, has 10 seconds, or the option timeout."""
        self.reactor.network.wire = Lost()
        self.reactor.nameResolver.held.add("slow")
        for options, seconds in (("", 10), ("{timeout = 500}", 0.5)):
            for host in ("localhost", "slow"):
                self.run_lua(f"c = new({options}) c:connect('{host}', 5684, show(1))")
                self.reactor.settle()
                self.reactor.advance(seconds - 0.1)
                self.said()
                self.reactor.advance(0.2)
                self.said(b"1\terror\tOperation canceled\ttimeout")

    def test_close_meanwhile(self) -> None:
        """During the name, and during the handshake: nothing is called, nothing is left."""
        self.reactor.nameResolver.held.add("slow")
        for host in ("slow", "localhost"):
            self.run_lua(
                f"c = new() c:receive(show(1)) c:connect('{host}', 5684, show(2)) c:close()"
            )
            self.reactor.nameResolver.answer(host)
            self.said()
            self.run_lua("c = new()")
            self.run_lua(
                f"task.start(function() print(c:connect('{host}', 5684)) end) c:close()"
            )
            self.reactor.nameResolver.answer(host)
            self.said(b"nil\tOperation canceled\tclosed")
        self.reactor.advance(11)
        self.run_lua("print(eplua.stats().UDPSocket)")
        self.said(b"1")

    def test_close_in_each_callback(self) -> None:
        self.run_lua(
            "c = new() c:connect('localhost', 5684, {success = function() c:close() print(c) end})"
        )
        self.said(b"UDPSocket: closed")
        self.connect()
        self.run_lua(
            "c:receive({success = function(d) print(d) c:close() end}) c:receive(show(2))"
            " c:sendTo('x') c:sendTo('y')"
        )
        self.said(b"x")

    def test_a_certificate_of_somebody_else(self) -> None:
        self.run_lua(
            "c = net.UDPSocket({tls = true}) c:connect('localhost', 5684, show(1))"
        )
        self.reactor.settle()
        self.assertIn(b"certificate verify failed: unknown issuer", self.lines[0])
        self.assertTrue(self.lines[0].endswith(b"\ttls"))


class Lost(Wire):
    """Nothing arrives."""

    def datagram(
        self, network: Network, data: bytes, source: Address, to: Address
    ) -> None:
        """It is lost."""


globals().update(for_each_lua(ClientTests))
globals().update(for_each_lua(EndTests))
