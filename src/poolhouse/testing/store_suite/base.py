"""What the tests of a store share: collections, hostile text, and how entries are made and compared."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from poolhouse.store.port import Collection, Entry, Key, Position, Query, Store, Stored
from poolhouse.testing.clock import FakeClock

PEOPLE = Collection("suite_people", ("mail", "status"))
COUNTS = Collection("suite_counts", small=True)
COLLECTIONS = (PEOPLE, COUNTS)

HOSTILE = (
    "",
    " ",
    ".",
    "..",
    "a.b",
    "$",
    "$where",
    "$ne",
    "%",
    "%24",
    "%2",
    "\x00",
    "a\x00b",
    "\x01",
    "\x01\x01",
    "\x02",
    "\x02\x02",
    "\x03",
    "\x7f",
    "'; DROP TABLE c_suite_people; --",
    '"',
    "\\",
    "{",
    '{"$ne": null}',
    '{"$gt": ""}',
    "_id",
    "__proto__",
    "0",
    "null",
    "Ann",
    "ann",
    "аnn",  # the first letter is Cyrillic
    "\u00e9",  # NFC
    "e\u0301",  # NFD
    "\ufb01",  # a ligature, which NFKC takes apart
    "ß",
    "ss",
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "👩‍👩‍👧",
    "\U0010ffff",
    "\U0010ffff\U0010ffff",
)


def person(*key: str, value: dict[str, Any] | None = None, **fields: Any) -> Entry:
    return Entry(key=key, value={"name": "Ann"} if value is None else value, **fields)


def once_more(stored: Stored, **index: str) -> Entry:
    """What was read, to be written again."""
    return Entry(stored.key, stored.json, stored.version, stored.expires, index)


def same_but_version(stored: Stored | Entry | None) -> tuple[Any, ...] | None:
    """What two stores must agree on. 1 and 1.0 and True differ."""
    if stored is None:
        return None
    return (stored.key, json.dumps(stored.value, sort_keys=True), stored.expires)


async def all_of(store: Store, collection: Collection, query: Query) -> list[Stored]:
    """The entries of all pages."""
    entries: list[Stored] = []
    position: Position | None = query.after
    while True:
        page = await store.find(collection, Query(query.prefix, query.where, query.limit, position))
        entries += page.entries
        if page.next is None:
            return entries
        assert len(page.entries) == query.limit
        position = page.next


async def keys_of(store: Store, query: Query) -> list[Key]:
    return [entry.key for entry in await all_of(store, PEOPLE, query)]


async def outcomes(*calls: Any) -> list[Any]:
    """What each of the calls, all made at once, returned or raised."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


class Shared:
    """Subclasses have an async fixture ``store``: started, empty, with ``COLLECTIONS``, going by ``clock``."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()
