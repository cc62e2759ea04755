"""Identity pools, identities and logins in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, IdentityPoolNotFound, KeyTaken
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.identities import Identity, IdentityPool, Login
from poolhouse.store.port import Collection, Entry, Equals, Key, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS
from poolhouse.store.repositories.shelf import Shelf, turned

_MOST = 100
_AT_ONCE = 50
_PURPOSE = "login-provider-secret"
_SEALED = "sealed:"
"""What no app id begins with: a colon is none of their signs."""


class IdentityPoolRepository:
    """An app id that has the app's secret behind it (Twitter's, after a semicolon) is sealed where it is stored."""

    def __init__(self, store: Store, cursors: Cursors, clock: Clock, secrets: Secrets) -> None:
        self._store = store
        self._secrets = secrets
        self._cursors = cursors
        self._shelf = Shelf(
            store, collections.IDENTITY_POOLS, IdentityPool, _pool_entry, conflict=ConcurrentModification
        )
        self._cache: Cache[IdentityPool] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def get(self, pool_id: str) -> IdentityPool:
        held = self._cache.get(pool_id)
        return held if held is not None else await self.fresh(pool_id)

    async def fresh(self, pool_id: str) -> IdentityPool:
        pool = await self._shelf.get(*_pool_key(pool_id))
        if pool is None:
            self._cache.drop(pool_id)
            raise IdentityPoolNotFound(pool_id)
        return self._cache.put(pool_id, self._opened(pool))

    async def add(self, pool: IdentityPool) -> IdentityPool:
        return self._opened(await self._shelf.add(self._sealed(pool)))

    async def save(self, pool: IdentityPool) -> IdentityPool:
        self._cache.drop(pool.id)
        return self._opened(await self._shelf.save(self._sealed(pool)))

    async def delete(self, pool_id: str) -> None:
        self._cache.drop(pool_id)
        await self._shelf.delete(*_pool_key(pool_id))

    async def remove_some(self, pool_id: str, limit: int) -> int:
        """A crash between leaves the others to be found again: what leads to an identity goes after it."""
        removed = 0
        for collection in collections.OF_IDENTITY_POOL:
            while removed < limit:
                at_once = min(limit - removed, _AT_ONCE)
                page = await self._store.find(collection, Query(prefix=(pool_id,), limit=at_once))
                if not page.entries:
                    break
                leads = [(entry.key[1],) for entry in page.entries] if collection is collections.POOL_IDENTITIES else []
                await self._remove(collections.IDENTITIES, leads)
                await self._remove(collection, [entry.key for entry in page.entries])
                # Once more: somebody may have put one there meanwhile, who found its line (``IdentityRepository.add``).
                await self._remove(collections.IDENTITIES, leads)
                removed += len(page.entries)
        return removed

    async def _remove(self, collection: Collection, keys: Sequence[Key]) -> None:
        await asyncio.gather(*(self._store.delete(collection, key) for key in keys))

    async def page(self, region: str | None, limit: int, cursor: str | None) -> Slice:
        page = await self._shelf.page(self._cursors, () if region is None else (region,), limit, cursor)
        return Slice([self._opened(pool) for pool in page.items], page.cursor)

    def _sealed(self, pool: IdentityPool) -> IdentityPool:
        if not any(";" in app for app in pool.social.values()):
            return pool
        social = {
            provider: f"{_SEALED}{self._secrets.seal(_PURPOSE, _place(pool, provider), app.encode())}"
            if ";" in app
            else app
            for provider, app in pool.social.items()
        }
        return replace(pool, social=social)

    def _opened(self, pool: IdentityPool) -> IdentityPool:
        if not any(app.startswith(_SEALED) for app in pool.social.values()):
            return pool
        social = {
            provider: self._secrets.open(_PURPOSE, _place(pool, provider), app.removeprefix(_SEALED)).decode()
            if app.startswith(_SEALED)
            else app
            for provider, app in pool.social.items()
        }
        return replace(pool, social=social)

    async def count(self, most: int) -> int:
        counted, after = 0, None
        while counted < most:
            page = await self._store.find(
                collections.IDENTITY_POOLS, Query(limit=min(_MOST, most - counted), after=after)
            )
            counted += len(page.entries)
            after = page.next
            if after is None:
                break
        return counted


class IdentityRepository:
    """The line in the pool's list is written before the identity and removed after it: a removal reaches all."""

    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors
        self._shelf = shelf = Shelf(store, collections.IDENTITIES, Identity, _identity_entry)
        self.save = shelf.save

    async def get(self, identity_id: str) -> Identity | None:
        identity = await self._shelf.get(identity_id)
        return identity if identity is not None and identity.expires is None else None

    async def deleted(self, identity_id: str) -> Identity | None:
        identity = await self._shelf.get(identity_id)
        return identity if identity is not None and identity.expires is not None else None

    async def add(self, identity: Identity) -> Identity:
        # It may stand there already, left by one that was killed before the next line.
        with suppress(KeyTaken):
            await self._store.insert(collections.POOL_IDENTITIES, Entry((identity.pool_id, identity.id), {}))
        added = await self._shelf.add(identity)
        if await self._store.get(collections.POOL_IDENTITIES, (identity.pool_id, identity.id)) is None:
            # The pool was removed meanwhile, and nobody would find this one again.
            await self._shelf.delete(identity.id)
            raise IdentityPoolNotFound(identity.pool_id)
        return added

    async def delete(self, identity: Identity) -> bool:
        removed = await self._shelf.delete(identity.id)
        await self.strike(identity)
        return removed

    async def strike(self, identity: Identity) -> None:
        await self._store.delete(collections.POOL_IDENTITIES, (identity.pool_id, identity.id))

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        entries, following = await turned(
            self._store, self._cursors, collections.POOL_IDENTITIES, (pool_id,), limit, cursor
        )
        found = await asyncio.gather(*(self.get(entry.key[1]) for entry in entries))
        return Slice([identity for identity in found if identity is not None], following)


class LoginRepository:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf = shelf = Shelf(store, collections.LOGINS, Login, _login_entry)
        self.get, self.add, self.save = shelf.get, shelf.add, shelf.save

    async def delete(self, login: Login) -> bool:
        return await self._store.delete(collections.LOGINS, (login.pool_id, login.digest), version=login.version)

    async def of_identity(self, pool_id: str, identity_id: str) -> Sequence[Login]:
        query = Query(prefix=(pool_id,), where=Equals("identity", identity_id), limit=_MOST)
        page = await self._store.find(collections.LOGINS, query)
        return [to_record(stored, Login) for stored in page.entries]


def _place(pool: IdentityPool, provider: str) -> str:
    return f"{pool.id}/{provider}"


def _pool_key(pool_id: str) -> Key:
    return (pool_id.partition(":")[0], pool_id)


def _pool_entry(pool: IdentityPool) -> Entry:
    return to_entry(pool, _pool_key(pool.id))


def _identity_entry(identity: Identity) -> Entry:
    return to_entry(identity, (identity.id,), expires=identity.expires)


def _login_entry(login: Login) -> Entry:
    return to_entry(login, (login.pool_id, login.digest), index={"identity": login.identity_id})
