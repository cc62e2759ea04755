"""The picture in docs/architecture.md is what the code is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "poolhouse"
INNER = {"server/cognito/user_pools/operations", "store/repositories"}
"""Parts of a folder that stands in the table: they have no row of their own."""


def folders() -> set[str]:
    found = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")}
    return {folder for folder in found if folder != "." and folder not in INNER}


def test_the_table_of_folders_names_every_package_and_nothing_else() -> None:
    named = set(re.findall(r"^\| `poolhouse/([a-z_/]+)` \|", PAGE, re.MULTILINE))

    assert folders() == named


def test_modules_and_tests_that_the_page_names_exist() -> None:
    named = re.findall(r"`((?:tests|flows|operations|server)/[a-z_/]+\.py)`", PAGE)

    places = (ROOT, PACKAGE, PACKAGE / "server" / "cognito" / "user_pools")
    missing = [name for name in named if not any((place / name).exists() for place in places)]
    assert named
    assert missing == []


def test_bounds_of_caches_that_the_page_names_are_those_of_the_code() -> None:
    from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS
    from poolhouse.tokens.checked import KEPT
    from poolhouse.tokens.keys import RingLimits

    limits = RingLimits()

    assert f"| pools, clients | {CACHED:,} each | {FRESH_SECONDS:g} s in other processes |" in PAGE
    assert f"| signing keys | {limits.pools:,} pools | {limits.fresh} s;" in PAGE
    assert f"published {limits.lead // 60} minutes before it signs" in PAGE
    assert f"| right signatures of access tokens | {KEPT:,} |" in PAGE
