"""DTLS servers of scripts, whose clients the test plays on a network in memory."""

from __future__ import annotations

from eplua_twisted.udp.dtls import server
from tests.memory import RemotePort
from tests.support import ALL_BYTES, LuaTestCase, for_each_lua
from tests.support.dtls import MemoryClient, client_session, pems

SERVER = ("127.0.0.1", 5684)

SERVE = """
local pem = ...
server = net.UDPSocket({tls = {certificate = pem, privateKey = pem} OPTIONS})
peers = {}
local function accept(peer, ip, port)
  local number = #peers + 1
  peers[number] = peer
  print("accepted", number, ip)
  local reading
  reading = {
    success = function(data)
      print(number, data)
      peer:send(data)
      peer:receive(reading)
    end,
    error = function(...) print(number, ...) end,
  }
  peer:receive(reading)
  server:accept({success = accept})
end
server:bind("127.0.0.1", 5684)
"""

ACCEPT = SERVE + "server:accept({success = accept})"


class DTLSServerTestCase(LuaTestCase):
    def serve(self, options: str = "", script: str = ACCEPT) -> None:
        if options:
            options = ", " + options
        self.run_lua(script.replace(" OPTIONS", options), pems()[1].decode())

    def client(self, port: RemotePort | None = None) -> MemoryClient:
        """A client before its handshake."""
        return MemoryClient(self.reactor, SERVER, port)

    def said(self, *lines: bytes) -> None:
        """The script has printed these since the last time."""
        self.reactor.settle()
        self.assertEqual(self.lines, list(lines))
        self.assertEqual(self.errors, [])
        self.lines.clear()


class ServerTests(DTLSServerTestCase):
    def test_every_byte_there_and_back(self) -> None:
        self.serve()
        client = self.client().open()
        client.say(ALL_BYTES)
        self.assertEqual(client.received, [ALL_BYTES])
        self.said(b"accepted\t1\t192.0.2.7", b"1\t" + ALL_BYTES)

    def test_clients_do_not_get_what_is_for_others(self) -> None:
        self.serve()
        clients = [self.client().open() for _ in range(3)]
        for number, client in enumerate(clients):
            client.say(b"%d" % number)
        self.assertEqual(
            [client.received for client in clients], [[b"0"], [b"1"], [b"2"]]
        )

    def test_peer_address(self) -> None:
        self.serve()
        client = self.client().open()
        self.lines.clear()
        self.run_lua("print(peers[1]:peerAddress()) print(peers[1])")
        host, port = client.port.name
        self.assertEqual(
            self.lines,
            [f"{host}\t{port}".encode(), f"DTLSPeer: {host}:{port} (open)".encode()],
        )

    def test_closing_the_server_says_goodbye_to_all(self) -> None:
        """Callbacks that wait are dropped."""
        self.serve()
        clients = [self.client().open() for _ in range(2)]
        shaking = self.client()
        self.lines.clear()
        self.run_lua("server:close() print(eplua.stats().DTLSPeer)")
        for client in clients:
            client.run()
            self.assertEqual(getattr(client.ends[0], "code", None), "eof")
        shaking.die()
        self.said(b"nil")

    def test_goodbye_of_a_client(self) -> None:
        """What came before it is delivered, then it is told once."""
        self.serve()
        client = self.client().open()
        client.session.send(b"last")
        client.session.close()
        client.run()
        self.said(b"accepted\t1\t192.0.2.7", b"1\tlast", b"1\tEnd of file\teof")

    def test_who_has_left_before_accept(self) -> None:
        """What it has sent can still be read."""
        self.serve(script=SERVE)
        client = self.client().open()
        client.session.send(b"one")
        client.session.send(b"two")
        client.session.close()
        client.run()
        self.run_lua(
            """
            task.start(function()
              local peer = server:accept()
              print((peer:receive()))
              print((peer:receive()))
              print(peer:receive())
              print(peer:send("x"))
              peer:close()
              print((tostring(peer):gsub(".* ", "")))
            end)
            """
        )
        self.said(
            b"one",
            b"two",
            b"nil\tEnd of file\teof",
            b"nil\tNot connected\tstate",
            b"(closed)",
        )

    def test_stopping_the_runtime_says_goodbye(self) -> None:
        self.serve()
        client = self.client().open()
        stopped = self.runtime.stop()
        client.run()
        self.successResultOf(stopped)
        self.assertEqual(getattr(client.ends[0], "code", None), "eof")

    def test_close_in_the_callback(self) -> None:
        self.serve(
            script=SERVE
            + """
            server:accept({success = function(peer)
              peer:receive({success = function(data)
                print(data)
                peer:close()
                peer:close()
                print(peer:send("x"))
              end})
            end})
            """
        )
        client = self.client().open()
        client.session.send(b"one")
        client.session.send(b"two")
        client.run()
        self.assertEqual(getattr(client.ends[0], "code", None), "eof")
        self.assertEqual(self.lines, [b"one", b""])
        self.lines.clear()
        self.run_lua("print(eplua.stats().DTLSPeer)")
        self.said(b"nil")

    def test_accept_waits_no_longer_than_the_timeout(self) -> None:
        self.serve(
            "timeout = 100",
            SERVE + "server:accept({error = print})",
        )
        self.reactor.advance(0.2)
        self.said(b"Operation canceled\ttimeout")

    def test_accept_before_bind(self) -> None:
        self.serve(
            script=SERVE.replace("server:bind", "-- ")
            + "server:accept({error = print})"
        )
        self.said(b"Not bound\tstate")

    def test_what_comes_before_accept_is_bounded(self) -> None:
        """The oldest are dropped, and counted."""
        self.serve(script=SERVE)
        client = self.client().open()
        for number in range(70):
            client.session.send(b"%d" % number)
        client.run()
        self.run_lua(
            "server:accept({success = function(peer) print(peer:droppedCount())"
            " peer:receive({success = print}) end})"
        )
        self.reactor.settle()
        self.assertEqual(self.lines[0], b"6")
        self.assertTrue(self.lines[1].startswith(b"6\t192.0.2.7"), self.lines)

    def test_a_server_neither_sends_nor_receives_nor_connects(self) -> None:
        self.serve(script=SERVE)
        self.run_lua(
            """
            local show = {error = print}
            server:sendTo("x", "127.0.0.1", 9, show)
            server:receive(show)
            server:connect("127.0.0.1", 9, show)
            server:joinGroup("239.1.2.3", nil, show)
            print(select("#", server:setMulticastTTL(1)), server:setMulticastTTL(1))
            """
        )
        self.reactor.settle()
        self.assertEqual(
            [line.rpartition(b"\t")[2] for line in self.lines], [b"state"] * 5
        )


