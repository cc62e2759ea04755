"""User pools: made, described, changed and removed by administrators."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory import definitions
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.flows.pools import mfa
from poolhouse.flows.pools.census import PoolCensus
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.flows.pools.removal import POOL_REMOVAL
from poolhouse.flows.pools.settings import (
    PoolFoundation,
    PoolSettings,
    check,
    check_names,
    check_tags,
    check_triggers,
)
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.domains import Domains
from poolhouse.ports.jobs import JobQueue
from poolhouse.ports.paging import Slice
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.audit import Action
from poolhouse.records.base import REGION
from poolhouse.records.pools import Pool

POOL_NAME_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
POOL_NAME_LENGTH = 9


def knows_none(_: str) -> bool:
    """Nothing calls functions here."""
    return False


class PoolAdministration:
    """``knows_function`` says whether something here can call the function of an ARN."""

    def __init__(
        self,
        pools: Pools,
        tokens: Tokens,
        jobs: JobQueue,
        census: PoolCensus,
        chance: Chance,
        clock: Clock,
        audit: AuditTrail,
        *,
        domains: Domains,
        knows_function: Callable[[str], bool] = knows_none,
        factors: Collection[str] = (),
    ) -> None:
        self._pools = pools
        self._tokens = tokens
        self._jobs = jobs
        self._census = census
        self._chance = chance
        self._clock = clock
        self._audit = audit
        self._domains = domains
        self._knows_function = knows_function
        self._factors = frozenset(factors)

    async def get(self, pool_id: str) -> Pool:
        """The pool. Raises ``PoolNotFound``."""
        return await self._pools.get(pool_id)

    async def users_of(self, pool: Pool) -> int | None:
        """How many users the pool has, more or less; None where nobody has counted yet."""
        return await self._census.estimate(pool.id)

    async def create(self, region: str, name: str, settings: PoolSettings, foundation: PoolFoundation) -> Pool:
        """There is a new pool, with its signing keys. Raises ``InvalidParameter``."""
        # The region came with the caller's signature, and becomes a part of issuers and of file names elsewhere.
        if not REGION.fullmatch(region):
            raise InvalidParameter(Reason.REGION_INVALID)
        schema = definitions.found(foundation.declarations)
        check_names(foundation)
        check(settings)
        check_triggers(settings.triggers, self._knows_function)
        now = self._clock.now()
        pool_id = f"{region}_{self._chance.letters(POOL_NAME_LENGTH, POOL_NAME_LETTERS)}"
        # Keys first: a pool without keys could not answer, keys without a pool are nobody's.
        await self._tokens.make_keys(pool_id)
        await self._census.begin(pool_id)
        blank = Pool(
            id=pool_id,
            name=name,
            created=now,
            modified=now,
            schema=schema,
            username_attributes=foundation.username_attributes,
            alias_attributes=foundation.alias_attributes,
            case_sensitive=foundation.case_sensitive,
            case_stated=foundation.case_stated,
        )
        pool = await self._pools.add(self._furnished(blank, settings))
        await self._audit.note("pool.created", pool_id=pool_id)
        return pool

    async def update(self, pool_id: str, settings: PoolSettings) -> Pool:
        """The pool has these settings, and defaults for all others.

        Raises ``PoolNotFound``, ``InvalidParameter``, ``ConcurrentModification``.
        """
        pool = await self._pools.get(pool_id)
        check(settings)
        check_triggers(settings.triggers, self._knows_function)
        return await self._changed(self._furnished(pool, settings), "pool.updated")

    async def set_mfa(self, pool_id: str, wanted: MfaSettings) -> Pool:
        """Users of the pool have these second factors, and no others. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        return await self._changed(mfa.configured(pool, wanted, self._factors), "pool.updated")

    async def set_first_factors(self, pool_id: str, factors: tuple[str, ...]) -> Pool:
        """Sign-ins of the pool may begin by these, and by no others. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        return await self._changed(mfa.with_first(pool, factors), "pool.updated")

    async def add_attributes(self, pool_id: str, declarations: Sequence[Declaration]) -> Pool:
        """Users of the pool may have these custom attributes too. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        schema = definitions.extended(pool.schema, declarations)
        return await self._changed(replace(pool, schema=schema), "pool.attributes_added")

    async def tag(self, pool_id: str, tags: Mapping[str, str]) -> Pool:
        """The pool has these tags, beside its others. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        merged = {**pool.tags, **tags}
        check_tags(merged)
        return await self._changed(replace(pool, tags=merged), "pool.tagged")

    async def untag(self, pool_id: str, keys: Collection[str]) -> Pool:
        """The pool has no tags of these keys. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        left = {key: value for key, value in pool.tags.items() if key not in keys}
        return await self._changed(replace(pool, tags=left), "pool.untagged")

    async def delete(self, pool_id: str) -> None:
        """There is no such pool, and nothing of it works any more; a job removes what was in it.

        Raises ``PoolNotFound``; ``InvalidParameter`` for a protected pool, and for one that has a domain.
        """
        pool = await self._pools.get(pool_id)
        if pool.deletion_protected:
            raise InvalidParameter(Reason.POOL_PROTECTED)
        if await self._domains.of_pool(pool_id):
            raise InvalidParameter(Reason.POOL_HAS_DOMAIN)
        # The job first: whatever happens from here on, all of this is done in the end.
        await self._jobs.enqueue(POOL_REMOVAL, pool_id, can_be_cancelled=False)
        await self._pools.delete(pool_id)
        # Others may believe in the pool for seconds; in a grant they never do.
        await self._pools.close(pool_id)
        await self._audit.note("pool.deleted", pool_id=pool_id)

    async def page(self, region: str | None, limit: int, cursor: str | None) -> Slice:
        """Some pools of the region; None: of all regions."""
        return await self._pools.page(region, limit, cursor)

    async def _changed(self, pool: Pool, action: Action) -> Pool:
        saved = await self._pools.save(replace(pool, modified=self._clock.now()))
        await self._audit.note(action, pool_id=pool.id)
        return saved

    def _furnished(self, pool: Pool, settings: PoolSettings) -> Pool:
        return mfa.with_mode(_furnished(pool, settings), settings.mfa, self._factors)


def _furnished(pool: Pool, settings: PoolSettings) -> Pool:
    return replace(
        pool,
        name=settings.name or pool.name,
        tier=settings.tier or pool.tier,
        password_policy=settings.password_policy,
        auto_verified=settings.auto_verified,
        verify_before_update=settings.verify_before_update,
        admin_create_only=settings.admin_create_only,
        verification=settings.verification,
        invitation=settings.invitation,
        recovery=settings.recovery,
        deletion_protected=settings.deletion_protected,
        tags=pool.tags if settings.tags is None else settings.tags,
        triggers=settings.triggers,
        sender_key=settings.sender_key,
        authentication=replace(pool.authentication, sms=settings.sms_authentication),
        first_factors=settings.first_factors,
        devices=settings.devices,
        kept=settings.kept,
    )
