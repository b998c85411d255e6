"""Completion for zsh."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eplua_twisted.manual import Option, Page
from eplua_twisted.tools.shells.bash import takes_file

_HEAD = """\
#compdef eplua
# Completion of eplua, for zsh: eplua completion zsh > FOLDER/_eplua, in a folder of $fpath
"""

_COMMANDS = """\
  local -a commands
  commands=(
{commands}
  )
  if ((CURRENT > 2)); then
    case $words[2] in
{cases}
    esac
  fi
"""

_END = """
if [[ $funcstack[1] == _eplua ]]; then
  _eplua "$@"
else
  compdef _eplua eplua
fi
"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _plain(text: str) -> str:
    """Words between brackets: none that end them."""
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def _argument(option: Option) -> str:
    """What C{_arguments} is told of one."""
    text = f"[{_plain(option.text)}]"
    action = "_files" if takes_file(option) else " "
    if option.choices:
        action = f"({' '.join(option.choices)})"
    value = f":{_plain(option.value)}:{action}" if option.value else ""
    long = f"--{option.name}{'=' * bool(option.value)}"
    several = "*" if "repeatable" in option.text else ""
    if not option.short:
        return _quoted(f"{several}{long}{text}{value}")
    short = f"-{option.short}"
    excluded = f"({short} --{option.name})"
    return f"{_quoted(excluded)}{{{short},{long}}}{_quoted(text + value)}"


def _name(page: Page) -> str:
    return "_" + page.name.replace(" ", "_")


def _function(page: Page) -> Iterator[str]:
    yield f"{_name(page)}() {{"
    rest = "'*:file:_files'"
    if page.choices:
        rest = f"'*:argument:({' '.join(page.choices)})'"
    if page.commands:
        commands = (
            f"    {_quoted(f'{each.word}:{each.text}')}" for each in page.commands
        )
        cases = (
            f"      {each.word}) shift words; ((CURRENT--)); {_name(each)}; return ;;"
            for each in page.commands
        )
        yield _COMMANDS.format(commands="\n".join(commands), cases="\n".join(cases))
        first = f"{_name(page)}_first"
        rest = f"'1: :{first}'" + (" '*:file:_files'" if page.synopsis else "")
    lines = [*map(_argument, page.options), rest]
    yield "  _arguments -s -S " + " \\\n    ".join(lines)
    yield "}\n"
    if page.commands:
        yield f"{first}() {{\n  _describe command commands"
        yield ("  _files\n}\n" if page.synopsis else "}\n")


def script(page: Page) -> str:
    """@param page: that of C{eplua}, with all below it"""
    functions = [line for each in page.below() for line in _function(each)]
    return _HEAD + "\n".join(functions) + _END
