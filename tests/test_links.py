"""
Links of README and the other pages lead somewhere.  Sphinx looks at those of docs/ too;
here they are as GitHub shows them, with README's, and without Sphinx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support import ROOT
from tests.test_documents import DOCUMENTS, prose


def anchors(path: Path) -> set[str]:
    """The anchors that the headings of a page get."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.replace(" ", "-"))
    return found


def complaints(path: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    text = re.sub(r"(`+)[^`].*?\1", "", prose(path))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists():
            yield f"{path.name}: {link}: there is no such file"
        elif anchor and anchor not in anchors(target):
            yield f"{path.name}: {link}: {target.name} has no such heading"


class LinkTests(SynchronousTestCase):
    def test_links(self) -> None:
        found = [each for path in DOCUMENTS for each in complaints(path)]
        self.assertEqual(found, [])

    def test_wrong_links_are_found(self) -> None:
        page = Path(self.mktemp())
        page.write_text("# A `b` c\n[a](#a-b-c) [b](#b) [c](none.md) [d](https://a/)\n")
        self.assertEqual(
            [each.rpartition(": ")[2] for each in complaints(page)],
            [f"{page.name} has no such heading", "there is no such file"],
        )

    def test_every_page_is_reached(self) -> None:
        """Links and tables of contents lead from the index to each page of docs/."""
        docs = ROOT / "docs"
        seen: set[Path] = set()
        new = {docs / "index.md"}
        while new:
            path = new.pop()
            seen.add(path)
            text = path.read_text()
            names = re.findall(r"\]\(([^)#\s]+\.md)", text)
            for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
                lines = [each for each in block.split() if not each.startswith(":")]
                names += [f"{each}.md" for each in lines]
            for name in names:
                new |= {found.resolve() for found in path.parent.glob(name)} - seen
            new = {each for each in new if docs in each.parents}
        self.assertEqual(set(docs.rglob("*.md")) - seen, set())
