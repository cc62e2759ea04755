"""Each of the 52 security properties has a test named after its number, or a reason why it cannot be broken yet."""

from __future__ import annotations

import re
from pathlib import Path

from tests.security.not_yet import NOT_YET

ROOT = Path(__file__).parents[2]
ROWS = set(range(1, 53))
FILES = sorted((ROOT / "tests" / "security").glob("test_*.py"))
NUMBERED = {int(match[1]) for path in FILES if (match := re.match(r"test_(\d\d)_", path.name))}


def test_every_row_has_a_test_or_a_reason_and_never_both() -> None:
    assert set() == ROWS - NUMBERED - NOT_YET.keys()
    assert set() == NUMBERED & NOT_YET.keys()
    assert set() == (NUMBERED | NOT_YET.keys()) - ROWS


def test_a_file_that_is_named_after_a_row_has_tests() -> None:
    assert [] == [path.name for path in FILES if "def test_" not in path.read_text(encoding="utf-8")]


def test_the_document_speaks_of_every_row_and_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

    told = {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    named = set(re.findall(r"test_[\w]+\.py", text))

    assert ROWS == told
    assert set() == named - {path.name for path in (ROOT / "tests").rglob("test_*.py")}


def test_the_map_of_the_verification_standard_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
    named = set(re.findall(r"test_[\w]+\.py", text))

    assert named
    assert set() == named - {path.name for path in (ROOT / "tests").rglob("test_*.py")}
