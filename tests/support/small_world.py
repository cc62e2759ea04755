"""A small world for pools, clients and groups: a store in memory, a clock that stands, chance that repeats itself."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from poolhouse.crypto.vault import Vault
from poolhouse.flows.clients.administration import ClientAdministration
from poolhouse.flows.clients.resource_servers import ResourceServerAdministration
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.directory.groups import GroupAdministration
from poolhouse.flows.jobs.leases import Leases
from poolhouse.flows.jobs.worker import JobWorker, Kind
from poolhouse.flows.pools.administration import PoolAdministration
from poolhouse.flows.pools.census import PoolCensus
from poolhouse.flows.pools.domains import DomainAdministration
from poolhouse.flows.pools.removal import POOL_REMOVAL, PoolRemoval
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, User
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.census import CensusRepository
from poolhouse.store.repositories.clients import ClientRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.domains import DomainRepository
from poolhouse.store.repositories.groups import Memberships
from poolhouse.store.repositories.jobs import JobRepository
from poolhouse.store.repositories.oauth import ResourceServerRepository
from poolhouse.store.repositories.pools import PoolRepository
from poolhouse.store.repositories.users import UserRepository

REGION = "eu-west-1"
NOON = 1_800_000_000.5


class StandingClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> float:
        return self.at


class KnownChance:
    def __init__(self) -> None:
        self._random = random.Random(7)

    def token(self) -> str:
        return self.letters(43, "abcdefghijklmnopqrstuvwxyz")

    def raw(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def digits(self, count: int) -> str:
        return self.letters(count, "0123456789")

    def letters(self, count: int, alphabet: str) -> str:
        return "".join(self._random.choices(alphabet, k=count))

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self.letters(12, '0123456789abcdef')}"


class KeyMaker:
    """The part of the tokens port that makes keys; it remembers for whom."""

    def __init__(self) -> None:
        self.made_for: list[str] = []

    async def make_keys(self, pool_id: str) -> None:
        self.made_for.append(pool_id)


class Trail:
    def __init__(self) -> None:
        self.notes: list[tuple[str, Mapping[str, Any]]] = []

    async def note(self, action: str, **about: Any) -> None:
        self.notes.append((action, about))

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.notes]


class World:
    def __init__(self) -> None:
        self.clock = StandingClock()
        self.chance = KnownChance()
        self.vault = Vault([bytes(32)], self.chance)
        self.keys = KeyMaker()
        self.trail = Trail()
        self.store = MemoryStore(collections.ALL, self.clock)
        cursors = Cursors(self.vault, self.clock)
        self.pool_records = PoolRepository(self.store, cursors, self.clock)
        self.client_records = ClientRepository(self.store, cursors, self.clock)
        self.domain_records = DomainRepository(self.store, self.clock)
        self.server_records = ResourceServerRepository(self.store, cursors, self.clock)
        self.memberships = Memberships(self.store, cursors)
        self.user_records = UserRepository(self.store, cursors, self.memberships)
        leases = Leases(JobRepository(self.store, cursors), self.clock, self.chance, self.trail)
        self.jobs = JobWorker(leases, [Kind(POOL_REMOVAL, PoolRemoval(self.pool_records, self.clock).go_on)])
        self.pools = PoolAdministration(
            self.pool_records,
            self.keys,  # type: ignore[arg-type]
            leases,
            PoolCensus(CensusRepository(self.store), leases, self.clock),
            self.chance,
            self.clock,
            self.trail,
            domains=self.domain_records,
        )
        self.domains = DomainAdministration(self.pool_records, self.domain_records, self.clock, self.trail)
        self.secrets = ClientSecrets(self.vault, self.chance)
        self.clients = ClientAdministration(
            self.pool_records,
            self.client_records,
            self.server_records,
            self.secrets,
            self.chance,
            self.clock,
            self.trail,
        )
        self.resource_servers = ResourceServerAdministration(self.pool_records, self.server_records, self.trail)
        self.groups = GroupAdministration(self.pool_records, self.memberships, self.chance, self.clock, self.trail)

    async def pool(self, settings: PoolSettings | None = None, **foundation: Any) -> Pool:
        return await self.pools.create(REGION, "people", settings or PoolSettings(), PoolFoundation(**foundation))

    async def user(self, pool: Pool, username: str = "jane") -> User:
        record = User(
            pool_id=pool.id,
            sub=self.chance.uuid(),
            username=username,
            created=self.clock.now(),
            modified=self.clock.now(),
            status=CONFIRMED,
            attributes={"email": f"{username}@example.com"},
        )
        return await self.user_records.add(pool, record)
