"""The trail in the store, and on its way to plugins."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.audit import Audit
from poolhouse.ports.world import Chance, Clock
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections


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
        event = Audit(
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
