"""
Uses a server with Python's requests, on one kept connection: C{use_requests.py URL}.

Prints what came back, as JSON: status, body and how many connections there were.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import requests
from requests.adapters import HTTPAdapter

session = requests.Session()
session.trust_env = False
adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1)
session.mount("http://", adapter)
url = sys.argv[1]


def chunks() -> Iterator[bytes]:
    yield b"in "
    yield b"chunks"


answers = [
    session.get(url + "/get?a=b", timeout=5),
    session.head(url + "/head", timeout=5),
    session.post(url + "/form", data={"a": "1"}, timeout=5),
    session.put(url + "/put", data=chunks(), timeout=5),
    session.delete(url + "/delete", timeout=5),
    session.get(url + "/large", timeout=5),
]
pools = adapter.poolmanager.pools
print(
    json.dumps(
        [[each.status_code, len(each.content), each.text[:20]] for each in answers]
        + [sum(pools[key].num_connections for key in list(pools.keys()))]
    )
)
