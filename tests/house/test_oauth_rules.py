"""Each rule of OAuth and OpenID Connect that code says it keeps has its line in ``docs/oidc.md`` and a test that is
named after it."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import poolhouse.flows.oauth
import poolhouse.server.oidc
from poolhouse.flows.oauth.rules import KEPT

ROOT = Path(__file__).parents[2]


def kept() -> set[str]:
    for package in (poolhouse.flows.oauth, poolhouse.server.oidc):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    return set(KEPT)


def with_tests() -> set[str]:
    files = [*(ROOT / "tests").rglob("test_oauth*.py"), *(ROOT / "tests" / "security").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return {name.upper() for name in re.findall(r"^(?:async )?def test_([a-z]{1,2}[0-9]{1,2})_", text, re.MULTILINE)}


def test_each_rule_that_is_kept_has_a_test_of_its_name() -> None:
    assert set() == kept() - with_tests()


def test_each_rule_that_is_kept_is_told_in_the_docs_and_no_other() -> None:
    text = (ROOT / "docs" / "oidc.md").read_text(encoding="utf-8").partition("## Rules")[2].partition("\n## ")[0]

    assert kept() == set(re.findall(r"^\| ([A-Z]{1,2}[0-9]{1,2}) \|", text, re.MULTILINE))
