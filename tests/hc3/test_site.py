"""A controller as other programs see it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.access import Access, Credentials
from eplua_twisted.site.site import MAX_CONNECTIONS, Site
from tests.support import RemotePeer
from tests.support.hc3 import NetworkTestCase


def basic(user: str, password: str) -> str:
    token = b64encode(f"{user}:{password}".encode()).decode()
    return f"Authorization: Basic {token}"


class SiteTestCase(NetworkTestCase):
    credentials: Credentials | None = None

    def setUp(self) -> None:
        super().setUp()
        self.site = self.serve(self.credentials)
        self.client: RemotePeer = self.reactor.connect()

    def ask(
        self,
        path: str,
        *headers: str,
        method: str = "GET",
        body: bytes = b"",
        host: str = "127.0.0.1",
    ) -> tuple[int, Any]:
        """Status and body of the answer, or the headers where there is no JSON."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        request = "\r\n".join([*lines, "", ""]).encode() + body
        return self.answer(self.client.ask(request))

    def answer(self, raw: bytes) -> tuple[int, Any]:
        head, _, content = raw.partition(b"\r\n\r\n")
        self.assertIn(b"Content-Type: application/json", head)
        return int(head.split()[1]), json.loads(content) if content else None


class RequestTests(SiteTestCase):
    def test_answers_as_the_controller(self) -> None:
        status, body = self.ask("/api/devices/1")
        self.assertEqual((status, body["id"]), (200, 1))
        status, body = self.ask("/api/nothing")
        self.assertEqual((status, body["reason"]), (404, "NOT_FOUND"))
        status, body = self.ask("/api/devices", method="DELETE")
        self.assertEqual(status, 405)
        status, body = self.ask("/api/devices", method="PATCH")
        self.assertEqual(status, 405)

    def test_only_api_is_there(self) -> None:
        status, body = self.ask("/else")
        self.assertEqual((status, body["type"]), (404, "ERROR"))

    def test_body(self) -> None:
        given = {"name": "ü", "value": "\u20ac"}
        content = json.dumps(given, ensure_ascii=False).encode()
        status, made = self.ask("/api/globalVariables", method="POST", body=content)
        self.assertEqual((status, made["value"]), (201, "\u20ac"))
        self.assertEqual(self.controller.global_variables, {"ü": "\u20ac"})
        status, found = self.ask("/api/globalVariables/%C3%BC")
        self.assertEqual((status, found["name"]), (200, "ü"))

    def test_bytes_that_are_no_text_come_back(self) -> None:
        content = b'{"name": "a", "value": "\xff\xfe"}'
        self.client.ask(
            b"POST /api/globalVariables HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(content), content)
        )
        raw = self.client.ask(
            b"GET /api/globalVariables/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        self.assertIn(b'"value":"\xff\xfe"', raw)

    def test_no_json_is_400_with_its_place(self) -> None:
        for content, text in (
            (b'{"a": 1,}', "line 1 column"),
            (b"[" * 100_000, "no JSON"),
        ):
            status, body = self.ask("/api/rooms", method="POST", body=content)
            self.assertEqual(status, 400)
            self.assertIn(text, body["message"])

    def test_empty_answer(self) -> None:
        raw = self.client.ask(
            b"DELETE /api/debugMessages HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        self.assertTrue(raw.startswith(b"HTTP/1.1 204 "))

    def test_one_after_the_other_on_one_connection(self) -> None:
        one = b"GET /api/devices/%d/properties/dead HTTP/1.1\r\nHost: localhost\r\n\r\n"
        raw = self.client.ask(b"".join(one % number for number in (1, 2, 3)))
        self.assertEqual(raw.count(b"HTTP/1.1 200 OK"), 3)


class PollTests(SiteTestCase):
    def wait(self) -> None:
        _, first = self.ask("/api/refreshStates")
        line = f"GET /api/refreshStates?last={first['last']} HTTP/1.1"
        raw = self.client.ask(f"{line}\r\nHost: localhost\r\n\r\n".encode())
        self.assertEqual(raw, b"")

    def test_long_poll(self) -> None:
        self.wait()
        self.controller.set_global("a", "1")
        self.reactor.advance(0)
        _, body = self.answer(self.client.received())
        self.assertEqual(body["events"][0]["type"], "GlobalVariableAddedEvent")

    def test_client_that_goes_waits_no_more(self) -> None:
        self.wait()
        self.client.reset()
        self.reactor.settle()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopped_site_answers_who_waits(self) -> None:
        self.wait()
        stopped = self.site.stop()
        self.reactor.settle()
        status, body = self.answer(self.client.received())
        self.assertEqual((status, body["events"]), (200, []))
        self.client.close()
        self.reactor.settle()
        self.successResultOf(stopped)

    def test_stopped_when_its_port_is_closed(self) -> None:
        """A port may take a turn or more for that, also when no client is there."""
        closed: Deferred[None] = Deferred()

        class Port:
            def stopListening(self) -> Deferred[None]:
                return closed

        site = Site(self.reactor, lambda: 0.0, lambda head: None, 100)
        site.listening(cast(IListeningPort, Port()))
        stopped = site.stop()
        self.assertNoResult(stopped)
        closed.callback(None)
        self.successResultOf(stopped)
        self.successResultOf(site.stop())


class AccessTests(SiteTestCase):
    def test_names_of_this_machine(self) -> None:
        for host in (
            "localhost",
            "localhost:80",
            "127.0.0.1:80",
            "[::1]:80",
            "10.0.0.5",
        ):
            self.assertEqual(self.ask("/api/rooms", host=host)[0], 200, host)

    def test_name_that_was_made_to_lead_here_is_refused(self) -> None:
        for host in ("evil.example", "evil.example:80", "localhost.evil.example"):
            self.assertEqual(self.ask("/api/rooms", host=host)[0], 403, host)

    def test_pages_of_other_sites_may_not_ask(self) -> None:
        for header in (
            "Origin: http://evil.example",
            "Origin: null",
            "Origin: http://127.0.0.1:8080",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ):
            self.assertEqual(self.ask("/api/rooms", header)[0], 403, header)

    def test_own_pages_may_ask(self) -> None:
        for header in (
            "Origin: http://127.0.0.1",
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Site: none",
        ):
            self.assertEqual(self.ask("/api/rooms", header)[0], 200, header)

    def test_others_only_with_a_password(self) -> None:
        for host in ("*", "0.0.0.0", "192.0.2.1", "127.box.example"):
            problem = self.assertRaises(OperationError, Access, host, None)
            self.assertEqual(problem.code, "denied")
            self.assertIn("HC3_PASSWORD", problem.message)
            Access(host, Credentials("a", "b"))
        for host in ("127.0.0.1", "localhost", "::1", "127.0.0.5", "unix:/run/x"):
            Access(host, None)

    def test_only_so_many_clients(self) -> None:
        clients = [self.reactor.connect() for _ in range(MAX_CONNECTIONS)]
        self.reactor.settle()
        self.assertTrue(clients[-1].gone)
        self.assertFalse(clients[-2].gone)


class PasswordTests(SiteTestCase):
    credentials = Credentials("me", "sécret:1")

    def test_right_one(self) -> None:
        self.assertEqual(self.ask("/api/rooms", basic("me", "sécret:1"))[0], 200)

    def test_wrong_ones_are_401(self) -> None:
        for headers in (
            (),
            (basic("me", "wrong"),),
            (basic("you", "sécret:1"),),
            ("Authorization: Basic %%%",),
            ("Authorization: Bearer x",),
        ):
            status, body = self.ask("/api/rooms", *headers)
            self.assertEqual((status, body["reason"]), (401, "UNAUTHORIZED"))

    def test_401_says_how(self) -> None:
        raw = self.client.ask(b"GET /api/rooms HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b'WWW-Authenticate: Basic realm="Home Center"\r\n', raw)


class PageTests(SiteTestCase):
    def test_page(self) -> None:
        self.site.pages[b"/"] = lambda request: request.answer(418)
        raw = self.client.ask(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(raw.startswith(b"HTTP/1.1 418 "))
        self.assertEqual(self.ask("/", host="evil.example")[0], 403)

    def test_upgrade_is_checked_too(self) -> None:
        taken: list[Any] = []
        self.site.upgrades[b"/live"] = taken.append
        headers = ("Connection: Upgrade", "Upgrade: websocket")
        self.ask("/live", *headers, host="evil.example")
        self.assertEqual(taken, [])
        self.client.ask(
            b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\n\r\n"
        )
        self.assertEqual(len(taken), 1)
