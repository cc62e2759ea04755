"""The store in MongoDB, by whichever driver (``motor``, ``mongo_async``).

Every verb is one command on one document, chosen so that MongoDB 4.4 and small servers that speak its protocol have it:
no transactions, no pipelines. A sharded cluster shards each collection by ``_id``: it begins with the tenant, and every
verb names it. What a caller gives is never a place where an operator could stand: keys and index values are text inside
``$eq`` and its like, and the names inside a value are shielded (``mongo_documents``).

An answer may be lost though its write has happened. Each write leaves a mark of its own in the document, beside those
of the last writes before it (decision 0017): where the connection broke, the same write is sent once more, does nothing
where its mark is found, and the call goes on as if nothing had been lost, whatever others wrote in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pymongo import ReturnDocument
from pymongo.errors import AutoReconnect, ConfigurationError, DuplicateKeyError, ServerSelectionTimeoutError

from poolhouse.errors import ConcurrentModification, InvalidParameter, KeyTaken, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.store import documents, keys, mongo_documents, mongo_queries
from poolhouse.store.port import Clock, Collection, Document, Entry, Key, Page, Position, Query, Stored

T = TypeVar("T")
Found = dict[str, Any]

_DATABASE = "poolhouse"
_ALWAYS: dict[str, Any] = {
    # A secondary may not have seen what was acknowledged.
    "readPreference": "primary",
    "tz_aware": True,
}
_UNLESS_SAID = {
    "appname": "poolhouse",
    "w": "majority",
    "journal": True,
    "wTimeoutMS": 10_000,
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 20_000,
}
_TRIES = 50
"""Each further try means that somebody else changed the entry in between."""
_LOST = 3
"""How often a write is sent, where no answer comes."""


class Driver(Protocol):
    """What connects: an asynchronous client, with the methods of PyMongo's own."""

    def client(self, uri: str, options: dict[str, Any]) -> Any: ...

    async def close(self, client: Any) -> None: ...


class Mark:
    """One write. ``version`` is the tag that it leaves; ``may_be_there``: an answer was lost."""

    __slots__ = ("may_be_there", "version")

    def __init__(self) -> None:
        self.version = documents.fresh_version()
        self.may_be_there = False

    def left_in(self, found: Found | None) -> bool:
        return found is not None and self.version in found.get("marks", ())


