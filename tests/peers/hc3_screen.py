"""
Uses the page of a controller in a browser, by its keyboard alone: C{URL [DIRECTORY]}, with
the URL of the browser's own WebSocket, and a directory for pictures of the page.

Each key goes to what has the focus, which C{Tab} moves; what the page shows then is
printed.
"""

from __future__ import annotations

import json
import sys

from tests.peers.browser import FOCUS, Page, looks, names, open_page, say

SPOKEN = ("button", "switch", "slider", "combobox", "group", "checkbox")


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


def main(browser: str, pictures: str | None) -> None:
    with open_page(browser) as page:
        page.wait("document.querySelector('[data-element=last]')")
        say("connection", page.value("document.getElementById('connection').innerText"))
        say("label", page.value("document.querySelector('.label').innerText"))
        say("ran", page.value("typeof window.ran"))
        use(page)
        hold(page)
        names(page, *SPOKEN)
        looks(page, pictures)
        page.wait("document.getElementById('connection').dataset.state == 'lost'")
        say(page.value("document.getElementById('connection').innerText"))
        page.wait("document.getElementById('connection').dataset.state == 'open'")
        say("again")


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