class RestartTests(DTLSServerTestCase):
    """A client that was killed begins again from the same address (RFC 6347, 4.2.8)."""

    def setUp(self) -> None:
        super().setUp()
        self.serve()

    def test_is_served_at_once(self) -> None:
        """The association before is over, and says so."""
        port = self.client().open().die()
        client = self.client(port).open()
        client.say(b"again")
        self.assertEqual(client.received, [b"again"])
        self.said(
            b"accepted\t1\t192.0.2.7",
            b"1\tConnection reset by peer\treset",
            b"accepted\t2\t192.0.2.7",
            b"2\tagain",
        )

    def test_in_the_middle_of_a_handshake(self) -> None:
        for steps in range(3):
            client = self.client()
            for _ in range(steps):
                client.step()
            self.reactor.settle()
            again = self.client(client.die()).open()
            again.say(b"again")
            self.assertEqual(again.received, [b"again"], steps)
            again.session.close()

    def test_again_and_again(self) -> None:
        client = self.client().open()
        for number in range(20):
            client = self.client(client.die()).open()
            client.say(b"%d" % number)
            self.assertEqual(client.received, [b"%d" % number])
        self.run_lua(
            "peers = {} collectgarbage() collectgarbage() net.UDPSocket():bind('*', 0)"
        )
        self.run_lua("print(eplua.stats().DTLSPeer)")
        self.assertEqual(self.lines[-1], b"1")

    def test_the_association_lives_until_the_new_one_is_proved(self) -> None:
        """Who does not finish the new handshake ends nothing."""
        client = self.client().open()
        liar = self.client(client.port)
        self.reactor.settle()
        # It has a cookie, and the server its hello, but it never answers the server.
        for datagram, _ in client.port.received():
            liar.session.receive(datagram)
        self.reactor.settle()
        client.port.received()
        client.say(b"still here")
        self.assertEqual(client.received, [b"still here"])
        self.reactor.advance(11)
        client.say(b"and now")
        self.assertEqual(client.received, [b"still here", b"and now"])
        liar.session.close()

    def test_forged_hellos_change_nothing(self) -> None:
        """Without the cookie nothing is kept of them; the client does not mind the answers."""
        client = self.client().open()
        for _ in range(200):
            forged: list[bytes] = []
            session = client_session(self.reactor, forged.append)
            session.begin().addErrback(lambda failure: None)
            session.close()
            client.port.send(forged[0], SERVER)
        client.run()
        client.say(b"alive")
        self.assertEqual(client.received, [b"alive"])
        self.assertEqual(client.ends, [])

    def test_copies_of_the_hello_change_nothing(self) -> None:
        """Not even a handshake is begun for them."""
        client = self.client().open()
        for each in list(client.sent):
            client.send(each)
        self.reactor.settle()
        self.assertEqual(client.port.received(), [])
        client.say(b"alive")
        self.assertEqual(client.received, [b"alive"])
        self.said(b"accepted\t1\t192.0.2.7", b"1\talive")

    def test_data_of_the_old_association_hinders_no_handshake(self) -> None:
        """It is late on its way, and comes between all steps of the new one."""
        first = self.client().open()
        for number in range(5):
            first.say(b"%d" % number)
        late = first.sent[-5:]
        second = self.client(first.die())
        while late:
            second.port.send(late.pop(), SERVER)
            second.step()
        second.run()
        second.say(b"second")
        self.assertEqual(second.received, [b"second"])


