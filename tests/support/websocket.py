"""WebSockets in memory: frames as bytes, and the ends that a test plays."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha1
from typing import NamedTuple

from tests.memory import RemotePeer
from tests.support.runtimes import LuaTestCase

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server puts behind the client's key (RFC 6455, 1.3)."""

MASK = b"\x01\x02\x03\x04"

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
"""The one of RFC 6455, 1.3."""


class Frame(NamedTuple):
    """RFC 6455, 5.2."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    masked: bool = False


def masked(data: bytes, mask: bytes) -> bytes:
    whole = (mask * (len(data) // 4 + 1))[: len(data)]
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")
    return mixed.to_bytes(len(data), "big")


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = None,
) -> bytes:
    """One frame as it is sent; by a client with a mask."""
    size = len(payload)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if mask:
        return head + mask + masked(payload, mask)
    return head + payload


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """The payload of a close frame."""
    return b"" if code is None else code.to_bytes(2, "big") + reason


def frames(data: bytes) -> Iterator[Frame]:
    """The frames in what was sent; nothing may be left."""
    while data:
        first, second = data[0], data[1]
        size, at = second & 127, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        mask = b""
        if second & 128:
            mask, at = data[at : at + 4], at + 4
        payload = data[at : at + size]
        assert len(payload) == size, "a part of a frame"
        if mask:
            payload = masked(payload, mask)
        yield Frame(
            first & 15, payload, bool(first & 128), first >> 4 & 7, bool(second & 128)
        )
        data = data[at + size :]


def seen(end: RemoteServer | RemoteClient) -> list[tuple[int, bytes]]:
    """Opcode and payload of each frame that has come since this was asked last."""
    return [(each.opcode, each.payload) for each in end.frames()]


def accept_value(key: bytes) -> bytes:
    """RFC 6455, 4.2.2."""
    return b64encode(sha1(key + GUID).digest())


class RemoteServer(RemotePeer):
    """
    A server that the test plays.

    @ivar request: the client's opening handshake
    """

    request = b""

    def headers(self) -> list[tuple[str, str]]:
        """The fields of the request."""
        lines = self.request.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")[1:]
        return [(name, value) for name, _, value in (e.partition(": ") for e in lines)]

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers() if each.lower() == name.lower()]

    def answer(
        self, *headers: bytes, status: bytes = b"101 Switching Protocols"
    ) -> bytes:
        """What a good server answers."""
        self.request += self.received()
        found = re.search(rb"Sec-WebSocket-Key: (\S+)", self.request)
        assert found is not None, self.request
        lines = [
            b"HTTP/1.1 " + status,
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Accept: " + accept_value(found[1]),
            *headers,
        ]
        return b"\r\n".join([*lines, b"", b""])

    def open(self, *headers: bytes) -> None:
        self.send(self.answer(*headers))

    def frame(self, opcode: int, payload: bytes = b"", **how: bool | int) -> None:
        self.send(frame(opcode, payload, **how))  # type: ignore[arg-type]

    def frames(self) -> list[Frame]:
        """What has come since this was asked last."""
        return list(frames(self.received()))


class RemoteClient(RemotePeer):
    """A client that the test plays."""

    def ask(self, *headers: bytes, path: bytes = b"/", key: bytes = KEY) -> bytes:
        """A good opening handshake, and what is answered at once."""
        self.send(request(*headers, path=path, key=key))
        return self.received()

    def frame(self, opcode: int, payload: bytes = b"", **how: bool | int) -> None:
        self.send(frame(opcode, payload, mask=MASK, **how))  # type: ignore[arg-type]

    def frames(self) -> list[Frame]:
        return list(frames(self.received()))


def request(
    *headers: bytes,
    path: bytes = b"/",
    key: bytes = KEY,
    without: bytes = b"-",
) -> bytes:
    """
    A client's opening handshake.

    @param without: a field that is left out
    """
    lines = [
        b"Host: h",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: " + key,
    ]
    lines = [each for each in lines if not each.startswith(without)]
    return b"\r\n".join([b"GET %s HTTP/1.1" % path, *lines, *headers, b"", b""])


class ClientCase(LuaTestCase):
    """A script's client, and the server that the test plays."""

    NAMES = ("connected", "dataReceived", "disconnected", "error", "pong")

    def connect(
        self,
        options: str = "",
        url: str = "ws://127.0.0.1/",
        more: str = "",
        listen: tuple[str, ...] = NAMES,
    ) -> RemoteServer:
        """
        C{ws} connects; its events are printed.

        @param more: further arguments of C{connect}
        """
        self.run_lua(
            f"ws = net.WebSocketClient({options})"
            f" for name in ('{' '.join(listen)}'):gmatch('%S+') do"
            " ws:addEventListener(name, function(...) print(name, ...) end) end"
            f" ws:connect('{url}'{more})"
        )
        return self.accept()

    def accept(self) -> RemoteServer:
        """The server takes the connection and reads the request."""
        self.turn()
        server = self.reactor.accept(kind=RemoteServer)
        self.turn()
        server.request = server.received()
        return server

    def open(self, options: str = "", *headers: bytes) -> RemoteServer:
        """C{ws} is connected; nothing is printed yet."""
        server = self.connect(options)
        server.open(*headers)
        self.assertEqual(self.taken(), [b"connected"])
        return server

    def taken(self) -> list[bytes]:
        """What was printed since this was asked last."""
        lines = list(self.lines)
        self.lines.clear()
        return lines


class ServerCase(LuaTestCase):
    """A script's server, and the clients that the test plays."""

    def serve(self, options: str = "", callbacks: str = "") -> None:
        """A server that sends back what it gets, and prints all else."""
        self.run_lua(
            f"""
            server = net.WebSocketServer({options})
            server:start("127.0.0.1", 0, {{
              error = print,
              connected = function(id, info) print("in", info.path, info.origin) end,
              receive = function(id, data, binary)
                if binary then server:sendBinary(id, data) else server:send(id, data) end
              end,
              disconnected = function(id, code, reason) print("out", code, reason) end,
              {callbacks}
            }})
            """
        )
        self.turn()

    def client(self, path: bytes = b"/", *headers: bytes) -> RemoteClient:
        """A client of that server, which has done its handshake."""
        client = self.ask(path, *headers)
        answer = client.received()
        self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), answer)
        return client

    def ask(self, path: bytes = b"/", *headers: bytes) -> RemoteClient:
        """A client of that server, which has sent its request."""
        client = self.reactor.connect(kind=RemoteClient)
        client.send(request(*headers, path=path))
        return client
