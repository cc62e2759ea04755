"""The picture in docs/architecture.md is what the code is."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "poolhouse"
IMPORTS = configparser.ConfigParser()
IMPORTS.read(ROOT / ".importlinter", encoding="utf-8")
DRAWING = PAGE.split("```")[1]
INNER = {"server/cognito/user_pools/operations", "server/cognito/identity_pools/operations"}
"""Parts of a folder that stands in the table: they have no row of their own."""


def folders() -> set[str]:
    found = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
    return {folder for folder in found if folder != "." and folder not in INNER}


def test_the_table_of_folders_names_every_package_and_nothing_else() -> None:
    named = set(re.findall(r"^\| `poolhouse/([a-z_/]+)` \|", PAGE, re.MULTILINE))

    assert folders() == named


@pytest.mark.parametrize("folder", sorted(folder for folder in folders() if folder.count("/") < 2))
def test_the_drawing_shows_every_package_of_the_first_two_levels(folder: str) -> None:
    name = folder.rpartition("/")[2]

    assert re.search(rf"(?<![\w.]){name}(?![\w.])", DRAWING)


def test_the_drawing_stacks_the_flows_as_the_import_rules_do() -> None:
    box = DRAWING[DRAWING.index("| flows:") : DRAWING.index("| ports")]
    drawn = [row.split() for row in re.findall(r"^ *\|((?: +[a-z_]+)+) +[|+]", box, re.MULTILINE)]
    layers = IMPORTS["importlinter:contract:flow-layers"]["layers"]
    layers = re.sub(r"\(\w+\)", "", layers)  # subjects to come
    stacked = [re.findall(r"\w+", layer) for layer in layers.splitlines()]

    assert [layer for layer in stacked if layer and layer not in (["loop"], ["together"], ["flow"])] == drawn


def test_every_import_rule_has_a_contract_that_bears_its_number() -> None:
    rules = re.findall(r"^(\d+)\. ", PAGE.partition("## Who may import what")[2].partition("## ")[0], re.MULTILINE)
    named = {contract.get("name", "").partition(". ")[0] for contract in IMPORTS.values()}

    assert [str(number) for number in range(1, 13)] == rules
    assert {*rules} - named == {"12"}


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