class IdleTests(DTLSServerTestCase):
    def test_a_silent_client_is_dropped(self) -> None:
        """After 60 seconds; it learns of it."""
        self.serve()
        client = self.client().open()
        self.said(b"accepted\t1\t192.0.2.7")
        self.reactor.advance(59)
        self.said()
        self.reactor.advance(2)
        self.said(b"1\tOperation canceled\ttimeout")
        client.run()
        self.assertEqual(getattr(client.ends[0], "code", None), "eof")

    def test_who_speaks_is_not(self) -> None:
        self.serve("idleTimeout = 1000")
        client = self.client().open()
        for _ in range(5):
            self.reactor.advance(0.9)
            client.say(b"x")
        self.assertEqual(client.received, [b"x"] * 5)

    def test_who_is_spoken_to_is(self) -> None:
        """Nothing says that it is still there."""
        self.serve("idleTimeout = 1000")
        self.client().open()
        for _ in range(2):
            self.reactor.advance(0.6)
            self.run_lua("peers[1]:send('x')")
        self.assertEqual(self.lines[1:], [b"1\tOperation canceled\ttimeout"])

    def test_forgeries_keep_nobody_alive(self) -> None:
        self.serve("idleTimeout = 1000")
        client = self.client().open()
        for _ in range(3):
            self.reactor.advance(0.5)
            client.port.send(b"\x17\xfe\xfd\0\x01" + bytes(60), SERVER)
            self.reactor.settle()
        self.assertEqual(self.lines[1:], [b"1\tOperation canceled\ttimeout"])

    def test_none(self) -> None:
        self.serve("idleTimeout = 0")
        client = self.client().open()
        self.reactor.advance(100_000)
        client.say(b"x")
        self.assertEqual(client.received, [b"x"])

    def test_the_reason_is_kept_for_who_receives_later(self) -> None:
        self.serve(
            "idleTimeout = 1000",
            SERVE + "server:accept({success = function(peer) p = peer end})",
        )
        self.client().open().say(b"data")
        self.reactor.advance(2)
        self.run_lua(
            "p:receive({success = print}) p:receive({error = print})"
            " p:send('x', {error = print})"
        )
        self.reactor.settle()
        self.assertEqual(
            [line.split(b"\t")[0] for line in self.lines],
            [b"data", b"Operation canceled", b"Not connected"],
        )


class LimitTests(DTLSServerTestCase):
    def test_as_many_clients_as_there_may_be(self) -> None:
        """One more is not answered; one that begins again is."""
        self.patch(server, "MAX_PEERS", 3)
        self.serve()
        clients = [self.client().open() for _ in range(3)]
        more = self.client()
        more.run()
        self.assertEqual(more.session.state, "handshake")
        more.die()
        self.client(clients[0].die()).open()

    def test_handshakes_count(self) -> None:
        """Who does not end them takes no more room than the others."""
        self.patch(server, "MAX_PEERS", 3)
        self.serve()
        liars = [self.client() for _ in range(3)]
        for liar in liars:
            liar.step()
            self.reactor.settle()
        client = self.client()
        client.run()
        self.assertEqual(client.session.state, "handshake")
        for liar in (*liars, client):
            liar.die()
        self.reactor.advance(11)
        self.client().open()

    def test_accepts_that_wait(self) -> None:
        self.serve(script=SERVE)
        self.run_lua("for i = 1, 65 do server:accept({error = print}) end")
        self.said(b"64 accepts wait already, and no option allows more\tlimit")

    def test_clients_that_nobody_accepts(self) -> None:
        """One more is sent away."""
        self.patch(server, "MAX_READY", 2)
        self.serve(script=SERVE)
        clients = [self.client() for _ in range(3)]
        for client in clients:
            client.run()
        self.assertEqual([len(client.ends) for client in clients], [0, 0, 1])


globals().update(for_each_lua(ServerTests))
