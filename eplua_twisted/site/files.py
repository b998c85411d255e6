"""The files of a page, which are a part of the package."""

from __future__ import annotations

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


class PageFiles:
    """Answers with the files, which are read when they are first asked for."""

    def __init__(
        self, directory: Path, files: dict[bytes, str], pictures: bytes = b"'self'"
    ) -> None:
        """
        @param directory: where they are
        @param files: their names, by their paths
        @param pictures: where pictures may come from, as a page's policy says it
        """
        self._directory = directory
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

    def _file(self, name: str) -> tuple[Fields, bytes]:
        """A file with what is said of it."""
        content = (self._directory / name).read_bytes()
        tag = b'"%s"' % sha256(content).hexdigest()[:16].encode("ascii")
        fields = [
            (b"Content-Type", KINDS[Path(name).suffix]),
            (b"ETag", tag),
            (b"Cache-Control", b"no-cache"),
            (b"Content-Security-Policy", self._policy),
            (b"X-Content-Type-Options", b"nosniff"),
            (b"Referrer-Policy", b"no-referrer"),
        ]
        return Fields(fields), content
