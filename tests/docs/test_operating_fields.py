"""docs/operating.md lists the fields of each sender that we ship, and no others, and names figures that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from poolhouse.server.operation.exposition import exposition
from poolhouse.testing import running_house

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
MODULES = {"smtp": "smtp", "twilio": "twilio_sms", "webhook": "webhook"}


@pytest.mark.parametrize("table", MODULES)
def test_the_fields_that_the_page_lists_are_those_that_the_sender_reads(table: str) -> None:
    tree = ast.parse((ROOT / "src" / "poolhouse" / "plugins" / f"{MODULES[table]}.py").read_text(encoding="utf-8"))
    (read,) = [
        {word.value for word in node.args if isinstance(word, ast.Constant)}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "only"
    ]
    (rows,) = re.findall(rf"^\| `\[messages\.{table}\]` .*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)

    listed = {name for row in rows.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert read == listed


async def test_every_figure_that_the_page_names_is_one_that_the_server_has() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "poolhouse").rglob("*.py"))
    # Some are there with some stores only.
    has = set(re.findall(r'"(poolhouse_\w+)"', source))
    async with running_house() as house:
        has |= set(re.findall(r"^# TYPE (\w+)", exposition(house.server.metrics).decode(), re.MULTILINE))

    named = set(re.findall(r"`(poolhouse_\w+)`", PAGE))

    assert named
    assert [] == sorted(named - has)
