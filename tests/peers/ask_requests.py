"""
Asks for URLs with Python's requests: C{ask_requests.py URL COUNT} for C{URL0}, C{URL1}, ...

Prints a line for each: the status and the body in hexadecimal, or C{error} and why.
"""

from __future__ import annotations

import sys

import requests

for number in range(int(sys.argv[2])):
    # Each with a connection of its own: the one before is closed, sooner or later.
    session = requests.Session()
    session.trust_env = False
    try:
        response = session.get(
            f"{sys.argv[1]}{number}", timeout=5, allow_redirects=False
        )
        print(response.status_code, response.content.hex() or "-", flush=True)
    except (OSError, ValueError, requests.RequestException) as problem:
        print("error", type(problem).__name__, flush=True)
