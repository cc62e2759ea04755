"""Signing keys and access keys, as the commands treat them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from poolhouse.cli.failures import Failure
from poolhouse.errors import PolicyMalformed
from poolhouse.flows.access.policies import parse_policy
from poolhouse.flows.access.policy_documents import from_json
from poolhouse.records.access import AccessKey
from poolhouse.server.app import Server

EVERYTHING: Final[dict[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


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


def read_policy(path: Path) -> dict[str, Any]:
    """A policy of an access key: a document in JSON, or its statements alone. Raises ``Failure`` for one that would not
    mean here what it says: silence would let a key do nothing, or more than was meant."""
    found = read_json(path)
    document = found if isinstance(found, Mapping) and "Statement" in found else {"Statement": found}
    with understood(path):
        parse_policy(document)
    statements = document["Statement"]
    return {**document, "Statement": [statements] if isinstance(statements, Mapping) else statements}


def read_json(path: Path) -> Any:
    """Raises ``Failure``, also where a key stands twice in one object."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"The policy {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Failure(f"The policy {path} is not text in UTF-8.") from None
    with understood(path):
        return from_json(text)


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """What is wrong with a policy is told with the name of its file. Raises ``Failure``."""
    try:
        yield
    except PolicyMalformed as malformed:
        raise Failure(f"{path} cannot be used. {malformed}") from None
