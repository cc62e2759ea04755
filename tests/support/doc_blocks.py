"""Programs that stand in the docs, as a reader would copy them."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def block(page: str, name: str) -> str:
    """The code block under the line that names the file: a bold name in backticks, then the block. Raises
    ``LookupError``."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"\*\*`{re.escape(name)}`\*\*[^`]*?\n```\w+\n(.*?)\n```", text, re.DOTALL)
    if found is None:
        raise LookupError(f"{page} has no {name}")
    return found[1] + "\n"
