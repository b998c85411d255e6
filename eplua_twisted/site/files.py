"""The files of a page, which are a part of the package."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.site.site import Site, answer

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    b" img-src %s; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing runs in the page but its own files, and no other page shows it."""

KINDS = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}


SHARED = Path(__file__).parent / "page"
"""What all pages have."""


def files_of(directory: Path) -> dict[bytes, Path]:
    """The files of a page in a directory, and those that all pages have, by their paths."""
    files = {b"/favicon.ico": SHARED / "icon.svg"}
    for each in (*SHARED.iterdir(), *directory.iterdir()):
        if each.suffix in KINDS:
            files[b"/" + each.name.encode("ascii")] = each
    files[b"/"] = files.pop(b"/index.html")
    return files


class PageFiles:
    """Answers with the files, which are read when they are first asked for."""

    def __init__(
        self, files: Mapping[bytes, Path], pictures: bytes = b"'self'"
    ) -> None:
        """
        @param files: see L{files_of}
        @param pictures: where pictures may come from, as a page's policy says it
        """
        self._files = files
        self._policy = POLICY % pictures
        self._read: dict[bytes, tuple[Fields, bytes]] = {}

    def mount(self, site: Site) -> None:
        """Let a site answer with them."""
        for path in self._files:
            site.pages[path] = self.answer

    def answer(self, request: HTTPServerRequest) -> None:
        """Answer with the file of the request's path, or that the client has it."""
        path = request.path
        if path not in self._read:
            self._read[path] = self._file(self._files[path])
        answer(request, 200, *self._read[path])

    def _file(self, path: Path) -> tuple[Fields, bytes]:
        """A file with what is said of it."""
        content = path.read_bytes()
        tag = b'"%s"' % sha256(content).hexdigest()[:16].encode("ascii")
        fields = [
            (b"Content-Type", KINDS[path.suffix]),
            (b"ETag", tag),
            (b"Cache-Control", b"no-cache"),
            (b"Content-Security-Policy", self._policy),
            (b"X-Content-Type-Options", b"nosniff"),
            (b"Referrer-Policy", b"no-referrer"),
        ]
        return Fields(fields), content
