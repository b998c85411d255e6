"""
Uses the page of a controller in a browser, by its keyboard alone: C{URL [DIRECTORY]}, with
the URL of the browser's own WebSocket, and a directory for pictures of the page.

Each key goes to what has the focus, which C{Tab} moves; what the page shows then is
printed.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.request
from contextlib import suppress
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

SPOKEN = ("button", "switch", "slider", "combobox", "group", "checkbox")

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


def say(*what: Any) -> None:
    print(json.dumps(what), flush=True)


def shows(element: str, text: str) -> str:
    where = f'[data-element="{element}"]'
    return (
        f"document.querySelector({json.dumps(where)}).innerText == {json.dumps(text)}"
    )


def use(page: Page) -> None:
    """Use each element; the script shows in its label C{last} what it was told."""
    for element, keys, told in (
        ("warmer", ["Space"], "1: warmer onReleased []"),
        ("warmer", ["Enter"], "2: warmer onReleased []"),
        ("target", ["ArrowRight"], "3: target onChanged [22.5]"),
        ("heating", ["Space"], "4: heating onReleased [false]"),
        ("mode", ["ArrowDown"], '5: mode onToggled ["eco"]'),
        ("days", ["Tab", "Space"], '6: days onToggled [["mon","tue"]]'),
    ):
        if page.value(FOCUS)[0] != element:
            say("focus", *page.tab_to(element))
        for each in keys:
            page.key(each)
        page.wait(shows("last", told))
        say("told", told, "and the focus is still there:", page.value(FOCUS)[0])
    say("hidden", page.value("document.querySelector('[data-element=title]') == null"))
    text = "document.querySelector('[data-element=target] input').ariaValueText"
    say("slider", page.value(text))


def hold(page: Page) -> None:
    """Hold a button longer than a press."""
    say("focus", *page.tab_to("colder"))
    page.key("Space", "down")
    page.wait(shows("last", "7: colder onLongPressDown []"))
    page.key("Space", "up")
    page.wait(shows("last", "8: colder onLongPressReleased []"))
    # That was no press; a short one is.
    page.key("Enter")
    page.wait(shows("last", "9: colder onReleased []"))
    say("held")


def names(page: Page) -> None:
    """What a screen reader says of each control: its role and its name."""
    for node in page.ask("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if role in SPOKEN and not node["ignored"]:
            say("named", role, node["name"]["value"])


def main(browser: str, pictures: str | None) -> None:
    host = browser.split("/")[2]
    with urllib.request.urlopen(f"http://{host}/json") as answer:
        pages = json.load(answer)
    page_url = next(each for each in pages if each["type"] == "page")
    with connect(page_url["webSocketDebuggerUrl"], max_size=None) as connection:
        page = Page(connection)
        page.wait("document.querySelector('[data-element=last]')")
        say("connection", page.value("document.getElementById('connection').innerText"))
        say("label", page.value("document.querySelector('.label').innerText"))
        say("ran", page.value("typeof window.ran"))
        use(page)
        hold(page)
        names(page)
        for scheme in ("light", "dark"):
            for width in (1200, 390):
                page.look(width, scheme)
                page.value("new Promise(d => requestAnimationFrame(() => d(1)))")
                body = "getComputedStyle(document.body)"
                over = "document.documentElement.scrollWidth > innerWidth"
                say(
                    scheme,
                    width,
                    page.value(f"{body}.backgroundColor"),
                    page.value(over),
                )
                if pictures:
                    page.picture(Path(pictures) / f"{scheme}-{width}.png")
        page.wait("document.getElementById('connection').dataset.state == 'lost'")
        say(page.value("document.getElementById('connection').innerText"))
        page.wait("document.getElementById('connection').dataset.state == 'open'")
        say("again")


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
