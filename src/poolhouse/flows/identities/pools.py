"""Identity pools: made, described, changed and removed by administrators."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, InvalidParameter, LimitExceeded
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.roles import RoleBook
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.identities.removal import IDENTITY_POOL_REMOVAL
from poolhouse.flows.identities.settings import (
    IdentityLimits,
    IdentityPoolSettings,
    check,
    check_principal_tags,
    check_roles,
    check_tags,
    furnished,
)
from poolhouse.ports.identities import IdentityPools
from poolhouse.ports.jobs import JobQueue
from poolhouse.ports.paging import Slice
from poolhouse.records.audit import Action
from poolhouse.records.base import REGION
from poolhouse.records.identities import IdentityPool, PrincipalTags, RoleMapping

PEPPER: Final = "identity-pool-pepper"
"""What the pepper of a pool is sealed for; the context is the pool's id."""
PEPPER_BYTES: Final = 32
LONGEST_REGION: Final = 18
"""An id has room for no longer one: 55 characters in all."""

MOST_TAGGED: Final = 100
"""Providers of a pool with principal tags. The field names no figure; without one a pool could grow without end."""

ATTEMPTS: Final = 10
"""How often a change is tried while others change something else of the pool."""

_SETTINGS: Final = tuple(name for name in IdentityPoolSettings.__struct_fields__ if name != "tags")
_ROLES: Final = ("roles", "mappings")


