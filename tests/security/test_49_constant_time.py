"""Security row 49: secrets are compared by ``hmac.compare_digest``, never by ``==``."""

from __future__ import annotations

import ast
import base64
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import poolhouse
from poolhouse import errors
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.messages.codes import FORGOT_PASSWORD, CodeProcess
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.sign_in import Code
from tests.support.house import House

ROOT = Path(str(poolhouse.__file__)).parent
SOURCES = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "testing")
"""Not the harness for tests: it knows all the passwords it compares."""

SECRETS = {
    *("secret", "secrets", "digest", "digests", "signature", "signatures", "password", "passwords", "proof", "mac"),
    *("hmac", "tag", "hash", "hashes", "handle", "token", "tokens", "otp", "pin", "nonce", "salt", "credential"),
    # What a comparison with a secret is made of, where nothing else says what it is.
    *("expected", "given"),
}
"""Words in the names of values that prove something. A name counts by its last word."""

ALLOWED = {"digest_size", "secret_id", "tag"}
"""``tag``: of an element of XML. One that proves something has a longer name."""


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
    elif isinstance(node, ast.Subscript):
        yield from names(node.value)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for element in node.elts:
            yield from names(element)


def is_secret(node: ast.expr) -> bool:
    return any(name not in ALLOWED and name.lower().rpartition("_")[2] in SECRETS for name in names(node))


def is_harmless(node: ast.expr) -> bool:
    """A constant tells nothing: ``secret == ""`` asks whether there is one."""
    if isinstance(node, ast.Name | ast.Attribute):
        return all(name.isupper() for name in names(node))
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return all(is_harmless(element) for element in node.elts)
    return isinstance(node, ast.Constant)


def comparisons(source: str) -> Iterator[int]:
    """The lines where a secret is compared by ``==`` or ``!=``, or by ``in`` with what is written there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
                if isinstance(operator, ast.In | ast.NotIn) and not isinstance(right, ast.Tuple | ast.List | ast.Set):
                    continue
                if not isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn):
                    continue
                if is_harmless(left) or is_harmless(right):
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
        "given.encode() != self._token",
        "given == expected",
        "secret[32:] == other",
        "answer in (code.digest, previous)",
        "digest not in [one, other]",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert [2] == list(comparisons(f"async def check():\n    {source}"))


@pytest.mark.parametrize(
    "source",
    [
        "secret == ''",
        "status == RESET_PASSWORD",
        "hmac.compare_digest(secret, given)",
        "name == other",
        "a < digest",
        "token in known",
        "handle in ('', 'none')",
    ],
)
def test_the_check_finds_nothing_else(source: str) -> None:
    assert [] == list(comparisons(source))


# --- and so it is at work: values that nobody can compare by equality ------------------------------------------------


class Guarded(str):
    """A text that notices when it is compared character by character."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("a secret was compared by equality")

    def __ne__(self, other: object) -> bool:
        raise AssertionError("a secret was compared by equality")


class OneCode:
    """Has this code, whoever asks."""

    def __init__(self, code: Code) -> None:
        self._code = code

    async def get(self, *_: Any) -> Code:
        return self._code


async def test_a_code_is_compared_in_constant_time(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    kept = await house.built.ports.codes.get(pool.id, user.sub, FORGOT_PASSWORD.name)
    assert kept is not None
    codes: Any = OneCode(replace(kept, digest=Guarded(kept.digest)))
    nothing: Any = None
    process = CodeProcess(house.built.world, codes, house.built.ports.counters, nothing)

    assert (
        kept.id
        == (await process.check(pool, user.sub, FORGOT_PASSWORD, house.last_code(), user, client_id=client.id)).id
    )
    with pytest.raises(errors.CodeMismatch):
        await process.check(pool, user.sub, FORGOT_PASSWORD, "x", user, client_id=client.id)


async def test_a_clients_secret_and_its_hash_are_compared_in_constant_time(house: House, pool: Pool) -> None:
    client = await house.client(pool, generates_secret=True)
    secrets = ClientSecrets(house.built.world.secrets, house.built.world.chance)
    (secret,) = secrets.of(client)
    mac = base64.b64encode(hmac.digest(secret.encode(), f"jane{client.id}".encode(), "sha256")).decode()

    secrets.check(client, Guarded(secret))
    secrets.check_hash(client, Guarded(mac), ("jane",))
    for wrong in ("x", secret[:-1], secret + "x"):
        with pytest.raises(errors.NotAuthorized):
            secrets.check(client, Guarded(wrong))
        with pytest.raises(errors.NotAuthorized):
            secrets.check_hash(client, Guarded(wrong), ("jane",))
