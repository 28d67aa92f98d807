"""The documents a user reads, and what tests check in them: blocks of code, commands within sentences, headings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "README.md")

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:\.venv/bin/)?github-events-monitor [^`]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: where it stands, its language, and its lines without the indent of a list."""

    place: str
    language: str
    text: str


def blocks(*languages: str) -> Iterator[Block]:
    """Yield the blocks in these languages."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found[2] in languages:
                line = text.count("\n", 0, found.start()) + 1
                yield Block(f"{path.relative_to(ROOT)}:{line}", found[2], re.sub(f"(?m)^{found[1]}", "", found[3]))


def inline_commands() -> dict[str, str]:
    """Return the program's command lines that stand within sentences, each with a document that has it."""
    return {command: path.name for path in DOCUMENTS for command in _INLINE.findall(path.read_text(encoding="utf-8"))}


def anchors(path: Path) -> set[str]:
    """Return what links into a document may name: https://docs.github.com/en/get-started/writing-on-github"""
    text = re.sub(_BLOCK, "", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in _HEADING.findall(text)}
