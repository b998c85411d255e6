"""The results as JUnit XML, in what the schemas of its readers have in common."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePath
from xml.etree import ElementTree

from eplua_twisted.tools.test.messages import Result
from eplua_twisted.tools.test.processes import FileReport

_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(value: str) -> str:
    """A text that XML can have."""
    return _IMPOSSIBLE.sub(lambda match: f"\\x{ord(match[0]):02x}", value)


def _case(suite: ElementTree.Element, result: Result, package: str) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=_text(result.title),
        classname=_text(package),
        time=f"{result.seconds:.3f}",
    )
    if result.verdict == "failed":
        _add(case, "failure", result.message, result.traceback)
    elif result.verdict != "ok":
        said = (
            f"{result.verdict}: {result.message}" if result.message else result.verdict
        )
        ElementTree.SubElement(case, "skipped", message=_text(said.split("\n")[0]))


def _add(case: ElementTree.Element, name: str, message: str, text: str) -> None:
    first = _text(message.split("\n")[0])
    ElementTree.SubElement(case, name, message=first, type=name).text = _text(text)


def _suite(number: int, report: FileReport, when: datetime) -> ElementTree.Element:
    path = PurePath(report.path)
    names = [
        part for part in path.with_suffix("").parts if part not in (path.anchor, "..")
    ]
    package = ".".join(names)
    results = report.results
    suite = ElementTree.Element(
        "testsuite",
        name=_text(report.path),
        package=_text(package),
        id=str(number),
        timestamp=when.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=socket.gethostname() or "localhost",
        tests=str(len(results) + (report.broken is not None)),
        failures=str(sum(each.verdict == "failed" for each in results)),
        errors=str(int(report.broken is not None)),
        skipped=str(sum(each.verdict not in ("ok", "failed") for each in results)),
        time=f"{sum(each.seconds for each in results):.3f}",
    )
    ElementTree.SubElement(suite, "properties")
    for result in results:
        _case(suite, result, package)
    if report.broken is not None:
        broken = report.broken
        case = ElementTree.SubElement(
            suite, "testcase", name="(the file)", classname=_text(package), time="0.000"
        )
        _add(case, "error", broken.message, broken.traceback)
    printed = [line for result in results for line in _output(result)]
    ElementTree.SubElement(suite, "system-out").text = _text("\n".join(printed))
    ElementTree.SubElement(suite, "system-err")
    return suite


def _output(result: Result) -> list[str]:
    lines = [*result.output, *(f"left open: {each}" for each in result.left)]
    return [f"{result.title}:", *lines] if lines else []


def document(reports: Sequence[FileReport], when: datetime) -> bytes:
    """@param when: the tests began"""
    suites = ElementTree.Element("testsuites")
    suites.extend(_suite(number, report, when) for number, report in enumerate(reports))
    ElementTree.indent(suites)
    data: bytes = ElementTree.tostring(suites, "utf-8", xml_declaration=True)
    return data + b"\n"


def write(path: str, reports: Sequence[FileReport], when: datetime) -> None:
    """
    Write the file.

    @raise OSError: it cannot be written
    """
    Path(path).write_bytes(document(reports, when))
