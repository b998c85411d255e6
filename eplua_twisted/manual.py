"""
What is said about a command, taken from its options: the one source of its help, of the
completion in shells and of the man page.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from twisted.python import usage

WIDEST = 96
"""Columns: lines of help are no longer, however wide the terminal is."""

_IN = " " * 6
_VALUE = re.compile(r"[A-Z]{2,}([\[:=]+[A-Z]+\]?)*(?=[ ,:])")


@dataclass(frozen=True)
class Option:
    """
    An option.

    @ivar name: the long one, without dashes
    @ivar short: one letter; empty for none
    @ivar value: what comes with it, such as C{FILE}; empty for a flag
    @ivar choices: the words that may stand for the value, if only these may
    """

    name: str
    short: str
    value: str
    text: str
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """As they are written, the short one first."""
        long = f"--{self.name}"
        return (f"-{self.short}", long) if self.short else (long,)


@dataclass(frozen=True)
class Page:
    """
    What is said about a command.

    @ivar name: with C{eplua} before it
    @ivar text: what it does, in a few words
    @ivar synopsis: what comes after the name
    @ivar choices: the words that its arguments may be, if only these may
    @ivar commands: the pages of what may come next, in place of an argument
    @ivar examples: commands, and what each does
    @ivar anywhere: its options may come after its arguments too
    """

    name: str
    text: str
    synopsis: str = ""
    description: str = ""
    options: tuple[Option, ...] = ()
    choices: tuple[str, ...] = ()
    commands: tuple[Page, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    anywhere: bool = False

    @property
    def word(self) -> str:
        """The last word of its name."""
        return self.name.rpartition(" ")[2]

    @property
    def usages(self) -> list[str]:
        """How it is written."""
        usages = [f"{self.name} {self.synopsis}"] if self.synopsis else []
        return usages + (
            [f"{self.name} COMMAND [options] ..."] if self.commands else []
        )

    def command(self, word: str) -> Page | None:
        """The page of a command below this one."""
        return next((each for each in self.commands if each.word == word), None)

    def option(self, word: str) -> Option | None:
        """The option that is written so."""
        return next((each for each in self.options if word in each.words), None)

    def below(self) -> Iterator[Page]:
        """This page and all below it."""
        yield self
        for each in self.commands:
            yield from each.below()


def _options_of(options: usage.Options) -> Iterator[Option]:
    """By their names; C{--help} has the short name C{-h}, as L{asked} understands it."""
    choices: Mapping[str, tuple[str, ...]] = getattr(options, "choices", {})
    short = {
        long: each
        for each, long in options.synonyms.items()
        if len(each) == 1 and each != long
    }
    short["help"] = "h"
    theirs = type(options).opt_version is usage.Options.opt_version
    for each in sorted(options.longOpt):
        if each == "version" and theirs:
            # It tells the version of Twisted.
            continue
        name, takes_value = each.rstrip("="), each.endswith("=")
        text = " ".join((options.docs[name] or "").split())
        value = ""
        if takes_value:
            found = _VALUE.match(text)
            value = found[0] if found else name.rpartition("-")[2].upper()
            default = options.defaults.get(name)
            text += f" [default: {default}]" if default is not None else ""
        yield Option(name, short.get(name, ""), value, text, choices.get(name, ()))


def page_of(
    name: str,
    text: str,
    options: usage.Options,
    commands: Iterable[Page] = (),
) -> Page:
    """
    What the options of a command tell: C{synopsis}, C{longdesc} and C{subCommands}, which
    Twisted knows, and if they have them C{examples}, pairs of a command and what it does,
    C{choices}, the words that may be an option's value by the option's name, those that
    may be an argument by an empty one, and C{anywhere}, that they may come after the
    arguments too.

    @param commands: pages below it, beside those of C{subCommands}
    """
    below = [
        page_of(f"{name} {word}", what, parser())
        for word, _, parser, what in getattr(options, "subCommands", ())
    ]
    synopsis = "" if below else getattr(options, "synopsis", "[options]")
    return Page(
        name,
        text,
        synopsis,
        getattr(options, "longdesc", None) or "",
        tuple(_options_of(options)),
        getattr(options, "choices", {}).get("", ()),
        (*commands, *below),
        getattr(options, "examples", ()),
        getattr(options, "anywhere", False),
    )


def asked(page: Page, arguments: list[str]) -> Page | None:
    """
    The page that C{-h} or C{--help} asks for.

    @param arguments: what comes after the name of the page
    @return: that page or one below it; C{None}: help is not asked for, or a script is
        what it is asked of
    """
    words = iter(arguments)
    for word in words:
        if word in ("-h", "--help"):
            return page
        below = page.command(word)
        if below is not None:
            page = below
        elif word == "--" or not (word.startswith("-") or page.anywhere):
            return None
        elif (option := page.option(word)) and option.value:
            next(words, None)
    return None


def _rows(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Two columns; what is too wide for the first stands on a line of its own."""
    column = 26
    for left, right in rows:
        lines = textwrap.wrap(right, width - column) or [""]
        if len(left) > column - 4:
            yield f"  {left}"
        else:
            yield f"  {left.ljust(column - 2)}{lines.pop(0)}".rstrip()
        yield from (" " * column + line for line in lines)


def shown(option: Option) -> str:
    """As help has it: C{-e, --execute=CODE}."""
    words = ", ".join(option.words)
    if not option.short:
        words = f"    {words}"
    value = "|".join(option.choices) or option.value
    return f"{words}={value}" if value else words


def render(page: Page, width: int | None = None) -> str:
    """
    The help of a command.

    @param width: columns; of the terminal by default
    """
    width = width or min(shutil.get_terminal_size().columns, WIDEST)
    lines = [f"{page.name}: {page.text}", ""]
    lines.append("Usage: " + "\n       ".join(page.usages))
    if page.description:
        lines += ["", *textwrap.wrap(page.description, width)]
    if page.commands:
        rows = [(each.word, each.text) for each in page.commands]
        lines += ["", "Commands:", *_rows(rows, width)]
    if page.examples:
        lines += ["", "Examples:"]
        for command, what in page.examples:
            lines += [
                f"  {command}",
                *textwrap.wrap(what, width, initial_indent=_IN, subsequent_indent=_IN),
            ]
    if page.options:
        rows = [(shown(each), each.text) for each in page.options]
        lines += ["", "Options:", *_rows(rows, width)]
    if page.commands:
        lines += ["", f"'{page.name} COMMAND --help' tells more about a command."]
    return "\n".join(lines)
