"""Completion for bash, from version 4 on."""

from __future__ import annotations

from collections.abc import Iterator

from eplua_twisted.manual import Option, Page

_FRAME = """\
# Completion of eplua, for bash: eval "$(eplua completion bash)"
_eplua() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local page=eplua options= words= files=yes index
  # For bash --name=value is three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $before == = ]]; then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$page ${{COMP_WORDS[index]}}" in
{descents}
      *) break ;;
    esac
  done
  case $page in
{pages}
  esac
  case "$page $before" in
{values}
  esac
  COMPREPLY=()
  if [[ -n $options && $current == -* ]]; then
    words=$options files=
  elif ((index < COMP_CWORD)) && [[ $page == eplua && -n $options ]]; then
    words= files=yes
  fi
  [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ -n $files ]]; then
    compopt -o filenames
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F _eplua eplua
"""

_FILES = ("FILE", "DIR", "FOLDER", "PATH", "SOCKET")


def takes_file(option: Option) -> bool:
    """Whether the value of an option is the name of a file or folder."""
    return option.value in _FILES


def _branch(patterns: list[str], then: str) -> str:
    return f"      {'|'.join(patterns)}) {then} ;;"


def _descents(page: Page) -> Iterator[str]:
    for each in page.below():
        if each is not page:
            yield _branch([f'"{each.name}"'], f'page="{each.name}"')


def _pages(page: Page) -> Iterator[str]:
    for each in page.below():
        options = " ".join(word for option in each.options for word in option.words)
        words = " ".join([*(below.word for below in each.commands), *each.choices])
        files = "" if each.choices or (each.commands and not each.synopsis) else "yes"
        yield _branch(
            [f'"{each.name}"'], f'options="{options}" words="{words}" files={files}'
        )


def _values(page: Page) -> Iterator[str]:
    for each in page.below():
        for option in each.options:
            if option.value:
                patterns = [f'"{each.name} {word}"' for word in option.words]
                files = "yes" if takes_file(option) else ""
                words = " ".join(option.choices)
                yield _branch(patterns, f'options= words="{words}" files={files}')


def script(page: Page) -> str:
    """@param page: that of C{eplua}, with all below it"""
    return _FRAME.format(
        descents="\n".join(_descents(page)),
        pages="\n".join(_pages(page)),
        values="\n".join(_values(page)),
    )
