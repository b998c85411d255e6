"""What can be run on a controller, by its file: C{.lua} with headers, and C{.fqa}."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from eplua_twisted.border.files import ALL_FILES, Files, denied
from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.hc3.fqa import BadFile, Form, QuickAppFile, SceneForm, parse_fqa
from eplua_twisted.hc3.headers import BadHeader, Headers, read_headers
from eplua_twisted.hc3.package import read_package
from eplua_twisted.hc3.plain import Plain, Record, integer, record, records
from eplua_twisted.hc3.scene_forms import is_scene, parse_scene, scene_of_script
from eplua_twisted.hc3.view_rows import properties_of
from eplua_twisted.lua_files import chunk_of

DEFAULT_TYPE = "com.fibaro.genericDevice"
"""The type of a script whose headers name none."""

_PROPERTIES = {
    "uid": "quickAppUuid",
    "manufacturer": "manufacturer",
    "model": "model",
    "description": "userDescription",
    "userdescription": "userDescription",
    "role": "deviceRole",
    "buildnumber": "buildNumber",
}
"""Headers that stand for a property of the device."""


def read_form(path: str, permitted: Files = ALL_FILES) -> Form | SceneForm:
    """
    Read a QuickApp or a scene.

    @param permitted: what its headers may name, besides what lies beside it
    @raise BadFile: it cannot be; names file and line, or file and JSON path
    @raise OSError: it, or a file that its headers name, cannot be read
    """
    code = Path(path).read_bytes()
    if path.lower().endswith(".fqa"):
        return parse_fqa(code, path)
    if path.lower().endswith(".json"):
        return parse_scene(code, path)
    beside = os.fsencode(os.path.realpath(Path(path).parent))
    return form_of_script(to_text(code), path, permitted, beside)


def form_of_script(
    code: str, path: str, permitted: Files = ALL_FILES, beside: bytes | None = None
) -> Form | SceneForm:
    """
    The QuickApp, or the scene, of a script with headers.

    @param path: where it is; the files that it names are found from there
    @param permitted: which of them may be read
    @param beside: the directory of the script, as a real path, if it is a file
    """
    code = _compiled(code)
    try:
        headers = read_headers(code)
    except BadHeader as problem:
        raise BadFile(str(problem), f"{path}:{problem.line}") from None
    values = headers.values
    name = values.get("name") or Path(path).stem
    if "package" in values and beside is not None:
        return read_package(path, values["package"])
    if is_scene(code, headers):
        return scene_of_script(code, path, name, headers)
    files = [_file(path, permitted, beside, *each) for each in headers.files]
    seen = [each.name for each in files]
    for place, each in enumerate(seen):
        if each in seen[:place] or each == "main":
            line = headers.files[place][2]
            raise BadFile(f"there are two files {each!r}", f"{path}:{line}")
    files.append(QuickAppFile("main", code, "@" + path, True))
    number = _number(values, "id", path)
    return Form(
        name,
        values.get("type") or DEFAULT_TYPE,
        files,
        _properties(headers, name),
        headers.interfaces,
        number,
        _number(values, "room", path) or _number(values, "roomid", path),
        warnings=[f"{path}:{line}: {text}" for line, text in headers.warnings],
    )


def _compiled(code: str) -> str:
    return to_text(chunk_of(to_bytes(code)))


def _number(values: dict[str, str], name: str, path: str) -> int | None:
    if name not in values:
        return None
    number = integer(values[name])
    if number is None:
        raise BadFile(f"{name} has to be a number, got {values[name]!r}", path)
    return number


def _properties(headers: Headers, name: str) -> Record:
    properties: Record = {
        **{
            _PROPERTIES[each]: value
            for each, value in headers.values.items()
            if each in _PROPERTIES
        },
        **headers.properties,
    }
    if headers.rows:
        properties.update(properties_of(headers.rows, name))
    if headers.variables:
        properties["quickAppVariables"] = [
            {"name": each, "value": value} for each, value in headers.variables.items()
        ]
    return properties


def _file(
    script: str,
    permitted: Files,
    beside: bytes | None,
    path: str,
    name: str,
    line: int,
) -> QuickAppFile:
    """A file that a header names: from the script's folder, or the current one."""
    for base in (Path(script).parent, Path()):
        found = base / path
        if found.is_file():
            if permitted.module(os.fsencode(found), beside) is None:
                problem = denied(os.fsencode(path), "read")
                raise BadFile(problem.message, f"{script}:{line}")
            content = _compiled(to_text(found.read_bytes()))
            return QuickAppFile(name, content, f"@{found}")
    raise BadFile(f"there is no file {path}", f"{script}:{line}")


def with_variables(form: Form, given: dict[str, Plain]) -> None:
    """Set variables of a QuickApp, over what its file says."""
    rows: list[Plain] = [
        each
        for each in records(form.properties.get("quickAppVariables"))
        if each.get("name") not in given
    ]
    rows += [{"name": name, "value": value} for name, value in given.items()]
    form.properties["quickAppVariables"] = rows


async def changed_files(
    form: Form, get: Callable[[str], Awaitable[Plain]], number: int
) -> None:
    """
    Give a QuickApp that starts anew the files that the controller has of it now.

    @param get: gets a path of the REST API
    """
    here = {file.name: file for file in form.files}
    files: list[QuickAppFile] = []
    for each in records(await get(f"/quickApp/{number}/files")):
        name = str(each.get("name"))
        whole = record(await get(f"/quickApp/{number}/files/{quote(name)}"))
        content = str(whole.get("content") or "")
        same = name in here and here[name].content == content
        chunk = here[name].chunk if same else f"={form.name}/{name}.lua"
        files.append(QuickAppFile(name, content, chunk, each.get("isMain") is True))
    form.files = sorted(files, key=lambda file: file.main)
