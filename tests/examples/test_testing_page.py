"""docs/testing.md says what the harness has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from poolhouse import testing
from poolhouse.testing import House

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")


async def test_the_first_example_passes(poolhouse: House) -> None:
    example = re.search(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert example
    names: dict[str, Any] = {}
    exec(compile(example[1], "docs/testing.md", "exec"), names)

    await names["test_a_user_signs_up"](poolhouse)

    assert [message.to for message in poolhouse.messages] == ["jane@example.com"]


async def test_the_table_of_the_house_is_the_house(poolhouse: House) -> None:
    table = PAGE.partition("\n## `House`\n")[2].partition("\n## ")[0]

    told = {re.split(r"\W", row)[0] for row in re.findall(r"^\| `(?:await )?([^`]+)`", table, re.MULTILINE)}

    assert told == {name for name in dir(poolhouse) if not name.startswith("_")}


def test_the_table_of_suites_has_every_suite() -> None:
    told = set(re.findall(r"^\| `(\w+Suite)` \|", PAGE, re.MULTILINE))

    assert told == {name for name in testing.__all__ if name.endswith("Suite")}
