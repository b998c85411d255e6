"""Names and protocols in the handshake, as other programs see them."""

from __future__ import annotations

from tests.support import port_of, start, start_peer
from tests.support.programs import need_program
from tests.support.tls import TLSTestCase


class ExtensionTests(TLSTestCase):
    async def test_name_and_protocol(self) -> None:
        """SNI and ALPN as the peer sees them; an address is never sent as a name."""
        peer = start_peer(self, "tls_server.py", self.localhost)
        port = str(await port_of(peer))
        lines = await self.run_lua(
            """
            local authority, port = ...
            task.start(function()
              for _, host in ipairs({"localhost", "127.0.0.1"}) do
                local tcp = net.TCPSocket({tls = {
                  certificateAuthority = authority, alpn = {"h2", "http/1.1"},
                }})
                print(tcp:connect(host, port))
                tcp:write("x")
                tcp:close()
              end
            end)
            """,
            self.authority.file,
            port,
        )
        self.assertEqual(lines, [b"true", b"true"])
        self.assertEqual(await peer.ended, 0)
        said = peer.output.decode().split("end\n")[1].splitlines()
        self.assertEqual(
            said,
            [
                "name localhost",
                "protocol http/1.1 done",
                "name None",
                "protocol http/1.1 done",
            ],
        )

    async def test_servers_protocol(self) -> None:
        """A server takes the first of the client's that it has."""
        openssl = need_program("openssl")
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {
              certificate = pem, privateKey = pem, alpn = {"h2", "eplua"},
            }})
            server:start("127.0.0.1", 0, function() end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-alpn", "foo,eplua"),
        )
        await peer.says(b"ALPN protocol: eplua")
        await self.runtime.stop()

    async def test_scripts_are_told_the_protocol(self) -> None:
        """alpn() at both ends; nil where nothing was chosen, and without TLS."""
        lines = await self.run_lua(
            """
            local pem, authority = ...
            local function pair(of_server, of_client, tls)
              local server = net.TCPServer({tls = tls and {
                certificate = pem, privateKey = pem, alpn = of_server,
              }})
              local port = server:start("127.0.0.1", 0, function(client)
                print("server", client:alpn())
                client:write("x")
              end)
              local tcp = net.TCPSocket({tls = tls and {
                certificateAuthority = authority, alpn = of_client,
              }})
              tcp:connect("127.0.0.1", port)
              tcp:read()
              print("client", tcp:alpn())
              tcp:close()
              server:stop()
              print("closed", select(3, tcp:alpn()))
            end
            task.start(function()
              pair({"h2", "mine"}, {"mine", "other"}, true)
              pair({"h2"}, nil, true)
              pair(nil, nil, false)
            end)
            """,
            self.localhost,
            self.authority.file,
        )
        self.assertEqual(
            lines,
            [b"server\tmine", b"client\tmine", b"closed\tstate"]
            + [b"server\tnil", b"client\tnil", b"closed\tstate"] * 2,
        )

    async def test_servers_of_http(self) -> None:
        """They choose what they speak; who does not offer it is served all the same."""
        openssl = need_program("openssl")
        await self.runtime.run_string(
            """
            local pem = ...
            local tls = {certificate = pem, privateKey = pem}
            net.HTTPServer({tls = tls}):start("127.0.0.1", 0, print, {success = print})
            net.WebSocketServer({tls = tls}):start("127.0.0.1", 0, {started = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(2)
        for port in self.lines[:2]:
            for offered, chosen in (
                ("h2,http/1.1", b"ALPN protocol: http/1.1"),
                ("h2", b"No ALPN negotiated"),
            ):
                peer = start(
                    self,
                    *(openssl, "s_client", "-connect", f"127.0.0.1:{int(port)}"),
                    *("-alpn", offered),
                )
                await peer.says(chosen)
        await self.runtime.stop()

    async def test_server_without_protocols(self) -> None:
        """Whoever offers protocols to one that names none is served without."""
        openssl = need_program("openssl")
        await self.runtime.run_string(
            """
            local pem = ...
            local server = net.TCPServer({tls = {certificate = pem, privateKey = pem}})
            server:start("127.0.0.1", 0, function() print("served") end, {success = print})
            """,
            "@test.lua",
            self.localhost,
        )
        await self.line(1)
        peer = start(
            self,
            *(openssl, "s_client", "-connect", f"127.0.0.1:{int(self.lines[0])}"),
            *("-alpn", "h2,http/1.1"),
        )
        await peer.says(b"No ALPN negotiated")
        await self.line(2)
        await self.runtime.stop()
