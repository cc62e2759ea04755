"""What lives for a while: attempts, codes, grants, counters, keys, the outbox, the trail."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.flows.ports import Chance, Clock, Secrets, Slice, Tally
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.records import AccessKey, Attempt, Code, Grant, OutboxEntry, SigningKey
from poolhouse.store.port import Entry, Query, StartsWith, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import stored, to_entry, to_record

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

    async def put(self, code: Code) -> None:
        key = (code.pool_id, code.user_sub, code.purpose)
        while True:
            held = await self._store.get(collections.CODES, key)
            with contextlib.suppress(KeyTaken, VersionConflict):
                if held is None:
                    await self._store.insert(collections.CODES, to_entry(code, key, expires=code.expires))
                else:
                    fresh = replace(code, version=held.version)
                    await self._store.replace(collections.CODES, to_entry(fresh, key, expires=code.expires))
                return

    async def get(self, pool_id: str, user_sub: str, purpose: str) -> Code | None:
        entry = await self._store.get(collections.CODES, (pool_id, user_sub, purpose))
        return None if entry is None else to_record(entry, Code)

    async def discard(self, code: Code) -> None:
        key = (code.pool_id, code.user_sub, code.purpose)
        await self._store.delete(collections.CODES, key, version=code.version)


class GrantRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, pool_id: str, grant_id: str) -> Grant | None:
        entry = await self._store.get(collections.GRANTS, (pool_id, grant_id))
        return None if entry is None else to_record(entry, Grant)

    async def add(self, grant: Grant) -> Grant:
        return stored(grant, await self._store.insert(collections.GRANTS, _grant_entry(grant)))

    async def save(self, grant: Grant) -> Grant:
        return stored(grant, await self._store.replace(collections.GRANTS, _grant_entry(grant)))


_GRANT_SLACK = 86400
"""Seconds that a grant outlives its refresh token: an access token of the last moment still finds it."""


def _grant_entry(grant: Grant) -> Entry:
    return to_entry(grant, (grant.pool_id, grant.id), expires=grant.expires + _GRANT_SLACK)


class CounterRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, pool_id: str, what: str, subject: str) -> Tally:
        entry = await self._store.get(collections.COUNTERS, (pool_id, what, subject))
        if entry is None:
            return Tally()
        return Tally(entry.value.get("count", 0), entry.value.get("until", 0.0))

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, until: float, expires: float
    ) -> bool:
        count = await self._store.increment(
            collections.COUNTERS,
            (pool_id, what, subject),
            "count",
            at_most=at_most,
            put={"until": until},
            expires=expires,
        )
        return count is not None

    async def lower(self, pool_id: str, what: str, subject: str) -> None:
        held = await self._store.get(collections.COUNTERS, (pool_id, what, subject))
        if held is not None:
            await self._store.increment(
                collections.COUNTERS,
                (pool_id, what, subject),
                "count",
                by=-1,
                put={"until": 0.0},
                expires=held.expires,
            )

    async def clear(self, pool_id: str, what: str, subject: str) -> None:
        await self._store.delete(collections.COUNTERS, (pool_id, what, subject))


class SigningKeyRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        page = await self._store.find(collections.SIGNING_KEYS, Query(prefix=(pool_id,), limit=100))
        return [to_record(entry, SigningKey) for entry in page.entries]

    async def add(self, key: SigningKey) -> bool:
        try:
            await self._store.insert(collections.SIGNING_KEYS, _key_entry(key))
        except KeyTaken:
            return False
        return True

    async def save(self, key: SigningKey) -> SigningKey:
        return stored(key, await self._store.replace(collections.SIGNING_KEYS, _key_entry(key)))


def _key_entry(key: SigningKey) -> Entry:
    # A retired key is of no use to anybody; a day later it is gone.
    return to_entry(key, (key.pool_id, key.slot), expires=None if key.retires is None else key.retires + 86400)


class OutboxRepository:
    """Entries that wait are found by the instant at which they are due."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def insert(self, entry: OutboxEntry) -> bool:
        try:
            await self._store.insert(collections.OUTBOX, _outbox_entry(entry))
        except KeyTaken:
            return False
        return True

    async def due(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        query = Query(prefix=("outbox",), where=StartsWith("due", ""), limit=limit)
        page = await self._store.find(collections.OUTBOX, query)
        return [found for found in (to_record(e, OutboxEntry) for e in page.entries) if found.due <= now]

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        return stored(entry, await self._store.replace(collections.OUTBOX, _outbox_entry(entry)))


def _outbox_entry(entry: OutboxEntry) -> Entry:
    index = {"due": f"{entry.due:017.6f}"} if entry.state == "waiting" else {}
    return to_entry(entry, ("outbox", entry.id), expires=entry.expires, index=index)


class AccessKeyRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def get(self, key_id: str) -> AccessKey | None:
        entry = await self._store.get(collections.ACCESS_KEYS, (key_id,))
        return None if entry is None else to_record(entry, AccessKey)

    async def add(self, key: AccessKey) -> AccessKey:
        return stored(key, await self._store.insert(collections.ACCESS_KEYS, to_entry(key, (key.id,))))

    async def page(self, limit: int, cursor: str | None) -> Slice:
        query = Query(limit=limit, after=self._cursors.read("access-keys", cursor))
        page = await self._store.find(collections.ACCESS_KEYS, query)
        items = [to_record(entry, AccessKey) for entry in page.entries]
        return Slice(items, self._cursors.write("access-keys", page.next))

    async def delete(self, key_id: str) -> bool:
        return await self._store.delete(collections.ACCESS_KEYS, (key_id,))


class Trail:
    """The audit trail: kept in the store, and told to plugins. An entry that cannot be written stops the flow."""

    def __init__(self, store: Store, hooks: Hooks, clock: Clock, chance: Chance, *, days: int = 90) -> None:
        self._store = store
        self._hooks = hooks
        self._clock = clock
        self._chance = chance
        self._days = days

    async def note(
        self,
        action: str,
        *,
        pool_id: str | None = None,
        client_id: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        now = self._clock.now()
        event = specs.Audit(
            action=action,
            at=now,
            pool_id=pool_id,
            client_id=client_id,
            subject=subject,
            actor=actor,
            facts=facts or {},
        )
        # Keys in the order of time: a trail is read from one instant to another.
        key = (pool_id or "server", f"{now:017.6f}", self._chance.uuid())
        value = {
            "action": action,
            "client_id": client_id,
            "subject": subject,
            "actor": actor,
            "facts": dict(facts or {}),
        }
        await self._store.insert(collections.AUDIT, Entry(key=key, value=value, expires=now + self._days * 86400))
        if self._hooks.implements(specs.audit):
            await self._hooks.notify(specs.audit, event)
