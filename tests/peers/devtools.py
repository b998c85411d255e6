"""
Asks a browser for the text of its page, once each text is in it: C{URL TEXT ...},
with the URL of the browser's own WebSocket.
"""

from __future__ import annotations

import json
import sys
import urllib.request

from websockets.sync.client import ClientConnection, connect

LOOK = """
new Promise(done => {
  const look = () => document.body.innerText.includes(%s)
    ? done(document.body.innerText) : setTimeout(look, 10);
  look();
})
"""


def see(page: ClientConnection, text: str) -> None:
    parameters = {"expression": LOOK % json.dumps(text), "awaitPromise": True}
    shown = None
    while shown is None:  # until the page is there to be asked
        page.send(
            json.dumps({"id": 1, "method": "Runtime.evaluate", "params": parameters})
        )
        result = json.loads(page.recv()).get("result", {})
        shown = result.get("result", {}).get("value")
    print(shown.split("\n"), flush=True)


host = sys.argv[1].split("/")[2]
with urllib.request.urlopen(f"http://{host}/json") as answer:
    pages = json.load(answer)
url = next(each for each in pages if each["type"] == "page")["webSocketDebuggerUrl"]
with connect(url) as page:
    for text in sys.argv[2:]:
        see(page, text)
