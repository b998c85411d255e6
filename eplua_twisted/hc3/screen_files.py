"""The files of the screen's page, which are a part of the package."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_server.request import HTTPServerRequest

DIRECTORY = Path(__file__).parent / "screen_page"

FILES: dict[bytes, tuple[str, bytes]] = {
    b"/": ("index.html", b"text/html; charset=utf-8"),
    b"/screen.css": ("screen.css", b"text/css; charset=utf-8"),
    b"/screen.js": ("screen.js", b"text/javascript; charset=utf-8"),
    b"/elements.js": ("elements.js", b"text/javascript; charset=utf-8"),
    b"/favicon.ico": ("icon.svg", b"image/svg+xml"),
}
"""The files by their paths, and what they are."""

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    b" img-src 'self' http: https: data:; base-uri 'none'; form-action 'none';"
    b" frame-ancestors 'none'"
)
"""Nothing runs in the page but its own files, and no other page shows it."""


class ScreenFiles:
    """Answers with the files, which are read when they are first asked for."""

    def __init__(self) -> None:
        self._read: dict[bytes, tuple[Fields, bytes]] = {}

    def answer(self, request: HTTPServerRequest) -> None:
        """Answer with the file of the request's path, or that the client has it."""
        path = request.path
        if path not in self._read:
            self._read[path] = _file(*FILES[path])
        waits = request.answer_with(200, *self._read[path])
        if waits is not None:
            # Nobody waits for it: a client that goes is no error.
            waits.addErrback(lambda _: None)


def _file(name: str, kind: bytes) -> tuple[Fields, bytes]:
    """A file with what is said of it."""
    content = (DIRECTORY / name).read_bytes()
    tag = b'"%s"' % sha256(content).hexdigest()[:16].encode("ascii")
    fields = [
        (b"Content-Type", kind),
        (b"ETag", tag),
        (b"Cache-Control", b"no-cache"),
        (b"Content-Security-Policy", POLICY),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Referrer-Policy", b"no-referrer"),
    ]
    return Fields(fields), content
