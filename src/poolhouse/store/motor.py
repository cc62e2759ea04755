"""The store in MongoDB: the only module that knows the driver.

Every verb is one command on one document, chosen so that MongoDB 4.4 and small servers that speak its protocol have it:
no transactions, no pipelines. A sharded cluster shards each collection by ``_id``: it begins with the tenant, and every
verb names it. What a caller gives is never a place where an operator could stand: keys and index values are text inside
``$eq`` and its like, and the names inside a value are shielded (``mongo_documents``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import ConfigurationError, DuplicateKeyError

from poolhouse.errors import ConcurrentModification, InvalidParameter, KeyTaken, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.store import documents, keys, mongo_documents
from poolhouse.store.port import Clock, Collection, Document, Entry, Equals, Key, Page, Position, Query, Stored

_DATABASE = "poolhouse"
_ALWAYS: dict[str, Any] = {
    # A secondary may not have seen what was acknowledged.
    "readPreference": "primary",
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


class MotorStore:
    """Belongs to the event loop that started it."""

    _client: AsyncIOMotorClient[dict[str, Any]]

    def __init__(self, uri: str, collections: Iterable[Collection], clock: Clock) -> None:
        self._uri = uri
        self._clock = clock
        self._declared = {collection.name: collection for collection in collections}
        for collection in self._declared.values():
            documents.require_names(collection)
        self._collections: dict[str, AsyncIOMotorCollection[dict[str, Any]]] = {}
        self._ahead = 0.0

    async def start(self) -> None:
        """Raises ``InvalidParameter`` where the address is none, and the driver's error where nobody answers."""
        try:
            said = {name.lower() for name, _ in parse_qsl(urlsplit(self._uri).query, keep_blank_values=True)}
            options: dict[str, Any] = {name: value for name, value in _UNLESS_SAID.items() if name.lower() not in said}
            self._client = AsyncIOMotorClient(
                self._uri, io_loop=asyncio.get_running_loop(), tz_aware=True, **options, **_ALWAYS
            )
            database = self._client.get_default_database(_DATABASE)
        except (ConfigurationError, ValueError):
            # The driver's sentence may quote a part of the address, and that may be the password.
            raise InvalidParameter(Reason.MONGODB_ADDRESS_UNUSABLE) from None
        try:
            hello = await self._client.admin.command("hello")
            self._ahead = hello["localTime"].timestamp() - self._clock.now()
            self._collections = {name: database[name] for name in self._declared}
            await asyncio.gather(
                *(self._collections[name].create_indexes(_indexes(it)) for name, it in self._declared.items())
            )
        except BaseException:
            self._client.close()
            raise

    async def close(self) -> None:
        # A server that cannot start closes what it has.
        if self._collections:
            self._client.close()

    async def ping(self) -> None:
        await self._client.admin.command("ping")

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        documents_ = self._collections[collection.name]
        new = self._document(collection, entry)
        for _ in range(_TRIES):
            try:
                await documents_.insert_one(new)
            except DuplicateKeyError:
                expired = {"_id": {"$eq": new["_id"]}, "expires": {"$lte": self._clock.now()}}
                if (await documents_.replace_one(expired, new)).matched_count:
                    return _written(entry, new)
                if await self.get(collection, entry.key) is not None:
                    raise KeyTaken from None
            else:
                return _written(entry, new)
        raise ConcurrentModification

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        found = await self._collections[collection.name].find_one(self._live(key))
        return None if found is None else mongo_documents.stored(found)

    async def find(self, collection: Collection, query: Query) -> Page:
        where, order = self._selection(collection, query)
        cursor = self._collections[collection.name].find(where, sort=order, limit=query.limit + 1)
        found = await cursor.to_list(length=query.limit + 1)
        entries = [mongo_documents.stored(document) for document in found[: query.limit]]
        if len(found) == len(entries):
            return Page(entries)
        value = keys.unescape(found[query.limit - 1]["index"][query.where.index]) if query.where else ""
        return Page(entries, Position(value, entries[-1].key))

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        new = self._document(collection, entry)
        old = {**self._live(entry.key), "version": {"$eq": entry.version}}
        if not (await self._collections[collection.name].replace_one(old, new)).matched_count:
            raise VersionConflict
        return _written(entry, new)

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        old = self._live(key)
        if version is not None:
            old["version"] = {"$eq": version}
        return bool((await self._collections[collection.name].delete_one(old)).deleted_count)

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        found = await self._collections[collection.name].find_one_and_delete(self._live(key))
        return None if found is None else mongo_documents.stored(found)

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
        documents_ = self._collections[collection.name]
        beside = {name: value for name, value in (put or {}).items() if name != field}
        name = mongo_documents.shield_name(field)
        path = f"value.{name}"
        change = {
            "$inc": {path: by},
            "$set": {
                "version": documents.fresh_version(),
                **{f"value.{shielded}": value for shielded, value in mongo_documents.shield(beside).items()},
                **(mongo_documents.expiry(expires, self._ahead) if expires is not None else {}),
            },
            "$setOnInsert": {"tenant": mongo_documents.tenant(key), "index": {}},
        }
        if expires is not None and "purge" not in change["$set"]:
            change["$unset"] = {"purge": ""}
        counts_from_nothing = at_most is None or by <= at_most
        room: dict[str, Any] = {}
        if at_most is not None:
            # A missing number is 0, and of what is missing only a negated comparison is true.
            room[path] = {"$not": {"$gt": at_most - by}} if counts_from_nothing else {"$lte": at_most - by}
        for _ in range(_TRIES):
            try:
                found = await documents_.find_one_and_update(
                    {**self._live(key), **room},
                    change,
                    upsert=counts_from_nothing,
                    projection={path: True},
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                # There is an entry, but not one to count on: it has expired, or has no room, or was made just now.
                new = self._document(collection, Entry(key, {**beside, field: by}, expires=expires))
                expired = {"_id": {"$eq": new["_id"]}, "expires": {"$lte": self._clock.now()}}
                if (await documents_.replace_one(expired, new)).matched_count:
                    return by
                live = await self.get(collection, key)
                if live and at_most is not None and live.value.get(field, 0) + by > at_most:
                    return None
            else:
                return None if found is None else int(found["value"][name])
        raise ConcurrentModification

    async def sweep(self) -> int:
        """The TTL index does it."""
        return 0

    def _document(self, collection: Collection, entry: Entry) -> dict[str, Any]:
        return mongo_documents.document(collection, entry.key, entry.value, entry.expires, entry.index, self._ahead)

    def _live(self, key: Key) -> dict[str, Any]:
        return {"_id": {"$eq": keys.pack(key)}, "expires": self._not_over()}

    def _not_over(self) -> dict[str, Any]:
        """True of a time that is still to come, and of none."""
        return {"$not": {"$lte": self._clock.now()}}

    def _selection(self, collection: Collection, query: Query) -> tuple[dict[str, Any], list[tuple[str, int]]]:
        """The filter and the order of a query."""
        key_range: dict[str, Any] = {}
        where: dict[str, Any] = {"expires": self._not_over()}
        order = [("_id", ASCENDING)]
        after = query.after
        if query.prefix:
            # The range says to a sharded cluster whom to ask; the tenant leads the indexes.
            key_range["$gte"], key_range["$lt"] = keys.bounds(query.prefix)
            where["tenant"] = {"$eq": mongo_documents.tenant(query.prefix)}
        if query.where is None:
            if after:
                key_range["$gt"] = keys.pack(after.key)
        else:
            documents.require_declared(collection, {query.where.index: ""})
            path = f"index.{query.where.index}"
            wanted = keys.escape(query.where.value)
            if isinstance(query.where, Equals):
                value_range = {"$eq": wanted}
            else:
                value_range = {"$gte": wanted}
                if (above := keys.ceiling(wanted)) is not None:
                    value_range["$lt"] = above
            where[path] = value_range
            order.insert(0, (path, ASCENDING))
            if after:
                beyond = keys.escape(after.value)
                where["$or"] = [
                    {path: {"$gt": beyond}},
                    {path: {"$eq": beyond}, "_id": {"$gt": keys.pack(after.key)}},
                ]
        if key_range:
            where["_id"] = key_range
        return where, order


def _indexes(collection: Collection) -> list[IndexModel]:
    return [
        IndexModel([("purge", ASCENDING)], name="purge", expireAfterSeconds=0),
        *(
            IndexModel([("tenant", ASCENDING), (f"index.{name}", ASCENDING), ("_id", ASCENDING)], name=f"tenant_{name}")
            for name in collection.indexes
        ),
    ]


def _written(entry: Entry, new: dict[str, Any]) -> Stored:
    return Stored(entry.key, documents.encode(entry.value), new["version"], entry.expires)
