"""The pages for readers, and what stands in their fences."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/decisions/*.md", "examples/*/README.md", "deploy/*.md", "deploy/*/*.md")
    for path in ROOT.glob(pattern)
)

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_NAME = re.compile(r"\n`([\w/-]*\.[\w./-]+)`[^\n]*:\n\n$")


@dataclass(frozen=True)
class Block:
    """``file`` is the name that stands before it, "`name`:" or "`name`, with some words:". None where there is none."""

    page: str
    line: int
    language: str
    text: str
    file: str | None

    @property
    def head(self) -> str:
        """Its first line, by which tables name it."""
        return self.text.partition("\n")[0].strip()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """In the order of the page."""
    return fenced(page, (ROOT / page).read_text(encoding="utf-8"))


def fenced(page: str, text: str) -> list[Block]:
    """The blocks of a text that is called so."""
    found = []
    for fence in _FENCE.finditer(text):
        name = _NAME.search(text[: fence.start()])
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(page, line, fence["language"], textwrap.dedent(fence["text"]), name[1] if name else None))
    return found
