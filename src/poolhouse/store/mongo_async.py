"""The store in MongoDB by PyMongo's own asynchronous client, without threads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo import AsyncMongoClient

from poolhouse.store.mongodb import MongoStore
from poolhouse.store.port import Clock, Collection


class PyMongo:
    def client(self, uri: str, options: dict[str, Any]) -> Any:
        return AsyncMongoClient(uri, **options)

    async def close(self, client: Any) -> None:
        await client.close()


class PyMongoStore(MongoStore):
    def __init__(self, uri: str, collections: Iterable[Collection], clock: Clock, *, calls: int = 100) -> None:
        super().__init__(PyMongo(), uri, collections, clock, calls=calls)