class IdentityPoolAdministration(Flow):
    """``roles`` are the roles that are known here; without them nothing is known of any."""

    def __init__(
        self,
        world: World,
        pools: IdentityPools,
        jobs: JobQueue,
        *,
        roles: RoleBook | None = None,
        limits: IdentityLimits | None = None,
    ) -> None:
        super().__init__(world)
        self._roles = roles
        self._pools = pools
        self._jobs = jobs
        self._limits = limits or IdentityLimits()

    async def get(self, pool_id: str) -> IdentityPool:
        """The pool, as it is now. Raises ``IdentityPoolNotFound``."""
        return await self._pools.fresh(pool_id)

    async def page(self, region: str | None, limit: int, cursor: str | None) -> Slice:
        """Some pools of the region; None: of all regions."""
        return await self._pools.page(region, limit, cursor)

    async def create(self, region: str, settings: IdentityPoolSettings) -> IdentityPool:
        """There is a new pool, which has no roles yet. Raises ``InvalidParameter``, ``LimitExceeded``."""
        # The region came with the caller's signature, and becomes a part of ids and of what they are routed by.
        if not REGION.fullmatch(region) or len(region) > LONGEST_REGION:
            raise InvalidParameter(Reason.REGION_INVALID)
        check(settings, self._limits)
        most = self._limits.pools
        if await self._pools.count(most) >= most:
            raise LimitExceeded(Reason.TOO_MANY_IDENTITY_POOLS, most=most)
        world = self.world
        now, pool_id = world.clock.now(), f"{region}:{world.chance.uuid()}"
        blank = IdentityPool(
            id=pool_id,
            name=settings.name,
            created=now,
            modified=now,
            allows_guests=settings.allows_guests,
            sealed_pepper=world.secrets.seal(PEPPER, pool_id, world.chance.raw(PEPPER_BYTES)),
        )
        pool = await self._pools.add(furnished(blank, settings))
        await world.audit.note("identity_pool.created", pool_id=pool_id)
        return pool

    async def update(self, pool_id: str, settings: IdentityPoolSettings) -> IdentityPool:
        """The pool has these settings, and defaults for all others.

        Raises ``IdentityPoolNotFound``, ``InvalidParameter``, ``ConcurrentModification``.
        """
        check(settings, self._limits)
        return await self._changed(
            pool_id, "identity_pool.updated", lambda pool: furnished(pool, settings), alone=_SETTINGS
        )

    async def set_roles(self, pool_id: str, roles: Mapping[str, str], mappings: Sequence[RoleMapping]) -> IdentityPool:
        """The pool has these roles and mappings, and no others. A role that is not known here may be one of another
        cloud, and is taken as it is. Raises as ``update``."""
        check_roles(roles, mappings, self._limits)
        for arn in sorted({*roles.values(), *(rule.role_arn for mapping in mappings for rule in mapping.rules)}):
            await self._require_audience(arn)
        return await self._changed(
            pool_id,
            "identity_pool.roles_set",
            lambda pool: replace(pool, roles=dict(roles), mappings=tuple(mappings)),
            alone=_ROLES,
        )

    async def principal_tags_of(self, pool_id: str, provider: str) -> PrincipalTags:
        """What is set for a provider; nothing is for one that nobody spoke of. Raises ``IdentityPoolNotFound``."""
        pool = await self._pools.fresh(pool_id)
        known = (each for each in pool.principal_tags if each.provider == provider)
        return next(known, PrincipalTags(provider=provider))

    async def set_principal_tags(self, pool_id: str, mapped: PrincipalTags) -> PrincipalTags:
        """Users of the provider have these tags. With the defaults nothing else is kept. Raises as ``update``."""
        wanted = replace(mapped, claims={}) if mapped.use_defaults else mapped
        check_principal_tags(wanted)
        await self._changed(pool_id, "identity_pool.principal_tags_set", lambda pool: _with_tags_of(pool, wanted))
        return wanted

    async def tag(self, pool_id: str, tags: Mapping[str, str]) -> IdentityPool:
        """The pool has these tags, beside its others. Raises as ``update``."""

        def tagged(pool: IdentityPool) -> IdentityPool:
            merged = {**pool.tags, **tags}
            check_tags(merged)
            return replace(pool, tags=merged)

        return await self._changed(pool_id, "identity_pool.tagged", tagged)

    async def untag(self, pool_id: str, keys: Collection[str]) -> IdentityPool:
        """The pool has no tags of these keys. Raises as ``update``."""

        def untagged(pool: IdentityPool) -> IdentityPool:
            return replace(pool, tags={key: value for key, value in pool.tags.items() if key not in keys})

        return await self._changed(pool_id, "identity_pool.untagged", untagged)

    async def delete(self, pool_id: str) -> None:
        """There is no such pool, and nothing of it works any more; a job removes its identities. Raises
        ``IdentityPoolNotFound``."""
        await self._pools.fresh(pool_id)
        # The job first: whatever happens from here on, all of this is done in the end.
        await self._jobs.enqueue(IDENTITY_POOL_REMOVAL, pool_id, can_be_cancelled=False)
        await self._pools.delete(pool_id)
        await self.world.audit.note("identity_pool.deleted", pool_id=pool_id)

    async def _require_audience(self, arn: str) -> None:
        """Security row 51: who trusts identity pools has to say which."""
        role = None if self._roles is None else await self._roles.find(arn)
        if self._roles is not None and role is not None and self._roles.names_no_audience(role):
            raise InvalidParameter(Reason.ROLE_NAMES_NO_AUDIENCE, arn=arn)

    async def _changed(
        self,
        pool_id: str,
        action: Action,
        change: Callable[[IdentityPool], IdentityPool],
        *,
        alone: tuple[str, ...] = (),
    ) -> IdentityPool:
        """The pool is changed, and that is noted. Who changes something else of it at the same moment is no hindrance;
        who changes one of the fields ``alone`` is: raises ``ConcurrentModification``."""
        first = pool = await self._pools.fresh(pool_id)
        for attempt in range(ATTEMPTS):
            changed = replace(change(pool), modified=self.world.clock.now())
            try:
                saved = await self._pools.save(changed)
                break
            except ConcurrentModification:
                pool = await self._pools.fresh(pool_id)
                is_rival = any(getattr(pool, name) != getattr(first, name) for name in alone)
                if is_rival or attempt == ATTEMPTS - 1:
                    raise
        await self.world.audit.note(action, pool_id=pool_id)
        return saved


def _with_tags_of(pool: IdentityPool, wanted: PrincipalTags) -> IdentityPool:
    others = tuple(each for each in pool.principal_tags if each.provider != wanted.provider)
    if not (wanted.use_defaults or wanted.claims):
        return replace(pool, principal_tags=others)
    if len(others) >= MOST_TAGGED:
        raise InvalidParameter(Reason.TOO_MANY_PROVIDERS, most=MOST_TAGGED, kind="providers with principal tags")
    return replace(pool, principal_tags=(*others, wanted))
