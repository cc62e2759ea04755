"""The trail: written, then told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.audit import Audit
from poolhouse.ports.audit import AuditEntries
from poolhouse.ports.origin import Origin, by_user, current_origin
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.audit import Action, AuditEntry
from poolhouse.records.base import Record

DAY = 86400


class Wanted(Record, frozen=True, kw_only=True):
    """Which entries: of a pool (``owner`` is its id) or of none (``server``); about or by a user (``sub``); of an
    action, or of all that begin with its word (``sign_in``). None: whichever."""

    owner: str | None = None
    sub: str | None = None
    action: str | None = None
    since: float = 0.0

    def fits(self, entry: AuditEntry) -> bool:
        if self.sub is not None and self.sub != entry.subject and by_user(self.sub) != entry.actor:
            return False
        return self.action is None or f"{entry.action}.".startswith(f"{self.action}.")


class Trail:
    """What happened is kept for some ``days``, and plugins hear of it. ``origin`` says on whose behalf it is done.
    Implements ``ports.AuditTrail``."""

    def __init__(
        self,
        entries: AuditEntries,
        hooks: Hooks,
        clock: Clock,
        chance: Chance,
        origin: Callable[[], Origin] = current_origin,
        *,
        days: int = 90,
    ) -> None:
        self._entries = entries
        self._hooks = hooks
        self._clock = clock
        self._chance = chance
        self._origin = origin
        self._days = days

    async def note(
        self,
        action: Action,
        *,
        pool_id: str | None = None,
        client_id: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """An entry that cannot be written stops the flow, and is told to nobody."""
        now = self._clock.now()
        origin = self._origin()
        entry = AuditEntry(
            id=self._chance.uuid(),
            action=action,
            at=now,
            expires=now + self._days * DAY,
            pool_id=pool_id,
            client_id=client_id,
            subject=subject,
            actor=origin.actor or actor,
            source=origin.source,
            request_id=origin.request_id,
            facts=dict(facts or {}),
        )
        await self._entries.add(entry)
        if self._hooks.implements(specs.audit):
            await self._hooks.notify(specs.audit, _event(entry))

    async def read(self, wanted: Wanted) -> AsyncIterator[AuditEntry]:
        """The entries that are wanted, in the order of time; without an owner, of one after the other."""
        async for entry in self._entries.since(wanted.since, wanted.owner):
            if wanted.fits(entry):
                yield entry


def _event(entry: AuditEntry) -> Audit:
    return Audit(
        action=entry.action,
        at=entry.at,
        pool_id=entry.pool_id,
        client_id=entry.client_id,
        subject=entry.subject,
        actor=entry.actor,
        source=entry.source,
        request_id=entry.request_id,
        facts=entry.facts,
    )
