"""Attempts and codes in the store."""

from __future__ import annotations

import contextlib

import msgspec
from msgspec.structs import replace

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.ports.world import Secrets
from poolhouse.records.sign_in import Attempt, Code
from poolhouse.store.port import Entry, Key, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.shelf import Shelf

_EXPIRED_IS_TOLD = 600
"""Seconds for which an attempt that came too late is still recognised as one."""


class AttemptRepository:
    """What a challenge keeps to itself is sealed: it can hold the other half of a proof."""

    def __init__(self, store: Store, secrets: Secrets) -> None:
        self._store = store
        self._secrets = secrets

    async def put(self, attempt: Attempt) -> None:
        plain = msgspec.json.encode(attempt.private)
        sealed = self._secrets.seal("attempt", attempt.handle, plain)
        hidden = replace(attempt, private={"sealed": sealed}, version=0)
        key = (attempt.pool_id, attempt.handle)
        await self._store.insert(
            collections.ATTEMPTS, to_entry(hidden, key, expires=attempt.expires + _EXPIRED_IS_TOLD)
        )

    async def take(self, pool_id: str, handle: str) -> Attempt | None:
        entry = await self._store.take(collections.ATTEMPTS, (pool_id, handle))
        if entry is None:
            return None
        attempt = to_record(entry, Attempt)
        plain = self._secrets.open("attempt", attempt.handle, attempt.private["sealed"])
        return replace(attempt, private=msgspec.json.decode(plain))


class CodeRepository:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf = Shelf(store, collections.CODES, Code, _code_entry)
        self.get = self._shelf.get

    async def put(self, code: Code) -> None:
        while True:
            held = await self._store.get(collections.CODES, _code_key(code))
            with contextlib.suppress(KeyTaken, VersionConflict):
                if held is None:
                    await self._shelf.add(code)
                else:
                    await self._shelf.save(replace(code, version=held.version))
                return

    async def discard(self, code: Code) -> None:
        await self._store.delete(collections.CODES, _code_key(code), version=code.version)


def _code_key(code: Code) -> Key:
    return (code.pool_id, code.user_sub, code.purpose)


def _code_entry(code: Code) -> Entry:
    return to_entry(code, _code_key(code), expires=code.expires)