class MongoStore:
    """Belongs to the event loop that started it. ``calls`` is how many commands may be under way at once."""

    _client: Any

    def __init__(
        self, driver: Driver, uri: str, collections: Iterable[Collection], clock: Clock, *, calls: int
    ) -> None:
        self._driver = driver
        self._uri = uri
        self._clock = clock
        self._calls = calls
        self._declared = {collection.name: collection for collection in collections}
        for collection in self._declared.values():
            documents.require_names(collection)
        self._collections: dict[str, Any] = {}
        self._ahead = 0.0

    async def start(self) -> None:
        """Raises ``InvalidParameter`` where the address is none, and the driver's error where nobody answers."""
        try:
            said = {name.lower() for name, _ in parse_qsl(urlsplit(self._uri).query, keep_blank_values=True)}
            unless_said = {**_UNLESS_SAID, "maxPoolSize": self._calls}
            options: dict[str, Any] = {name: value for name, value in unless_said.items() if name.lower() not in said}
            self._client = self._driver.client(self._uri, {**options, **_ALWAYS})
            database = self._client.get_default_database(_DATABASE)
        except (ConfigurationError, ValueError):
            # The driver's sentence may quote a part of the address, and that may be the password.
            raise InvalidParameter(Reason.MONGODB_ADDRESS_UNUSABLE) from None
        try:
            hello = await self._client.admin.command("hello")
            self._ahead = hello["localTime"].timestamp() - self._clock.now()
            self._collections = {name: database[name] for name in self._declared}
            await asyncio.gather(
                *(
                    self._collections[name].create_indexes(mongo_queries.indexes(it))
                    for name, it in self._declared.items()
                )
            )
        except BaseException:
            await self._driver.close(self._client)
            raise

    async def close(self) -> None:
        # A server that cannot start closes what it has.
        if self._collections:
            await self._driver.close(self._client)

    async def ping(self) -> None:
        await self._client.admin.command("ping")

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        found = await self._collections[collection.name].find_one(self._live(key))
        return None if found is None else mongo_documents.stored(found)

    async def find(self, collection: Collection, query: Query) -> Page:
        where, order = mongo_queries.selection(collection, query, self._clock.now())
        cursor = self._collections[collection.name].find(where, sort=order, limit=query.limit + 1)
        found = await cursor.to_list(length=query.limit + 1)
        entries = [mongo_documents.stored(document) for document in found[: query.limit]]
        if len(found) == len(entries):
            return Page(entries)
        value = keys.unescape(found[query.limit - 1]["index"][query.where.index]) if query.where else ""
        return Page(entries, Position(value, entries[-1].key))

    async def sweep(self) -> int:
        """The TTL index does it."""
        return 0

    # --- writes ------------------------------------------------------------------------------------------------------

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        return await _surely(partial(self._insert, collection, entry))

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        return await _surely(partial(self._replace, collection, entry))

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        return await _surely(partial(self._delete, collection, key, version))

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        return await _surely(partial(self._take, collection, key))

    async def increment(
        self,
        collection: Collection,
        key: Key,
        field: str,
        by: int = 1,
        *,
        at_most: int | None = None,
        put: Document | None = None,
        expires: float | None = None,
    ) -> int | None:
        """Where an answer was lost and others counted in between, the number may be a later one of theirs."""
        beside = {name: value for name, value in (put or {}).items() if name != field}
        return await _surely(partial(self._increment, collection, key, field, by, at_most, beside, expires))

    async def _insert(self, collection: Collection, entry: Entry, mark: Mark) -> Stored:
        documents_ = self._collections[collection.name]
        new = self._fields(collection, entry, mark)
        for _ in range(_TRIES):
            try:
                await documents_.insert_one({"_id": keys.pack(entry.key), **new, "marks": [mark.version]})
            except DuplicateKeyError:
                if await self._write_over(collection, entry, mark):
                    break
                found = await self._raw(collection, entry.key)
                if mark.left_in(found):
                    break
                if found is not None and self._is_live(found):
                    raise KeyTaken from None
            else:
                break
        else:
            raise ConcurrentModification
        return Stored(entry.key, documents.encode(entry.value), mark.version, entry.expires)

    async def _replace(self, collection: Collection, entry: Entry, mark: Mark) -> Stored:
        old = {**self._live(entry.key), "version": {"$eq": entry.version}}
        change = mongo_documents.change(self._fields(collection, entry, mark), mark.version)
        if not (await self._collections[collection.name].update_one(old, change)).matched_count and not (
            mark.may_be_there and mark.left_in(await self._raw(collection, entry.key))
        ):
            raise VersionConflict
        return Stored(entry.key, documents.encode(entry.value), mark.version, entry.expires)

    async def _delete(self, collection: Collection, key: Key, version: int | None, mark: Mark) -> bool:
        old = self._live(key) if version is None else {**self._live(key), "version": {"$eq": version}}
        if mark.may_be_there:
            old["marks"] = {"$ne": mark.version}
        gone = mongo_documents.removal(mark.version, self._clock.now() + self._ahead)
        if (await self._collections[collection.name].update_one(old, gone)).matched_count:
            return True
        return mark.may_be_there and mark.left_in(await self._raw(collection, key))

    async def _take(self, collection: Collection, key: Key, mark: Mark) -> Stored | None:
        old = self._live(key)
        if mark.may_be_there:
            old["marks"] = {"$ne": mark.version}
        taken = mongo_documents.taking(mark.version, self._clock.now() + self._ahead)
        found = await self._collections[collection.name].find_one_and_update(old, taken)
        if found is not None:
            return mongo_documents.stored(found)
        left = await self._raw(collection, key) if mark.may_be_there else None
        if left is None or not mark.left_in(left):
            return None
        if left["marks"][-1] != mark.version:
            raise AutoReconnect("What was taken is lost: another entry stands there.")
        return mongo_documents.as_it_was(left)

    async def _increment(
        self,
        collection: Collection,
        key: Key,
        field: str,
        by: int,
        at_most: int | None,
        beside: Document,
        expires: float | None,
        mark: Mark,
    ) -> int | None:
        name = mongo_documents.shield_name(field)
        path = f"value.{name}"
        change = mongo_documents.count(key, path, by, beside, expires, mark.version, self._ahead)
        counts_from_nothing = at_most is None or by <= at_most
        old = self._live(key)
        if mark.may_be_there:
            old["marks"] = {"$ne": mark.version}
        if at_most is not None:
            # A missing number is 0, and of what is missing only a negated comparison is true.
            old[path] = {"$not": {"$gt": at_most - by}} if counts_from_nothing else {"$lte": at_most - by}
        for _ in range(_TRIES):
            try:
                found = await self._collections[collection.name].find_one_and_update(
                    old,
                    change,
                    upsert=counts_from_nothing,
                    projection={path: True},
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                # There is an entry, but not one to count on: it has expired, or has no room, or was made just now, or
                # was counted already.
                if await self._write_over(collection, Entry(key, {**beside, field: by}, expires=expires), mark):
                    return by
                found = await self._raw(collection, key)
            else:
                if found is not None:
                    return int(found["value"][name])
                if not mark.may_be_there:
                    return None
                found = await self._raw(collection, key)
            number = 0 if found is None else int(found["value"].get(name, 0))
            if mark.left_in(found):
                return number if at_most is None else min(number, at_most)
            has_room = at_most is None or number + by <= at_most
            if found is not None and self._is_live(found) and not has_room:
                return None
            if not counts_from_nothing:
                return None
        raise ConcurrentModification

    async def _write_over(self, collection: Collection, entry: Entry, mark: Mark) -> bool:
        """Whether the entry stands now where one had expired, or was removed."""
        expired: Found = {"_id": {"$eq": keys.pack(entry.key)}, "expires": {"$lte": self._clock.now()}}
        if mark.may_be_there:
            expired["marks"] = {"$ne": mark.version}
        change = mongo_documents.change(self._fields(collection, entry, mark), mark.version)
        return bool((await self._collections[collection.name].update_one(expired, change)).matched_count)

    async def _raw(self, collection: Collection, key: Key) -> Found | None:
        """What stands there, over or not."""
        found: Found | None = await self._collections[collection.name].find_one({"_id": {"$eq": keys.pack(key)}})
        return found

    def _fields(self, collection: Collection, entry: Entry, mark: Mark) -> Found:
        return mongo_documents.fields(collection, entry, mark.version, self._ahead)

    def _live(self, key: Key) -> Found:
        return {"_id": {"$eq": keys.pack(key)}, "expires": mongo_queries.not_over(self._clock.now())}

    def _is_live(self, found: Found) -> bool:
        expires = found.get("expires")
        return expires is None or expires > self._clock.now()


async def _surely(write: Callable[[Mark], Awaitable[T]]) -> T:
    """What the write returned, though an answer of it was lost. Raises the driver's error where none comes at all."""
    mark = Mark()
    for left in range(_LOST - 1, -1, -1):
        try:
            return await write(mark)
        except AutoReconnect as error:
            # A command for which no server was found was not sent.
            if isinstance(error, ServerSelectionTimeoutError) or not left:
                raise
            mark.may_be_there = True
    raise AssertionError
