"""The page of a controller: its files, and what its WebSocket says."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import fail

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.access import Access, Credentials
from eplua_twisted.hc3.fetch import Client
from eplua_twisted.hc3.log_lines import MAX_LINES, Lines, LogLine
from eplua_twisted.hc3.remote import RemoteController
from eplua_twisted.hc3.screen import DIRECTORY, MAX_UNSENT, PAUSE, Screen
from eplua_twisted.hc3.site import Site
from eplua_twisted.site.files import KINDS, SHARED, files_of
from eplua_twisted.site.live import MAX_CLIENTS
from tests.memory import RemotePeer
from tests.support.hc3 import TIME, Host, NetworkTestCase
from tests.support.websocket import CLOSE, KEY, MASK, PING, TEXT, close, frame, frames

VIEW = [
    [{"type": "label", "name": "l", "text": "old"}],
    [{"type": "button", "name": "b", "text": "Go"}],
]


class ScreenTestCase(NetworkTestCase):
    credentials: Credentials | None = None

    def setUp(self) -> None:
        super().setUp()
        self.site = self.serve(self.credentials)
        self.lines = Lines()
        self.screen = Screen(self.controller, self.environment, self.lines)
        self.screen.mount(self.site)
        self.addCleanup(self.screen.stop)
        self.number = self.add("App")

    def add(self, name: str) -> int:
        view: Any = [{"type": "horizontal", "components": row} for row in VIEW]
        added = self.controller.add_quickapp({"name": name, "uiView": view})
        return self.successResultOf(added)

    def ask(self, path: bytes, *lines: bytes, host: bytes = b"localhost") -> bytes:
        head = [b"GET %s HTTP/1.1" % path, b"Host: " + host, *lines]
        answer: bytes = self.reactor.connect().ask(b"\r\n".join([*head, b"", b""]))
        return answer

    def open(self, *lines: bytes, host: bytes = b"localhost") -> RemotePeer:
        """A client that has asked for the WebSocket."""
        peer: RemotePeer = self.reactor.connect()
        head = [
            b"GET /live HTTP/1.1",
            b"Host: " + host,
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: " + KEY,
            *lines,
        ]
        peer.send(b"\r\n".join([*head, b"", b""]))
        self.reactor.settle()
        return peer

    def page(self) -> RemotePeer:
        """A client that was told all."""
        peer = self.open(b"Origin: http://localhost")
        head, _, rest = peer.received().partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        (whole,) = frames(rest)
        self.whole = json.loads(whole.payload)
        return peer

    def told(self, peer: RemotePeer) -> list[Any]:
        """What a page is told in the next time."""
        self.reactor.pump([0, PAUSE, 0, 0])
        self.reactor.settle()
        return [
            json.loads(each.payload)
            for each in frames(peer.received())
            if each.opcode == TEXT
        ]

    def say(self, peer: RemotePeer, message: Any) -> None:
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        peer.send(frame(TEXT, data, mask=MASK))
        self.reactor.settle()

    def press(self, **fields: Any) -> dict[str, Any]:
        """What a page says when its button is pressed."""
        return {
            "type": "event",
            "device": self.number,
            "element": "b",
            "event": "onReleased",
            "values": [],
            **fields,
        }

    def update(self, name: str, value: str) -> None:
        body: Any = {
            "deviceId": self.number,
            "componentName": name,
            "propertyName": "text",
            "newValue": value,
        }
        asked = self.controller.request("POST", "/plugins/updateView", body)
        self.assertEqual(self.successResultOf(asked)[0], 200)


class FileTests(ScreenTestCase):
    def test_all_are_there(self) -> None:
        for path, file in files_of(DIRECTORY).items():
            head, _, body = self.ask(path).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 200 "), path)
            self.assertIn(b"Content-Type: " + KINDS[file.suffix], head)
            self.assertEqual(body, file.read_bytes())

    def test_none_is_left_out(self) -> None:
        """Each file of a page is of a kind that is served."""
        for each in (*DIRECTORY.iterdir(), *SHARED.iterdir()):
            self.assertIn(each.suffix, KINDS)

    def test_nothing_else_runs_in_the_page(self) -> None:
        head = self.ask(b"/")
        self.assertIn(b"Content-Security-Policy: default-src 'none'; script-src", head)
        self.assertIn(b"frame-ancestors 'none'", head)
        page = (DIRECTORY / "index.html").read_text()
        self.assertNotIn("<style", page)
        for path in files_of(DIRECTORY).values():
            code = path.read_text()
            for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval("):
                self.assertNotIn(way, code)

    def test_what_the_browser_has_is_not_sent_again(self) -> None:
        head = self.ask(b"/screen.js")
        tag = head.partition(b"ETag: ")[2].partition(b"\r\n")[0]
        again = self.ask(b"/screen.js", b"If-None-Match: " + tag)
        self.assertTrue(again.startswith(b"HTTP/1.1 304 "))


class RefusalTests(ScreenTestCase):
    def test_other_names_and_sites(self) -> None:
        for lines, host in (
            ((), b"evil.example"),
            ((b"Origin: http://evil.example",), b"localhost"),
            ((b"Sec-Fetch-Site: cross-site",), b"localhost"),
        ):
            self.assertIn(b" 403 ", self.ask(b"/", *lines, host=host)[:20])
            refused = self.open(*lines, host=host).received()
            self.assertIn(b" 403 ", refused[:20])

    def test_only_so_many_pages(self) -> None:
        for _ in range(MAX_CLIENTS):
            self.page()
        self.assertIn(b" 503 ", self.open().received()[:20])

    def test_what_is_no_message_ends_it(self) -> None:
        for wrong in (
            b"x",
            b"[" * 2000,
            b"[]",
            self.press(type="x"),
            self.press(device="x"),
            self.press(element=5),
            self.press(event=""),
            self.press(values={}),
            self.press(values=[1] * 1000),
        ):
            peer = self.page()
            self.say(peer, wrong)
            (ended,) = frames(peer.received())
            self.assertEqual(ended.opcode, CLOSE)
            self.assertEqual(ended.payload[:2], close(1008))


class PasswordTests(ScreenTestCase):
    credentials = Credentials("me", "secret")

    def test_page_and_socket_need_it(self) -> None:
        self.assertIn(b" 401 ", self.ask(b"/")[:20])
        self.assertIn(b" 401 ", self.open().received()[:20])
        right = b"Authorization: Basic bWU6c2VjcmV0"
        self.assertIn(b" 200 ", self.ask(b"/", right)[:20])
        self.assertIn(b" 101 ", self.open(right).received()[:20])


class LiveTests(ScreenTestCase):
    def test_begins_with_all_of_it(self) -> None:
        self.lines.add(LogLine(TIME, "QA", "WARNING", "<b>hot</b>", self.number))
        self.page()
        self.assertEqual(self.whole["type"], "screen")
        (device,) = self.whole["devices"]
        self.assertEqual((device["id"], device["name"]), (self.number, "App"))
        self.assertEqual(device["rows"][0][0]["text"], [{"text": "old"}])
        (line,) = self.whole["lines"]
        self.assertEqual((line["level"], line["tag"]), ("WARNING", "QA"))
        self.assertEqual(line["text"], [{"text": "hot", "bold": True}])

    def test_update_is_told_to_every_page(self) -> None:
        pages = [self.page(), self.page()]
        self.update("l", "new")
        for each in pages:
            (told,) = self.told(each)
            self.assertEqual(told["type"], "device")
            self.assertEqual(told["device"]["rows"][0][0]["text"], [{"text": "new"}])
            self.assertEqual(told["said"], ["l"])

    def test_updates_of_a_moment_are_told_at_once(self) -> None:
        page = self.page()
        for each in range(50):
            self.update("l", str(each))
        (told,) = self.told(page)
        self.assertEqual(told["device"]["rows"][0][0]["text"], [{"text": "49"}])

    def test_what_is_said_again_is_told_again(self) -> None:
        page = self.page()
        self.update("l", "old")
        self.assertEqual(self.told(page)[0]["said"], ["l"])

    def test_devices_come_and_go(self) -> None:
        page = self.page()
        number = self.add("Second")
        self.assertEqual(self.told(page)[0]["device"]["name"], "Second")
        self.controller.request("PUT", f"/devices/{number}", {"name": "Other"})
        self.assertEqual(self.told(page)[0]["device"]["name"], "Other")
        self.controller.request("DELETE", f"/devices/{number}")
        self.assertEqual(self.told(page), [{"type": "removed", "device": number}])

    def test_other_devices_are_not_shown(self) -> None:
        page = self.page()
        lamp = self.controller.add_device("com.fibaro.binarySwitch", "Lamp")
        lamp.set("value", True)
        self.assertEqual(self.told(page), [])

    def test_log_lines(self) -> None:
        page = self.page()
        for text in ("one", "two"):
            self.lines.add(LogLine(TIME, "QA", "DEBUG", text, self.number))
        (told,) = self.told(page)
        self.assertEqual(
            [each["text"][0]["text"] for each in told["lines"]], ["one", "two"]
        )

    def test_only_the_last_lines_are_kept(self) -> None:
        for each in range(MAX_LINES + 5):
            self.lines.add(LogLine(TIME, "QA", "DEBUG", str(each)))
        self.page()
        self.assertEqual(len(self.whole["lines"]), MAX_LINES)

    def test_flood_of_lines_is_one_message_of_the_last(self) -> None:
        page = self.page()
        for each in range(MAX_LINES + 5):
            self.lines.add(LogLine(TIME, "QA", "DEBUG", str(each)))
        (told,) = self.told(page)
        self.assertEqual(len(told["lines"]), MAX_LINES)
        self.assertEqual(told["lines"][-1]["text"][0]["text"], str(MAX_LINES + 4))

    def test_text_that_is_no_text_is_shown(self) -> None:
        page = self.page()
        self.update("l", "a\udcffb")
        self.assertEqual(len(self.told(page)), 1)

    def test_event_reaches_the_script(self) -> None:
        host = Host()
        self.controller.attach(self.number, host)
        page = self.page()
        for element, event, values in (
            ("b", "onReleased", []),
            ("s", "onChanged", [21.5]),
            ("m", "onToggled", [["a", "b"]]),
        ):
            self.say(page, self.press(element=element, event=event, values=values))
            self.reactor.pump([0, 0])
            what, number, told = host.told.pop()
            self.assertEqual((what, number), ("ui_event", self.number))
            self.assertEqual(
                told,
                {
                    "deviceId": self.number,
                    "elementName": element,
                    "eventType": event,
                    "values": values,
                },
            )
        self.controller.detach(self.number)

    def test_what_is_refused_is_said(self) -> None:
        page = self.page()
        self.say(page, self.press(device=999))
        (told,) = self.told(page)
        self.assertEqual(told["type"], "refused")
        self.assertIn("999", told["message"])

    def test_controller_out_of_reach_is_said(self) -> None:
        page = self.page()
        problem = OperationError("refused", "Connection refused")

        self.patch(self.controller, "request", lambda *given: fail(problem))
        self.say(page, self.press())
        self.assertIn("Connection refused", self.told(page)[0]["message"])
        late = self.open().received().partition(b"\r\n\r\n")[2]
        (ended,) = frames(late)
        self.assertEqual(ended.payload[:2], close(1013))


class RealControllerTests(ScreenTestCase):
    """With C{--hc3-url} the page has the QuickApps of the box."""

    def setUp(self) -> None:
        super().setUp()
        self.box = self.controller
        client = Client(self.environment)
        remote = RemoteController(client, self.reactor, "http://127.0.0.1", "me", "")
        self.addCleanup(self.end, remote.stop)
        self.assertIsNone(self.result(remote.start()))
        access = Access("127.0.0.1", None)
        site = Site(remote, self.reactor, lambda: TIME, access)
        site.listening(self.reactor.listenTCP(81, site, interface="127.0.0.1"))
        self.addCleanup(self.end, site.stop)
        screen = Screen(remote, self.environment, self.lines)
        screen.mount(site)
        self.addCleanup(screen.stop)

    def test_shows_and_presses(self) -> None:
        page = self.page()
        self.assertEqual(self.whole["devices"][0]["name"], "App")
        self.update("l", "new")
        self.reactor.pump([0, 0])
        self.reactor.settle()
        told = self.told(page)
        self.assertEqual(told[-1]["device"]["rows"][0][0]["text"], [{"text": "new"}])
        host = Host()
        self.box.attach(self.number, host)
        self.say(page, self.press())
        self.reactor.pump([0, 0])
        self.assertEqual([each[0] for each in host.told], ["ui_event"])


class EndTests(ScreenTestCase):
    def test_nothing_is_left_when_nobody_looks(self) -> None:
        page = self.page()
        page.close()
        self.reactor.settle()
        self.update("l", "new")
        self.reactor.pump([0, 0])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_page_that_does_not_read_is_closed(self) -> None:
        page = self.page()
        page.stall()
        for _ in range(5 + 2 * MAX_UNSENT // 20_000):
            self.update("l", "x" * 19_000)
            self.reactor.pump([0, PAUSE, 0])
        self.reactor.settle()
        self.assertTrue(page.gone)

    def test_page_that_is_gone_without_a_word_is_noticed(self) -> None:
        page = self.page()
        self.reactor.pump([30, 0])
        self.assertIn(PING, [each.opcode for each in frames(page.received())])
        self.reactor.pump([10, 0])
        self.reactor.settle()
        self.assertTrue(page.gone)

    def test_stopping_says_so(self) -> None:
        page = self.page()
        self.screen.stop()
        (ended,) = frames(page.received())
        self.assertEqual(ended.payload[:2], close(1001))
        self.assertIn(b" 503 ", self.open().received()[:20])
