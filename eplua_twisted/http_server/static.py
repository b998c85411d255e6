"""Directories of files that an HTTP server answers from, by C{twisted.web.static}."""

from __future__ import annotations

import os
from urllib.parse import unquote_to_bytes

from twisted.web.server import NOT_DONE_YET
from twisted.web.static import File

INDEX = b"index.html"


class StaticFiles:
    """
    The files below a directory.  None outside of it is ever found, whatever the
    path says and wherever symbolic links lead.

    @param prefix: where in the server's paths the directory is; ends with a slash
    """

    def __init__(self, prefix: bytes, directory: bytes) -> None:
        self.prefix = prefix
        self._root = os.path.realpath(directory)

    def find(self, path: bytes) -> bytes | None:
        """
        The file that a path means.

        @param path: as it was sent, without the query
        @return: the file's name; or, for a directory whose path lacks the slash, that
            path with it
        """
        if path + b"/" == self.prefix:
            return self.prefix
        if not path.startswith(self.prefix):
            return None
        names = [
            unquote_to_bytes(each) for each in path[len(self.prefix) :].split(b"/")
        ]
        if names[-1] == b"":
            names[-1] = INDEX
        if any(
            each in (b"", b".", b"..") or b"/" in each or b"\0" in each
            for each in names
        ):
            return None
        # One question of the file system each, as twisted.web's own File asks them.
        found = os.path.realpath(os.path.join(self._root, *names))
        if not found.startswith(os.path.join(self._root, b"")):
            return None
        if os.path.isdir(found) and os.path.isfile(os.path.join(found, INDEX)):
            return path + b"/"
        return found if os.path.isfile(found) else None


def send_file(request: object, name: bytes) -> bytes | None:
    """
    Answer with a file, a part of it, or C{Not Modified}.

    @param request: a C{twisted.web.http.Request}
    @return: the answer's body; C{None} when the file is being sent
    """
    file = File(os.fsdecode(name), defaultType="application/octet-stream")
    body = file.render_GET(request)
    return None if body is NOT_DONE_YET else body
