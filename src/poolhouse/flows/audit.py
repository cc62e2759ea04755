"""The trail: written, then told."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.audit import Audit
from poolhouse.ports.audit import AuditEntries
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.audit import AuditEntry

DAY = 86400


class Trail:
    """What happened is kept for some ``days``, and plugins hear of it. Implements ``ports.AuditTrail``."""

    def __init__(self, entries: AuditEntries, hooks: Hooks, clock: Clock, chance: Chance, *, days: int = 90) -> None:
        self._entries = entries
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
        """An entry that cannot be written stops the flow, and is told to nobody."""
        now = self._clock.now()
        entry = AuditEntry(
            id=self._chance.uuid(),
            action=action,
            at=now,
            expires=now + self._days * DAY,
            pool_id=pool_id,
            client_id=client_id,
            subject=subject,
            actor=actor,
            facts=dict(facts or {}),
        )
        await self._entries.add(entry)
        if self._hooks.implements(specs.audit):
            await self._hooks.notify(specs.audit, _event(entry))


def _event(entry: AuditEntry) -> Audit:
    return Audit(
        action=entry.action,
        at=entry.at,
        pool_id=entry.pool_id,
        client_id=entry.client_id,
        subject=entry.subject,
        actor=entry.actor,
        facts=entry.facts,
    )
