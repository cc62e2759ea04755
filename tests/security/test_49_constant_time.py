"""Security row 49: secrets are compared by ``hmac.compare_digest``, never by ``==``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import poolhouse

ROOT = Path(str(poolhouse.__file__)).parent
SOURCES = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "testing")
"""Not the harness for tests: it knows all the passwords it compares."""

SECRETS = ("secret", "digest", "signature", "password", "proof", "mac", "tag", "hash", "handle", "verifier_code")
"""Words in the names of values that prove something. A name counts by its last word."""

ALLOWED = {"digest_size", "secret_id"}


def names(node: ast.expr) -> Iterator[str]:
    """The names that say what a compared value is: of the variable, attribute, key, or the function that made it."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Call):
        yield from names(node.func)
    elif isinstance(node, ast.Await):
        yield from names(node.value)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield str(node.slice.value)


def is_secret(node: ast.expr) -> bool:
    return any(name not in ALLOWED and name.lower().rpartition("_")[2] in SECRETS for name in names(node))


def is_harmless(node: ast.expr) -> bool:
    """A constant tells nothing: ``secret == ""`` asks whether there is one."""
    if isinstance(node, ast.Name | ast.Attribute):
        return all(name.isupper() for name in names(node))
    return isinstance(node, ast.Constant)


def comparisons(source: str) -> Iterator[int]:
    """The lines where a secret is compared by ``==`` or ``!=``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
                if not isinstance(operator, ast.Eq | ast.NotEq) or is_harmless(left) or is_harmless(right):
                    continue
                if is_secret(left) or is_secret(right):
                    yield node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_module_compares_secrets_by_equality(path: Path) -> None:
    assert [] == list(comparisons(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "source",
    [
        "given == client.secret",
        "expected_signature != signature",
        "hmac.digest(key, text, 'sha256') == given",
        "answers['PASSWORD_CLAIM_SIGNATURE'] == proof",
        "(await srp.proof()) == given",
        "code.digest == self._digest(text)",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert [2] == list(comparisons(f"async def check():\n    {source}"))


@pytest.mark.parametrize(
    "source",
    ["secret == ''", "status == RESET_PASSWORD", "hmac.compare_digest(secret, given)", "name == other", "a < digest"],
)
def test_the_check_finds_nothing_else(source: str) -> None:
    assert [] == list(comparisons(source))
