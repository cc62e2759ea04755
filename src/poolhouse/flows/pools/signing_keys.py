"""The signing keys of a pool, as operators see and replace them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.clients import Clients
from poolhouse.ports.keys import SigningKeyRing
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Clock
from poolhouse.records.clients import Client
from poolhouse.records.keys import Algorithm, SigningKey

DEFAULT_LIFE: Final = 3600
"""Seconds that a token lives where no client says otherwise."""

SIGNS: Final = "signs"
PUBLISHED: Final = "published"
RETIRED: Final = "retired"


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key, and what it does now: ``signs``, ``published`` or ``retired``."""

    key: SigningKey
    state: str


class SigningKeyAdministration:
    def __init__(self, pools: Pools, clients: Clients, ring: SigningKeyRing, clock: Clock, audit: AuditTrail) -> None:
        self._pools = pools
        self._clients = clients
        self._ring = ring
        self._clock = clock
        self._audit = audit

    async def rotate(self, pool_id: str, algorithm: Algorithm | None = None) -> int:
        """The pool has new signing keys, by this algorithm from now on, or by the one that it has. Returns the seconds
        for which the old ones stay published after the new ones sign: the longest life of a token of the pool's
        clients. Raises ``PoolNotFound``, and ``NotOffered`` where its algorithm is one of a later version."""
        await self._pools.get(pool_id)
        overlap = DEFAULT_LIFE
        cursor: str | None = None
        chosen = set[str]()
        while True:
            page = await self._clients.page(pool_id, 60, cursor)
            for client in page.items:
                overlap = max(overlap, client.access_validity, client.id_validity)
                if client.id_algorithm is not None:
                    chosen.add(client.id_algorithm)
            if (cursor := page.cursor) is None:
                break
        await self._ring.rotate(pool_id, overlap, algorithm, chosen)
        facts = {"algorithm": algorithm.value} if algorithm is not None else None
        await self._audit.note("keys.rotated", pool_id=pool_id, facts=facts)
        return overlap

    async def choose(self, client_id: str, algorithm: Algorithm | None) -> Client:
        """ID tokens of the client, of whichever pool, are signed by this algorithm, once the key for it has been
        published for the lead time; None: by that of its pool. Access tokens are for other readers, and stay the
        pool's. Raises ``ClientNotFound``, ``ConcurrentModification``."""
        found = await self._clients.get(client_id)
        if algorithm is not None:
            # The key first: a choice without one would have to wait for the next rotation.
            await self._ring.offer(found.pool_id, algorithm)
        client = await self._clients.of_pool(found.pool_id, client_id)
        text = None if algorithm is None else algorithm.value
        saved = await self._clients.save(replace(client, id_algorithm=text, modified=self._clock.now()))
        await self._audit.note("client.updated", pool_id=client.pool_id, client_id=client.id)
        return saved

    async def all_of(self, pool_id: str) -> list[KeyState]:
        """The keys of the pool, by slot. Raises ``PoolNotFound``."""
        await self._pools.get(pool_id)
        keys = await self._ring.all_of(pool_id)
        now = self._clock.now()
        return [KeyState(key, _state(key, keys, now)) for key in sorted(keys, key=lambda one: one.slot)]


def _state(key: SigningKey, others: Sequence[SigningKey], now: float) -> str:
    if key.retires is not None and key.retires <= now:
        return RETIRED
    if key.active_from > now:
        return PUBLISHED
    newest = max(one.active_from for one in others if one.use == key.use and one.active_from <= now)
    return SIGNS if key.active_from == newest else PUBLISHED
