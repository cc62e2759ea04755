"""The documentation is programs: every fenced block is run, by the walk over its page or by a test of its own, or it
stands in the table with the reason why nobody runs it."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import PAGES, ROOT, blocks
from tests.docs.table import ELSEWHERE, NOT_COMPARED, NOT_RUN, WALKED
from tests.support.hook_passages import passages

EVERY = [block for page in PAGES for block in blocks(page)]
LANGUAGES = {"console", "go", "html", "js", "json", "nginx", "python", "sh", "text", "toml", "yaml"}


def test_every_block_is_run_by_somebody_or_has_a_reason() -> None:
    run = {*WALKED, *ELSEWHERE}

    assert [str(block) for block in EVERY if block.page not in run and (block.page, block.head) not in NOT_RUN] == []


def test_what_the_table_names_is_there() -> None:
    pages, heads = {block.page for block in EVERY}, {(block.page, block.head) for block in EVERY}

    assert [page for page in (*WALKED, *ELSEWHERE) if page not in pages] == []
    assert [named for named, reason in (NOT_RUN | NOT_COMPARED).items() if named not in heads or not reason] == []


def test_a_page_has_one_who_runs_it() -> None:
    assert not WALKED.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize("page", ELSEWHERE)
def test_the_test_that_runs_a_page_elsewhere_is_there(page: str) -> None:
    assert list(ROOT.glob(ELSEWHERE[page]))


def test_every_block_says_what_it_is() -> None:
    assert [str(block) for block in EVERY if block.page not in ELSEWHERE and block.language not in LANGUAGES] == []


def test_every_block_of_the_hooks_is_an_example_that_a_test_builds() -> None:
    tests = (ROOT / ELSEWHERE["docs/hooks.md"]).read_text(encoding="utf-8")

    assert [block.text for block in blocks("docs/hooks.md")] == [passage.example for passage in passages().values()]
    assert [hook for hook in passages() if not re.search(rf'(plugin|plugin_class|example)\("{hook}"', tests)] == []
