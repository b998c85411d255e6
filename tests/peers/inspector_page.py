"""
Looks at the page of an inspector in a browser, and uses it by its keyboard alone: C{URL
[DIRECTORY]}, with the URL of the browser's own WebSocket, and a directory for pictures.
What the page shows is printed.
"""

from __future__ import annotations

import json
import sys

from tests.peers.browser import FOCUS, Page, looks, names, open_page, say

SPOKEN = ("button", "combobox", "list", "region", "table")

ROWS = """
[...document.querySelectorAll("section.part")].map((part) => [
  part.querySelector("h3").firstChild.textContent.trim(),
  ...[...part.querySelectorAll("tbody tr")].map(
    (row) => [...row.children].map((cell) => cell.textContent).join(" | "))])
"""

FACTS = """
[...document.querySelectorAll("dl.facts div")].map((each) => each.innerText.split("\\n"))
"""


def text(element: str) -> str:
    return f"document.getElementById('{element}').innerText"


def focus_on(page: Page, label: str) -> None:
    """Move the focus on until it is on the button with this label, which shows it."""
    for _ in range(60):
        page.key("Tab")
        if page.value("document.activeElement.textContent") == label:
            say("focus", label, page.value(FOCUS)[2])
            return
    raise RuntimeError(f"{label} never has the focus")


def press(page: Page, label: str, question: str) -> None:
    """Press a button that asks whether that is meant, and again."""
    focus_on(page, label)
    page.key("Space")
    say("asks", page.value("document.activeElement.textContent"))
    page.wait(f"document.activeElement.textContent == {json.dumps(question)}")
    page.key("Space")


def main(browser: str, pictures: str | None) -> None:
    with open_page(browser) as page:
        page.wait("document.querySelector('tbody tr')")
        # The next state has rates.
        page.wait(f"{FACTS}[6][1] != '0 B/s'")
        say("at", page.value("location.pathname + location.search"))
        say("connection", page.value(text("connection")))
        for part in page.value(ROWS):
            say("part", *part)
        say("facts", *[each[0] for each in page.value(FACTS)])
        say("errors", page.value(text("errors")))
        page.wait(f"{text('lines')}.includes('<b>bold')")
        say("ran", page.value("typeof window.ran"))
        say("bold", page.value("document.querySelectorAll('#lines b').length"))
        names(page, *SPOKEN)
        looks(page, pictures)
        page.look(1200, "light")
        press(page, "Reload", "Reload: sure?")
        page.wait(f"{text('lines')}.includes('second')")
        say("reloaded")
        # A script that does not compile is said, and changes nothing.
        press(page, "Reload", "Reload: sure?")
        page.wait("!document.getElementById('notice').hidden")
        say("notice", page.value(text("notice")))
        press(page, "Stop", "Stop: sure?")
        page.wait("document.getElementById('connection').dataset.state == 'lost'")
        say(page.value(text("connection")))


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
