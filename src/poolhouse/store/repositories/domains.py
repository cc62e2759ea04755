"""Domains of pools in the store: each under its pool, and a claim for its name, so that a name is that of one pool.

A name leads to a pool while claim and domain agree. A claim without its domain is left behind where somebody died
between the two: whoever asks for the name next takes it over.
"""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import ConcurrentModification, KeyTaken, VersionConflict
from poolhouse.ports.world import Clock
from poolhouse.records.domains import Domain
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS, drop_claim
from poolhouse.store.repositories.shelf import Shelf

UNDER_WAY = 60.0
"""Seconds after which nobody is still making the domain that a claim is for."""
_KINDS = 2


class DomainRepository:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._shelf = Shelf(store, collections.DOMAINS, Domain, _entry, conflict=ConcurrentModification)
        # Two of them: names that nobody has, and anybody can make up, push no others out.
        self._known: Cache[str] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)
        self._unknown: Cache[bool] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def of_pool(self, pool_id: str) -> Sequence[Domain]:
        return await self._shelf.find(Query(prefix=(pool_id,), limit=_KINDS))

    async def named(self, name: str) -> Domain | None:
        claim = await self._store.get(collections.DOMAIN_NAMES, (name,))
        return None if claim is None else await self._behind(name, claim.value)

    async def pool_of(self, name: str) -> str | None:
        held = self._known.get(name)
        if held is not None or self._unknown.get(name):
            return held
        domain = await self.named(name)
        if domain is None:
            self._unknown.put(name, True)
            return None
        return self._known.put(name, domain.pool_id)

    async def add(self, domain: Domain) -> Domain:
        claim = {"pool_id": domain.pool_id, "kind": domain.kind, "made": self._clock.now()}
        try:
            await self._store.insert(collections.DOMAIN_NAMES, Entry((domain.name,), claim))
        except KeyTaken:
            if not await self._taken_over(domain.name, claim):
                raise
        try:
            added = await self._shelf.add(domain)
        except KeyTaken:
            await drop_claim(self._store, domain.name, domain.pool_id)
            raise
        self._unknown.drop(domain.name)
        return added

    async def save(self, domain: Domain) -> Domain:
        return await self._shelf.save(domain)

    async def delete(self, domain: Domain) -> None:
        # The claim last: until then nobody else has the name.
        await self._shelf.delete(domain.pool_id, domain.kind)
        await drop_claim(self._store, domain.name, domain.pool_id)
        self._known.drop(domain.name)

    async def _behind(self, name: str, claim: dict[str, object]) -> Domain | None:
        domain = await self._shelf.get(str(claim["pool_id"]), str(claim["kind"]))
        return domain if domain is not None and domain.name == name else None

    async def _taken_over(self, name: str, claim: dict[str, object]) -> bool:
        """Whether the claim that stood there was for nothing, and is this one now."""
        stored = await self._store.get(collections.DOMAIN_NAMES, (name,))
        if stored is None:
            return False
        value = stored.value
        if self._clock.now() < value["made"] + UNDER_WAY or await self._behind(name, value) is not None:
            return False
        try:
            await self._store.replace(collections.DOMAIN_NAMES, Entry((name,), claim, stored.version))
        except VersionConflict:
            return False
        return True


def _entry(domain: Domain) -> Entry:
    return to_entry(domain, (domain.pool_id, domain.kind))
