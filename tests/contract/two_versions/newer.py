"""The newer version: what it has added to records, and how it writes them into the store of the older one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec.structs import replace

from poolhouse.records.clients import Client, ClientSecret
from poolhouse.records.grants import Grant, Previous
from poolhouse.records.pools import AttributeSchema, PasswordPolicy, Pool
from poolhouse.records.users import Credential, User
from poolhouse.store.port import Collection, Entry, Store, Stored
from poolhouse.store.repositories import clients, collections, users
from poolhouse.store.repositories.mapping import to_entry, to_record
from tests.support.house import House

NEW_USERS = Collection("users", indexes=(*collections.USERS.indexes, "locale"))
Opener: TypeAlias = Callable[[Sequence[Collection]], Store]


class NewPolicy(PasswordPolicy, frozen=True, kw_only=True):
    blocked_words: tuple[str, ...] = ()


class NewAttribute(AttributeSchema, frozen=True, kw_only=True):
    label: dict[str, str] = {}


class NewPool(Pool, frozen=True, kw_only=True):
    password_policy: NewPolicy = NewPolicy()
    schema: tuple[NewAttribute, ...] = ()
    retention_days: int = 0


class NewSecret(ClientSecret, frozen=True, kw_only=True):
    last_used: float = 0.0


class NewClient(Client, frozen=True, kw_only=True):
    secrets: tuple[NewSecret, ...] = ()


class NewCredential(Credential, frozen=True, kw_only=True):
    pepper: int = 0


class NewPrevious(Previous, frozen=True, kw_only=True):
    address: str = ""


class NewGrant(Grant, frozen=True, kw_only=True):
    previous: NewPrevious | None = None
    device: str | None = None


class NewUser(User, frozen=True, kw_only=True):
    credential: NewCredential | None = None
    locale_of_mail: str | None = None


_FOUND_BY: Mapping[str, Callable[[Any], Mapping[str, str]]] = {
    # Others have no index values that a test would miss.
    "users": lambda user: users.entry_of(user).index,
    "clients": lambda client: clients.entry_of(client).index,
}


def found_by_locale(user: User, stored: Stored, locale: str) -> Entry:
    """The user as the newer version indexes it."""
    return Entry(stored.key, stored.json, stored.version, index={**users.entry_of(user).index, "locale": locale})


async def rewritten(
    house: House,
    collection: Collection,
    key: tuple[str, ...],
    kind: Any,
    index: Mapping[str, str] | None = None,
    **changes: Any,
) -> None:
    """What the newer version makes of a record."""
    entry = await house.built.store.get(collection, key)
    assert entry is not None
    grown = replace(to_record(entry, kind), **changes)
    found_by = _FOUND_BY.get(collection.name)
    index = {**(found_by(grown) if found_by else {}), **(index or {})}
    await house.built.store.replace(collection, to_entry(grown, key, expires=entry.expires, index=index))


async def read(house: House, collection: Any, key: tuple[str, ...], kind: Any) -> Any:
    entry = await house.built.store.get(collection, key)
    assert entry is not None
    return to_record(entry, kind)
