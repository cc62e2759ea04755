"""A query as MongoDB's filter and order, and the indexes that it reads."""

from __future__ import annotations

from typing import Any

from pymongo import ASCENDING, IndexModel

from poolhouse.store import documents, keys, mongo_documents
from poolhouse.store.port import Collection, Equals, Query


def not_over(now: float) -> dict[str, Any]:
    """True of a time that is still to come, and of none."""
    return {"$not": {"$lte": now}}


def selection(collection: Collection, query: Query, now: float) -> tuple[dict[str, Any], list[tuple[str, int]]]:
    """The filter and the order of a query."""
    key_range: dict[str, Any] = {}
    where: dict[str, Any] = {"expires": not_over(now)}
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


def indexes(collection: Collection) -> list[IndexModel]:
    return [
        IndexModel([("purge", ASCENDING)], name="purge", expireAfterSeconds=0),
        *(
            IndexModel([("tenant", ASCENDING), (f"index.{name}", ASCENDING), ("_id", ASCENDING)], name=f"tenant_{name}")
            for name in collection.indexes
        ),
    ]
