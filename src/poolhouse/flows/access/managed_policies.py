"""Managed policies: those that several roles share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from poolhouse.errors import KeyTaken, PolicyInUse, PolicyNotFound, PolicyTaken
from poolhouse.flows.access.policy_documents import parse_policy
from poolhouse.flows.access.role_settings import require_policy_name
from poolhouse.ports.access import ManagedPolicies, Roles
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.access import ManagedPolicy

_AT_ONCE: Final = 100


class PolicyAdministration:
    def __init__(self, policies: ManagedPolicies, roles: Roles, clock: Clock, audit: AuditTrail) -> None:
        self._policies = policies
        self._roles = roles
        self._clock = clock
        self._audit = audit

    async def get(self, name: str) -> ManagedPolicy:
        """Raises ``PolicyNotFound``."""
        policy = await self._policies.get(name)
        if policy is None:
            raise PolicyNotFound
        return policy

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._policies.page(limit, cursor)

    async def create(self, name: str, document: Mapping[str, Any]) -> ManagedPolicy:
        """Raises ``InvalidParameter``, ``PolicyMalformed``, ``PolicyTaken``."""
        require_policy_name(name)
        parse_policy(document)
        try:
            made = await self._policies.add(
                ManagedPolicy(name=name, created=self._clock.now(), document=dict(document))
            )
        except KeyTaken:
            raise PolicyTaken from None
        await self._audit.note("policy.created", facts={"policy": name})
        return made

    async def update(self, name: str, document: Mapping[str, Any]) -> ManagedPolicy:
        """Roles that it is attached to have this document within seconds. Raises ``PolicyNotFound``,
        ``PolicyMalformed``, ``ConcurrentModification``."""
        parse_policy(document)
        saved = await self._policies.save(replace(await self.get(name), document=dict(document)))
        await self._audit.note("policy.updated", facts={"policy": name})
        return saved

    async def delete(self, name: str) -> None:
        """Raises ``PolicyNotFound``, ``PolicyInUse``. A role to which it is attached at this very moment may do nothing
        from then on: what the policy denied, nobody knows any more."""
        await self.get(name)
        cursor: str | None = None
        while True:
            page = await self._roles.page(_AT_ONCE, cursor)
            if any(name in role.attached for role in page.items):
                raise PolicyInUse
            if (cursor := page.cursor) is None:
                break
        if not await self._policies.delete(name):
            raise PolicyNotFound
        await self._audit.note("policy.deleted", facts={"policy": name})
