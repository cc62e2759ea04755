"""Signing keys and access keys, as the commands treat them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from poolhouse.cli.failures import Failure
from poolhouse.records.access import AccessKey
from poolhouse.server.app import Server

EVERYTHING: Final = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
_PLAIN: Final = frozenset({"Sid", "Effect", "Action", "Resource"})


async def all_pool_ids(server: Server) -> AsyncIterator[str]:
    """The ids of all pools, of every region."""
    cursor: str | None = None
    while True:
        page = await server.services.pools.page(None, 200, cursor)
        for pool in page.items:
            yield pool.id
        if (cursor := page.cursor) is None:
            return


async def access_keys(server: Server) -> list[AccessKey]:
    found: list[AccessKey] = []
    cursor: str | None = None
    while True:
        page = await server.access_keys.page(200, cursor)
        found += page.items
        if (cursor := page.cursor) is None:
            return found


def access_line(key: AccessKey, now: float) -> str:
    """An access key in a line."""
    has_expired = key.expires is not None and key.expires <= now
    state = "disabled" if not key.enabled else "expired" if has_expired else "enabled"
    expires = "never expires" if key.expires is None else f"expires {_instant(key.expires)}"
    used = "not used" if key.used is None else f"used {_instant(key.used)}"
    made = f"made {_instant(key.created)}"
    return f"{key.id}  {key.name:<24} {state:<8}  {len(key.statements)} statements  {made}  {expires}  {used}"


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def read_policy(path: Path) -> tuple[dict[str, Any], ...]:
    """The statements of a policy document in JSON. Raises ``Failure`` for a statement that would not mean here what it
    says: silence would let a key do nothing, or more than was meant."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"The policy {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise Failure(f"The policy {path} is not JSON: {error}.") from None
    found = document.get("Statement") if isinstance(document, Mapping) else document
    statements = [found] if isinstance(found, Mapping) else found
    if not isinstance(statements, list) or not statements:
        raise Failure(f"The policy {path} has no statement.")
    for number, statement in enumerate(statements, 1):
        if (wrong := _misfit(statement)) is not None:
            raise Failure(f"The policy {path}, statement {number}: {wrong}.")
    return tuple(dict(statement) for statement in statements)


def _misfit(statement: Any) -> str | None:
    if not isinstance(statement, Mapping):
        return "it is no object"
    if unknown := sorted(set(statement) - _PLAIN):
        return f"{unknown[0]} is not understood here"
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "Effect is Allow or Deny"
    for name in ("Action", "Resource"):
        value = statement.get(name)
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
            return f"{name} is a text or a list of texts"
        if any("${" in text for text in texts):
            return f"variables in {name} are not understood here"
    return None
