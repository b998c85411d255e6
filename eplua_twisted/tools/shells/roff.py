"""The man page, as C{man} and C{mandoc} read it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from importlib.metadata import version

from eplua_twisted.manual import Option, Page

EXIT_STATUS = (
    "A script: that of os.exit; 1 when it failed, or when nobody caught an error of it."
    " A command: 0 when it did what it was asked for, 1 when it could not, or when what it"
    " looked at has problems. Both: 2 when the command line is wrong."
)


def plain(text: str) -> str:
    """Text as it is, whatever it begins with."""
    wrapped = "\n".join(textwrap.wrap(text, 72, break_on_hyphens=False))
    escaped = wrapped.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


def _option(option: Option) -> str:
    words = ", ".join(f"\\fB{plain(each)}\\fR" for each in option.words)
    value = "|".join(option.choices) or option.value
    return f"{words}=\\fI{plain(value)}\\fR" if value else words


def _options(options: Iterable[Option]) -> Iterator[str]:
    for each in options:
        yield from (".TP", _option(each), plain(each.text))


def _examples(page: Page) -> Iterator[str]:
    for command, what in page.examples:
        yield from (".TP", f"\\fB{plain(command)}\\fR", plain(what))


def _command(page: Page) -> Iterator[str]:
    """A command below C{eplua}, with what it has."""
    yield from (
        f".SS {plain(page.name)}",
        f"{plain(page.text[:1].upper() + page.text[1:])}.",
    )
    for each in page.usages:
        yield from (".PP", f"\\fB{plain(each)}\\fR")
    if page.description:
        yield from (".PP", plain(page.description))
    # That of --help is the same everywhere.
    yield from _options(each for each in page.options if each.name != "help")
    yield from _examples(page)


def man_page(whole: Page) -> str:
    """@param whole: that of C{eplua}, with all below it"""
    lines = [
        f'.TH EPLUA 1 "" "eplua {plain(version("eplua-twisted"))}" "User Commands"',
        ".SH NAME",
        f"eplua \\- {plain(whole.text)}",
        ".SH SYNOPSIS",
    ]
    usages = (f"\\fB{plain(each)}\\fR" for each in whole.usages)
    lines.append("\n.br\n".join(usages))
    lines += [".SH DESCRIPTION", plain(whole.description)]
    lines += [".SH OPTIONS", *_options(whole.options), ".SH COMMANDS"]
    for each in whole.below():
        if each is not whole:
            lines += _command(each)
    lines += [".SH EXIT STATUS", plain(EXIT_STATUS), ".SH EXAMPLES", *_examples(whole)]
    return "\n".join(lines) + "\n"
