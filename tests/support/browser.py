"""A browser that shows a page, for tests that ask it about that."""

from __future__ import annotations

import os

from twisted.trial.unittest import TestCase

from tests.support.peers import start
from tests.support.programs import need_program


async def start_browser(case: TestCase, url: str) -> str:
    """@return: where the browser can be asked about the page"""
    browser = start(
        case,
        need_program("chromium"),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync"),
        *("--remote-debugging-port=0", "--remote-allow-origins=*"),
        f"--user-data-dir={os.path.abspath(case.mktemp())}",
        url,
    )
    output = await browser.says(b"/devtools/browser/")
    return output[output.index(b"ws://") :].split()[0].decode()
