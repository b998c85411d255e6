"""A page in a browser, by the protocol of its tools, for the programs that use one."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

WAIT = """
new Promise(done => {
  const look = () => { try { if (%s) return done(true); } catch (e) {} setTimeout(look, 10); };
  look();
})
"""

KEYS = {
    "Tab": ("Tab", 9, ""),
    "Space": (" ", 32, " "),
    "Enter": ("Enter", 13, "\r"),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
}

FOCUS = """
(() => {
  const node = document.activeElement;
  const name = node.closest("[data-element]")?.dataset.element ?? node.id;
  const outline = getComputedStyle(node).outlineStyle;
  return [name, node.getAttribute("role") ?? node.type ?? node.tagName, outline];
})()
"""


class Refused(Exception):
    """The browser does not do what it is asked for."""


class Page:
    """A page, by the protocol of the browser's tools."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0

    def ask(self, method: str, **parameters: Any) -> Any:
        self._last += 1
        self._connection.send(
            json.dumps({"id": self._last, "method": method, "params": parameters})
        )
        while True:
            answer = json.loads(self._connection.recv())
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise Refused(answer["error"]["message"])
                return answer["result"]

    def value(self, expression: str) -> Any:
        result = self.ask(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until it holds, also while the page is being loaded."""
        while True:
            with suppress(Refused):
                if self.value(WAIT % condition):
                    return

    def key(self, name: str, kind: str = "press") -> None:
        key, code, text = KEYS[name]
        common = {"key": key, "code": name, "windowsVirtualKeyCode": code}
        if kind != "up":
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        if kind != "down":
            self.ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def tab_to(self, element: str) -> Any:
        """Move the focus on until it is there."""
        for _ in range(60):
            self.key("Tab")
            found = self.value(FOCUS)
            if found[0] == element:
                return found
        raise RuntimeError(f"{element} never has the focus")

    def look(self, width: int, scheme: str) -> None:
        self.ask("Emulation.setScrollbarsHidden", hidden=True)
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def picture(self, path: Path) -> None:
        data = self.ask(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True
        )
        path.write_bytes(base64.b64decode(data["data"]))


@contextmanager
def open_page(browser: str) -> Iterator[Page]:
    """@param browser: the URL of the browser's own WebSocket"""
    host = browser.split("/")[2]
    with urllib.request.urlopen(f"http://{host}/json") as answer:
        pages = json.load(answer)
    page_url = next(each for each in pages if each["type"] == "page")
    with connect(page_url["webSocketDebuggerUrl"], max_size=None) as connection:
        yield Page(connection)


def say(*what: Any) -> None:
    print(json.dumps(what), flush=True)


def names(page: Page, *roles: str) -> None:
    """Print what a screen reader says of each control: its role and its name."""
    for node in page.ask("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if role in roles and not node["ignored"]:
            say("named", role, node["name"]["value"])


def looks(page: Page, pictures: str | None) -> None:
    """Print the ground of the page, and whether it is wider than the window."""
    for scheme in ("light", "dark"):
        for width in (1200, 390):
            page.look(width, scheme)
            page.value("new Promise(d => requestAnimationFrame(() => d(1)))")
            body = "getComputedStyle(document.body)"
            over = "document.documentElement.scrollWidth > innerWidth"
            ground = page.value(f"{body}.backgroundColor")
            say(scheme, width, ground, page.value(over))
            if pictures:
                page.picture(Path(pictures) / f"{scheme}-{width}.png")
