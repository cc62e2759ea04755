"""The flows of identities over any store, with logins that are as good as they say, and other processes beside it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from poolhouse.crypto.vault import Vault
from poolhouse.errors import LoginRefused
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import World as FlowWorld
from poolhouse.flows.identities.administration import Described, IdentityAdministration
from poolhouse.flows.identities.developers import DeveloperIdentities
from poolhouse.flows.identities.guests import GuestLimit
from poolhouse.flows.identities.identities import IdentityService
from poolhouse.flows.identities.linking import Linking
from poolhouse.flows.identities.login_keys import OWN, LoginKeys
from poolhouse.flows.identities.merging import Merging
from poolhouse.flows.identities.pools import PEPPER
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.ports.identities import OwnToken, Proven
from poolhouse.records.identities import Identity, IdentityPool, Login
from poolhouse.server.world import SystemChance
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Document, Entry, Key, Page, Query, Store, Stored
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.identities import IdentityPoolRepository, IdentityRepository, LoginRepository
from poolhouse.testing.clock import FakeClock
from tests.support.small_world import Trail

GOOGLE, FACEBOOK, AMAZON = "accounts.google.com", "graph.facebook.com", "www.amazon.com"
DEVELOPER = "login.example.com"
BASE_URL = "https://auth.example.com"


def own_token(identity: str, pool: str, *amr: str, issued: float = 0.0) -> dict[str, str]:
    """A login by a token of ours."""
    return {OWN: f"own {pool} {identity} {','.join(amr)} {issued!r}"}


class Proofs:
    """``good <subject>`` is the login of that subject, of any provider; everything else is refused."""

    def __init__(self, keys: LoginKeys) -> None:
        self._keys = keys
        self.asked: list[Mapping[str, str]] = []

    async def prove(self, pool: IdentityPool, logins: Mapping[str, str]) -> Sequence[Proven]:
        self.asked.append(dict(logins))
        return [self._proven(self._keys.canonical(key), value) for key, value in logins.items()]

    def _proven(self, provider: str, value: str) -> Proven:
        verdict, _, subject = value.partition(" ")
        if verdict != "good":
            raise LoginRefused(Reason.LOGINS_DO_NOT_MATCH)
        kind = "saml" if provider.startswith("arn:aws:iam") else "social"
        return Proven(provider=provider, subject=subject, app="app", kind=kind, names=(provider,), amr=(provider,))

    async def prove_own(self, pool: IdentityPool, token: str) -> OwnToken:
        verdict, *parts = token.split(" ")
        if verdict != "own":
            raise LoginRefused(Reason.LOGINS_DO_NOT_MATCH)
        pool_id, identity_id, amr, issued = parts
        return OwnToken(pool_id=pool_id, identity_id=identity_id, amr=tuple(amr.split(",")), issued=float(issued))


class Interleaved:
    """A store of which every call waits for some turns of the loop: what others do happens in between."""

    def __init__(self, inner: Store, seed: int = 0) -> None:
        self._inner = inner
        self._random = random.Random(seed)

    async def _turns(self) -> None:
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)

    async def start(self) -> None:
        await self._inner.start()

    async def close(self) -> None:
        await self._inner.close()

    async def ping(self) -> None:
        await self._inner.ping()

    async def sweep(self) -> int:
        return await self._inner.sweep()

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        await self._turns()
        return await self._inner.get(collection, key)

    async def find(self, collection: Collection, query: Query) -> Page:
        await self._turns()
        return await self._inner.find(collection, query)

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        await self._turns()
        return await self._inner.insert(collection, entry)

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        await self._turns()
        return await self._inner.replace(collection, entry)

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        await self._turns()
        return await self._inner.delete(collection, key, version=version)

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        await self._turns()
        return await self._inner.take(collection, key)

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
        await self._turns()
        arguments: dict[str, Any] = {"at_most": at_most, "put": put, "expires": expires}
        return await self._inner.increment(collection, key, field, by, **arguments)


class IdentityWorld:
    """One process over a store."""

    def __init__(
        self,
        store: Store | None = None,
        clock: FakeClock | None = None,
        implementations: Sequence[Implementation] = (),
        trail: Trail | None = None,
        guests: int = 0,
    ) -> None:
        self.clock = clock or FakeClock(1_800_000_000.0)
        self.store = store or MemoryStore(collections.ALL, self.clock)
        self.chance = SystemChance()
        self.vault = Vault([bytes(range(32))], self.chance)
        self.trail = trail or Trail()
        self.keys = LoginKeys(BASE_URL)
        self.proofs = Proofs(self.keys)
        cursors = Cursors(self.vault, self.clock)
        world = FlowWorld(self.clock, self.chance, self.vault, Hooks(implementations), self.trail)
        self.pools = IdentityPoolRepository(self.store, cursors, self.clock, self.vault)
        self.records = IdentityRepository(self.store, cursors)
        self.logins = LoginRepository(self.store)
        self.merging = Merging(world, self.records, self.logins)
        self.linking = Linking(world, self.records, self.logins, self.merging)
        self.identities = IdentityService(
            world,
            self.pools,
            self.records,
            self.logins,
            self.proofs,
            self.merging,
            self.linking,
            self.keys,
            GuestLimit(world, guests),
        )
        self.developers = DeveloperIdentities(
            world, self.pools, self.logins, self.proofs, self.merging, self.linking, self.identities, self.keys
        )
        self.administration = IdentityAdministration(world, self.pools, self.records, self.logins, self.merging)

    def beside(self, store: Store | None = None) -> IdentityWorld:
        """Another process over the same store (or another way to it)."""
        return IdentityWorld(store or self.store, self.clock, trail=self.trail)

    async def pool(self, **changes: Any) -> IdentityPool:
        pool_id = f"eu-north-1:{self.chance.uuid()}"
        pool = IdentityPool(
            id=pool_id,
            name="test",
            created=self.clock.now(),
            modified=self.clock.now(),
            allows_guests=True,
            developer_provider=DEVELOPER,
            sealed_pepper=self.vault.seal(PEPPER, pool_id, self.chance.raw(32)),
        )
        return await self.pools.add(replace(pool, **changes))

    async def guest(self, pool: IdentityPool) -> str:
        return await self.identities.get_id(pool.id, {})

    async def get_id(self, pool: IdentityPool, **subjects: str) -> str:
        """Of whoever has these logins: ``google="jane"``."""
        return await self.identities.get_id(pool.id, logins(**subjects))

    async def resolve(self, identity_id: str, **subjects: str) -> str:
        return (await self.identities.resolve(identity_id, logins(**subjects))).identity.id

    async def vouch(self, pool: IdentityPool, user: str, identity_id: str | None = None, **subjects: str) -> str:
        given = {DEVELOPER: user, **logins(**subjects)}
        return (await self.developers.vouch(pool.id, identity_id, given)).identity.id

    async def providers(self, identity_id: str) -> tuple[str, ...]:
        return (await self.administration.describe(identity_id)).providers

    async def record(self, identity_id: str) -> Identity:
        found = await self.records.get(identity_id)
        assert found is not None
        return found

    async def listed(self, pool: IdentityPool, *, hides_disabled: bool = False) -> list[str]:
        found: list[Described] = []
        cursor = None
        while True:
            page = await self.administration.page(pool.id, 60, cursor, hides_disabled=hides_disabled)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return [each.identity.id for each in found]

    async def all_logins(self, pool: IdentityPool) -> list[Login]:
        page = await self.store.find(collections.LOGINS, Query(prefix=(pool.id,), limit=1000))
        return [login for each in page.entries if (login := await self.logins.get(*each.key)) is not None]


_NAMES = {"google": GOOGLE, "facebook": FACEBOOK, "amazon": AMAZON}


def logins(**subjects: str) -> dict[str, str]:
    return {_NAMES.get(name, name): f"good {subject}" for name, subject in subjects.items()}
