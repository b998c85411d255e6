"""
A QuickApp as a folder: its files, and C{package.json} with all else.  The main file
begins with a header that names the package, so it can be run as it is.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.hc3.fqa import BadFile, Form, as_fqa, parse_fqa, parse_json
from eplua_twisted.hc3.plain import Plain, Record, record, records

PACKAGE = "package.json"
HEADER = f"--%%package={PACKAGE}\n"


def _safe(name: str, path: str) -> str:
    """@raise BadFile: a name that is no name of a file"""
    if not name or name[0] == "." or any(each in name for each in "/\\\0:"):
        raise BadFile(f"{name!r} cannot be the name of a file", path)
    return name


def unpack(form: Form, directory: str) -> None:
    """
    Write a QuickApp as a new folder, whole or not at all.

    @raise BadFile: a file of it has an impossible name
    @raise OSError: the folder is there already, or cannot be written
    """
    whole = as_fqa(form)
    files: list[Plain] = []
    for file in form.files:
        name = _safe(file.name, directory)
        files.append({"name": name, "isMain": file.main, "path": f"{name}.lua"})
    whole["files"] = files
    target = Path(directory)
    if target.exists():
        raise FileExistsError(17, os.strerror(17), directory)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".unpack-"))
    try:
        for file in form.files:
            text = (HEADER if file.main else "") + file.content
            (temporary / f"{file.name}.lua").write_bytes(to_bytes(text))
        text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
        (temporary / PACKAGE).write_text(text, "utf-8")
        temporary.chmod(0o755)
        temporary.rename(target)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def pack(form: Form, path: str) -> None:
    """
    Write a QuickApp as a C{.fqa} file, whole or not at all.

    @raise OSError: it cannot be written
    """
    text = json.dumps(as_fqa(form), indent=2, ensure_ascii=False) + "\n"
    number, temporary = tempfile.mkstemp(dir=Path(path).parent, prefix=".pack-")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(to_bytes(text))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_package(script: str, name: str) -> Form:
    """
    The QuickApp of a folder.

    @param script: its main file
    @param name: the path of its package, from there
    @raise BadFile: it cannot be
    @raise OSError: it, or a file that it names, cannot be read
    """
    directory = Path(script).parent
    path = str(directory / name)
    whole: Record = record(parse_json(Path(path).read_bytes(), path))
    files: list[Plain] = []
    chunks: dict[str, str] = {}
    for place, each in enumerate(records(whole.get("files"))):
        given = each.get("path")
        if not isinstance(given, str):
            raise BadFile("a string expected", f"{path}: $.files[{place}].path")
        found = directory / f"{_safe(given.removesuffix('.lua'), path)}.lua"
        content = to_text(found.read_bytes())
        chunks[str(each.get("name"))] = f"@{found}"
        files.append({**each, "content": content})
    form = parse_fqa(json.dumps({**whole, "files": files}).encode(), path)
    for file in form.files:
        file.chunk = chunks[file.name]
    return form
