"""The passages of docs/hooks.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HOOKS_PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"


@dataclass(frozen=True)
class Passage:
    """``kind`` and ``event`` are what its first line says; ``example`` is the Python code."""

    hook: str
    kind: str
    event: str
    text: str
    example: str


def passages() -> dict[str, Passage]:
    """Every passage by its hook, in the order of the page."""
    page = HOOKS_PAGE.read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^## (?=`)", page, flags=re.MULTILINE)[1:]:
        hook = part[1 : part.index("`", 1)]
        head = re.search(r"^\*\*(\w+)\*\* · event `(\w+)`", part, re.MULTILINE)
        example = re.search(r"^```python\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        assert head, f"the passage of {hook} does not say its kind and event"
        assert example, f"the passage of {hook} has no example"
        found[hook] = Passage(hook, head[1], head[2], part, example[1])
    return found
