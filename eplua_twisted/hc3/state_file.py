"""The file that a simulated controller is seeded from and saved to."""

from __future__ import annotations

import fcntl
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.fields import is_like
from eplua_twisted.hc3.house import NAMED, NUMBERED, OBJECTS
from eplua_twisted.hc3.plain import Plain, Record, integer
from eplua_twisted.hc3.shapes import FIELDS

FORMAT = 1
"""What C{format} says in a file that this version writes, and the only one it reads."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of a file."""

DELAY = 0.5
"""Seconds from the first change to when the file is written."""

MAX_LISTED = 5
"""Problems that a message tells of."""


class StateError(OperationError):
    """A state file cannot be used; the message says where and why."""

    def __init__(self, message: str) -> None:
        super().__init__("state", message)


# Reading.


def read(path: str) -> Record:
    """
    @return: what a house is to have; nothing when there is no such file
    @raise StateError: it cannot be read, or is broken: file, line or JSON path, and why
    """
    try:
        if os.path.getsize(path) > MAX_SIZE:
            raise StateError(f"{path}: larger than {MAX_SIZE} bytes")
        text = Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise StateError(f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError as problem:
        raise StateError(f"{path}: byte {problem.start} is not UTF-8") from None
    try:
        data: Plain = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_not_too_long,
        )
    except json.JSONDecodeError as problem:
        where = f"{path}:{problem.lineno}:{problem.colno}"
        raise StateError(f"{where}: {problem.msg}") from None
    except ValueError as problem:
        raise StateError(f"{path}: {problem}") from None
    except RecursionError:
        raise StateError(f"{path}: too many lists and objects in one another") from None
    problems = list(check(data))
    if problems:
        more = len(problems) - MAX_LISTED
        listed = [f"{path}: {each}" for each in problems[:MAX_LISTED]]
        if more > 0:
            listed.append(f"{path}: and {more} more")
        raise StateError("\n".join(listed))
    assert isinstance(data, dict)
    data.pop("format", None)
    return data


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _not_too_long(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise ValueError(f"{text:.25} has more than 64 bits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def check(data: Plain) -> Iterator[str]:
    """What is wrong with the data of a file: the JSON path of each, and why."""
    if not isinstance(data, dict):
        yield "$: an object expected"
        return
    if data.get("format", FORMAT) != FORMAT:
        yield f"$.format: {FORMAT} expected, this is a file of another version"
        return
    known = (*NUMBERED, *NAMED, *OBJECTS, "format", "next")
    for name, value in data.items():
        where = f"$.{name}"
        if name not in known:
            yield f"{where}: unknown; known are {', '.join(sorted(known))}"
        elif name in NUMBERED or name in NAMED:
            key = "id" if name in NUMBERED else "name"
            yield from _check_table(where, value, key, FIELDS.get(name, {}))
        elif name != "format" and not isinstance(value, dict):
            yield f"{where}: an object expected"
    yield from _check_devices(data.get("devices"))
    yield from _check_lists(data)


def _check_table(where: str, rows: Plain, key: str, fields: Record) -> Iterator[str]:
    if not isinstance(rows, list):
        yield f"{where}: a list expected"
        return
    seen: set[Plain] = set()
    for index, row in enumerate(rows):
        at = f"{where}[{index}]"
        if not isinstance(row, dict):
            yield f"{at}: an object expected"
            continue
        for name, default in fields.items():
            if name in row and not is_like(row[name], default):
                yield f"{at}.{name}: {_KINDS.get(type(default), 'a number')} expected"
        value = row.get(key)
        if key == "name":
            if not isinstance(value, str) or not value:
                yield f"{at}.name: a name expected"
                continue
        elif value is None:
            continue
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            yield f"{at}.id: a whole number above 0 expected"
            continue
        if value in seen:
            yield f"{at}.{key}: {value} is there twice"
        seen.add(value)


_DEVICE_FIELDS: dict[str, type] = {
    "name": str,
    "type": str,
    "properties": dict,
    "interfaces": list,
    "actions": dict,
    "roomID": int,
    "parentId": int,
}

_KINDS: dict[type, str] = {
    str: "a text",
    dict: "an object",
    list: "a list",
    int: "a whole number",
    bool: "true or false",
}


def _check_devices(rows: Plain) -> Iterator[str]:
    if not isinstance(rows, list):
        return
    found = [each for each in rows if isinstance(each, dict)]
    numbers = {each.get("id") for each in found if isinstance(each.get("id"), int)}
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        at = f"$.devices[{index}]"
        if "type" not in row:
            yield f"{at}.type: missing"
        for name, kind in _DEVICE_FIELDS.items():
            value = row.get(name)
            if name in row and (not isinstance(value, kind) or isinstance(value, bool)):
                yield f"{at}.{name}: {_KINDS[kind]} expected"
        parent = row.get("parentId")
        if isinstance(parent, int) and parent and parent not in numbers:
            yield f"{at}.parentId: there is no device {parent}"


def _check_lists(data: Record) -> Iterator[str]:
    """C{storage} and C{files}: a list of named things for each device."""
    for subject in ("storage", "files"):
        value = data.get(subject)
        for number, rows in (value if isinstance(value, dict) else {}).items():
            where = f"$.{subject}.{number}"
            if integer(number) is None:
                yield f"{where}: the number of a device expected"
            yield from _check_table(where, rows, "name", {})


# Writing.


def write(path: str, data: Record) -> None:
    """
    Replace the file: all of it, or nothing of it.

    @raise OSError: it cannot be written; the old one is as it was
    """
    text = json.dumps(
        {"format": FORMAT, **data}, indent=1, ensure_ascii=False, allow_nan=False
    )
    directory = os.path.dirname(os.path.abspath(path))
    # Beside it, so that it can take its place; only its owner may read the secrets.
    descriptor, temporary = tempfile.mkstemp(
        prefix=f".{os.path.basename(path)}.", dir=directory
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            # What is not UTF-8 becomes an escape of JSON, and comes back as it was.
            file.write(text.encode("utf-8", "backslashreplace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_directory(directory)


def _keep_mode(path: str, temporary: str) -> None:
    """What the old one allowed, the new one does."""
    try:
        os.chmod(temporary, os.stat(path).st_mode & 0o777)
    except FileNotFoundError:
        return


def _sync_directory(directory: str) -> None:
    """The new name of the file is on the disk too."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Lock:
    """
    Only one process, and one controller, uses a file: two would undo each other's work.
    The lock is one on C{FILE.lock}, and goes with the process whatever becomes of it.
    """

    def __init__(self, path: str) -> None:
        """@raise StateError: somebody uses it, or it cannot be locked"""
        self._path = f"{path}.lock"
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise StateError(f"{self._path}: {problem.strerror}") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise StateError(f"{path}: another controller uses it") from None

    def release(self) -> None:
        """Somebody else may use it."""
        os.close(self._descriptor)


class StateFile:
    """
    A file that is kept in step with a house.

    It is written L{DELAY} after a change, and at the end; a failure is logged, and tried
    again with the next change.
    """

    log = Logger()

    def __init__(self, path: str, clock: IReactorTime) -> None:
        """@raise StateError: another controller uses it"""
        self.path = path
        self._lock: Lock | None = Lock(path)
        self._soon = Deadline(clock, self._save)
        self._dirty = False
        self._data: Callable[[], Record] = dict

    def read(self) -> Record:
        """As L{read}; a file that is broken is let go."""
        try:
            return read(self.path)
        except StateError:
            self.close()
            raise

    def follow(self, data: Callable[[], Record]) -> None:
        """@param data: what is to be in the file"""
        self._data = data

    def changed(self) -> None:
        """What is to be in the file has changed."""
        self._dirty = True
        self._soon.start(DELAY)

    def _save(self) -> None:
        self._soon.cancel()
        if not self._dirty:
            return
        self._dirty = False
        try:
            write(self.path, self._data())
        except (OSError, ValueError) as problem:
            self._dirty = True
            self.log.error(
                "the state file {path} cannot be written: {why}",
                path=self.path,
                why=getattr(problem, "strerror", None) or problem,
            )

    def close(self) -> None:
        """Write what was not yet written, and let the file go."""
        if self._lock is not None:
            self._save()
            self._soon.cancel()
            lock, self._lock = self._lock, None
            lock.release()
