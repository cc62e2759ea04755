"""A walk notices what a page does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.docs.walking import Walk, compare


def fenced(language: str, text: str, file: str | None = None) -> Block:
    return Block("docs/none.md", 1, language, text, file)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    for name in ("reader", "aside"):
        (tmp_path / name).mkdir()
    begun = Walk(tmp_path / "reader", ROOT, tmp_path / "aside")
    yield begun
    begun.end()


@pytest.mark.parametrize(
    "block",
    [
        fenced("sh", "true\nfalse\ntrue\n"),
        fenced("sh", "false | true\n"),
        fenced("console", "$ false\n"),
        fenced("console", "$ echo one\ntwo\n"),
        fenced("python", "raise ValueError\n"),
        fenced("python", "exit()\n"),
        fenced("toml", "[server]\nlisten_on = 1\n"),
        fenced("text", "what nobody printed\n"),
        fenced("", "true\n"),
    ],
    ids=lambda block: f"{block.language}: {block.head}",
)
def test_what_fails_is_told(block: Block, walk: Walk) -> None:
    with pytest.raises(AssertionError):
        walk.take(block)


def test_what_a_block_has_set_holds_in_the_next(walk: Walk) -> None:
    walk.take(fenced("js", "42\n", file="there/answer.js"))
    walk.take(fenced("sh", "cd there\nexport NAME=jane COUNT=$(cat answer.js)\n"))
    walk.take(fenced("console", "$ echo $NAME $COUNT\njane 42\n$ basename $PWD\nthere\n"))
    walk.take(fenced("python", "import os\nname = os.environ['NAME']\n"))
    walk.take(fenced("python", "print(name)\n"))
    walk.take(fenced("text", "jane\n"))


def test_lines_that_are_shown_are_printed_in_this_order() -> None:
    block = fenced("text", "")

    compare(block, "one\nthree ...", "one\ntwo\nthree and more\n")
    compare(block, "at 2026-11-27T12:00:41+00:00 it was", "at 2027-01-01T00:00:00+00:00 it was\n")
    for wrong in ("three\none", "on", "one more", "at 2026-11-27T12:00:41+00:00 it is"):
        with pytest.raises(AssertionError):
            compare(block, wrong, "one\ntwo\nthree and more\nat 2027-01-01T00:00:00+00:00 it was\n")


def test_a_name_before_a_block_is_its_file() -> None:
    named = {block.file for block in blocks("docs/plugins.md")}

    assert {"pyproject.toml", "src/poolhouse_reserved_names/__init__.py", "poolhouse.toml", None} < named
