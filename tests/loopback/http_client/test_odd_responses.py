"""What both curl and Python's requests accept, a script gets too, and the same."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from twisted.internet.protocol import Factory, Protocol

from tests.loopback.http_client.odd_responses import CLOSED, PARTS, TABLE, Result
from tests.support import LoopbackTestCase, start, start_peer
from tests.support.programs import need_program


class OddServer(Protocol):
    """Sends the row of the table that is asked for by number."""

    transport: Any

    def dataReceived(self, data: bytes) -> None:
        asked = re.match(rb"GET /(\d+) ", data)
        assert asked is not None
        number = int(asked[1])
        if number < len(CLOSED):
            self.transport.write(TABLE[number][0])
            self.transport.loseConnection()
        else:
            # Past the transport, which would drop what it has not sent.
            self.transport.getHandle().send(TABLE[number][0])
            self.transport.abortConnection()


def same(one: Result, other: Result) -> bool:
    return isinstance(one, tuple) and one == other


class OddResponseTests(LoopbackTestCase):
    def setUp(self) -> None:
        super().setUp()
        port = self.listen(Factory.forProtocol(OddServer))
        self.url = f"http://127.0.0.1:{port}/"

    async def ours(self) -> list[Result]:
        results: list[Result] = []

        def take(status: object, body: object) -> None:
            if isinstance(status, int) and isinstance(body, bytes):
                results.append((status, body))
            else:
                assert isinstance(status, bytes)
                results.append(status.decode())

        self.runtime.expose("take", take)
        await self.run_lua(
            """
            local url, count = ...
            task.start(function()
              local http = net.HTTPClient({timeout = 5000})
              for i = 0, count - 1 do
                local r, message, code = http:request(url .. i)
                if r then take(r.status, r.data) else take(code, message) end
              end
            end)
            """,
            self.url,
            str(len(TABLE)),
        )
        return results

    async def curls(self) -> list[Result]:
        results: list[Result] = []
        while len(results) < len(TABLE):
            # It ends at the first answer with too many headers.
            found = await self.curl(range(len(results), len(TABLE)))
            results += found or ["ended"]
        return results

    async def curl(self, numbers: range) -> list[Result]:
        directory = os.path.abspath(self.mktemp())
        os.mkdir(directory)
        config = os.path.join(directory, "config")
        with open(config, "w") as file:
            file.writelines(
                f'url = "{self.url}{number}"\noutput = "{directory}/{number}"\n'
                'write-out = "%{exitcode} %{http_code}\\n"\n'
                "compressed\nmax-time = 5\nnoproxy = *\nsilent\nnext\n"
                for number in numbers
            )
        curl = start(self, need_program("curl"), "-K", config)
        await curl.ended
        results: list[Result] = []
        lines = re.findall(rb"^(\d+) (\d+)$", curl.output, re.MULTILINE)
        for number, (code, status) in zip(numbers, lines, strict=False):
            path = os.path.join(directory, str(number))
            body = b""
            if os.path.exists(path):
                with open(path, "rb") as output:
                    body = output.read()
            results.append((int(status), body) if code == b"0" else code.decode())
        return results

    async def requests(self) -> list[Result]:
        peer = start_peer(self, "ask_requests.py", self.url, str(len(TABLE)))
        await peer.ended
        results: list[Result] = []
        for line in peer.output.decode().splitlines():
            status, body = line.split()
            if status == "error":
                results.append(body)
            else:
                results.append((int(status), bytes.fromhex(body.strip("-"))))
        return results

    async def test_table(self) -> None:
        results = await self.ours()
        self.assertEqual(len(results), len(TABLE))
        for (sent, expected), got in zip(TABLE, results, strict=True):
            self.assertEqual(got, expected, sent[:100])

    async def test_rule(self) -> None:
        """What both give the script gets, unless it is a part."""
        curl, requests = await self.curls(), await self.requests()
        self.assertEqual((len(curl), len(requests)), (len(TABLE), len(TABLE)))
        if os.environ.get("SHOW"):
            for (sent, expected), one, other in zip(TABLE, curl, requests, strict=True):
                sys.stderr.write(f"{sent[:70]!r} {expected} {one} {other}\n")
        for (sent, expected), one, other in zip(TABLE, curl, requests, strict=True):
            if same(one, other) and (sent, expected) not in PARTS:
                self.assertEqual(expected, one, sent[:100])
