"""Signing keys and access keys, as the commands treat them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from poolhouse.cli.failures import Failure
from poolhouse.cli.kept import new_access_key
from poolhouse.flows.access.callers import PURPOSE
from poolhouse.records.access import AccessKey
from poolhouse.records.keys import SigningKey
from poolhouse.records.pools import Pool
from poolhouse.server.app import Server
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.keys import SigningKeyRepository
from poolhouse.store.repositories.mapping import to_record

DEFAULT_LIFE: Final = 3600
"""Seconds that a token lives where no client says otherwise."""
EVERYTHING: Final = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
"""It becomes a part of the caller's ARN."""
_PLAIN: Final = frozenset({"Sid", "Effect", "Action", "Resource"})


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    id: str
    secret: str = field(repr=False)


# --- signing keys ----------------------------------------------------------------------------------------------------


async def rotate(server: Server, pool_id: str) -> int:
    """The pool has new signing keys. Returns the seconds for which the old ones stay published after the new ones sign:
    the longest life of a token of the pool's clients. Raises ``PoolNotFound``."""
    await server.services.pools.get(pool_id)
    overlap: int = DEFAULT_LIFE
    cursor: str | None = None
    while True:
        page = await server.services.clients.page(pool_id, 60, cursor)
        for client in page.items:
            overlap = max(overlap, client.access_validity, client.id_validity)
        if (cursor := page.cursor) is None:
            break
    await server.keys.rotate(pool_id, overlap)
    await server.world.audit.note("keys.rotated", pool_id=pool_id)
    return overlap


async def all_pool_ids(server: Server) -> AsyncIterator[str]:
    """The ids of all pools, of every region."""
    query = Query(limit=200)
    while True:
        page = await server.store.find(collections.POOLS, query)
        for entry in page.entries:
            yield to_record(entry, Pool).id
        if page.next is None:
            return
        query = Query(limit=200, after=page.next)


async def signing_keys(server: Server, pool_id: str) -> list[tuple[SigningKey, str]]:
    """The keys of the pool, each with what it does now. Raises ``PoolNotFound``."""
    await server.services.pools.get(pool_id)
    records = await SigningKeyRepository(server.store).list(pool_id)
    now = server.world.clock.now()
    return [(record, _state(record, records, now)) for record in sorted(records, key=lambda one: one.slot)]


def _state(key: SigningKey, others: Any, now: float) -> str:
    if key.retires is not None and key.retires <= now:
        return "retired"
    if key.active_from > now:
        return "published"
    newest = max(one.active_from for one in others if one.use == key.use and one.active_from <= now)
    return "signs" if key.active_from == newest else "published"


# --- access keys -----------------------------------------------------------------------------------------------------


async def create_access_key(server: Server, name: str, statements: tuple[dict[str, Any], ...]) -> NewAccessKey:
    """There is a new access key; its secret can be read here and never again. Raises ``Failure``."""
    if not _NAME.fullmatch(name):
        raise Failure("The name of an access key has 1 to 64 letters, digits or signs of +=,.@_-")
    key_id, secret = new_access_key(server.world.chance)
    sealed = server.world.secrets.seal(PURPOSE, key_id, secret.encode())
    record = AccessKey(
        id=key_id, sealed_secret=sealed, name=name, created=server.world.clock.now(), statements=statements
    )
    await server.access_keys.add(record)
    await server.world.audit.note("access_key.created", facts={"key": key_id})
    return NewAccessKey(key_id, secret)


async def access_keys(server: Server) -> list[AccessKey]:
    found: list[AccessKey] = []
    cursor: str | None = None
    while True:
        page = await server.access_keys.page(200, cursor)
        found += page.items
        if (cursor := page.cursor) is None:
            return found


async def delete_access_key(server: Server, key_id: str) -> None:
    """There is no such key. A running server may believe in it for some seconds more. Raises ``Failure``."""
    if not await server.access_keys.delete(key_id):
        raise Failure(f"There is no access key {key_id}.")
    await server.world.audit.note("access_key.deleted", facts={"key": key_id})


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
