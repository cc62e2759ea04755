"""User pools: made, described, changed and removed by administrators."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.flows import definitions
from poolhouse.flows.definitions import Declaration
from poolhouse.flows.ports import AuditTrail, Chance, Clients, Clock, Pools, Slice, Tokens
from poolhouse.records import MessageTemplate, PasswordPolicy, Pool, Record, RecoveryOption

POOL_NAME_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
POOL_NAME_LENGTH = 9
MOST_TAGS = 50

_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class PoolFoundation(Record, frozen=True, kw_only=True):
    """What is said once, when a pool is made, and never again."""

    declarations: tuple[Declaration, ...] = ()
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    case_sensitive: bool = True
    case_stated: bool = False
    """Whether ``case_sensitive`` was said at all."""


class PoolSettings(Record, frozen=True, kw_only=True):
    """What can be said again at any time; what is left out returns to the default that stands here.

    ``name`` and ``tier`` are the exceptions: None leaves them as they are.
    """

    name: str | None = None
    tier: str | None = None
    password_policy: PasswordPolicy = PasswordPolicy()
    auto_verified: tuple[str, ...] = ()
    verify_before_update: tuple[str, ...] = ()
    admin_create_only: bool = False
    verification: MessageTemplate = MessageTemplate()
    invitation: MessageTemplate = MessageTemplate()
    recovery: tuple[RecoveryOption, ...] | None = None
    deletion_protected: bool = False
    tags: dict[str, str] = {}
    kept: dict[str, Any] = {}


class PoolAdministration:
    def __init__(
        self, pools: Pools, clients: Clients, tokens: Tokens, chance: Chance, clock: Clock, audit: AuditTrail
    ) -> None:
        self._pools = pools
        self._clients = clients
        self._tokens = tokens
        self._chance = chance
        self._clock = clock
        self._audit = audit

    async def get(self, pool_id: str) -> Pool:
        """The pool. Raises ``PoolNotFound``."""
        return await self._pools.get(pool_id)

    async def create(self, region: str, name: str, settings: PoolSettings, foundation: PoolFoundation) -> Pool:
        """There is a new pool, with its signing keys. Raises ``InvalidParameter``."""
        # The region came with the caller's signature, and becomes a part of issuers and of file names elsewhere.
        if not _REGION.fullmatch(region):
            raise InvalidParameter("The region is not valid.")
        schema = definitions.found(foundation.declarations)
        _check_names(foundation)
        _check(settings)
        now = self._clock.now()
        pool_id = f"{region}_{self._chance.letters(POOL_NAME_LENGTH, POOL_NAME_LETTERS)}"
        # Keys first: a pool without keys could not answer, keys without a pool are nobody's.
        await self._tokens.make_keys(pool_id)
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
        pool = await self._pools.add(_furnished(blank, settings))
        await self._audit.note("pool.created", pool_id=pool_id)
        return pool

    async def update(self, pool_id: str, settings: PoolSettings) -> Pool:
        """The pool has these settings, and defaults for all others.

        Raises ``PoolNotFound``, ``InvalidParameter``, ``ConcurrentModification``.
        """
        pool = await self._pools.get(pool_id)
        _check(settings)
        return await self._changed(_furnished(pool, settings), "pool.updated")

    async def add_attributes(self, pool_id: str, declarations: Sequence[Declaration]) -> Pool:
        """Users of the pool may have these custom attributes too. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        schema = definitions.extended(pool.schema, declarations)
        return await self._changed(replace(pool, schema=schema), "pool.attributes_added")

    async def tag(self, pool_id: str, tags: Mapping[str, str]) -> Pool:
        """The pool has these tags, beside its others. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        merged = {**pool.tags, **tags}
        _check_tags(merged)
        return await self._changed(replace(pool, tags=merged), "pool.tagged")

    async def untag(self, pool_id: str, keys: Collection[str]) -> Pool:
        """The pool has no tags of these keys. Raises as ``update``."""
        pool = await self._pools.get(pool_id)
        left = {key: value for key, value in pool.tags.items() if key not in keys}
        return await self._changed(replace(pool, tags=left), "pool.untagged")

    async def delete(self, pool_id: str) -> None:
        """There is no such pool, and no client of it. Raises ``PoolNotFound``; ``InvalidParameter`` for a protected
        pool."""
        pool = await self._pools.get(pool_id)
        if pool.deletion_protected:
            raise InvalidParameter(
                "The user pool cannot be deleted because deletion protection is activated. "
                "Deletion protection must be inactivated first."
            )
        # The clients first: without the pool nobody could find those that a crash has left.
        while (page := await self._clients.page(pool_id, 60, None)).items:
            for client in page.items:
                await self._clients.delete(client)
        await self._pools.delete(pool)
        await self._audit.note("pool.deleted", pool_id=pool_id)

    async def page(self, region: str, limit: int, cursor: str | None) -> Slice:
        """Some pools of the region."""
        return await self._pools.page(region, limit, cursor)

    async def _changed(self, pool: Pool, action: str) -> Pool:
        saved = await self._pools.save(replace(pool, modified=self._clock.now()))
        await self._audit.note(action, pool_id=pool.id)
        return saved


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
        tags=settings.tags,
        kept=settings.kept,
    )


def _check_names(foundation: PoolFoundation) -> None:
    if foundation.username_attributes and foundation.alias_attributes:
        raise InvalidParameter("Only one of aliasAttributes or usernameAttributes can be set in a user pool.")
    if "preferred_username" in foundation.alias_attributes and any(
        declaration.name == "preferred_username" and declaration.required for declaration in foundation.declarations
    ):
        raise InvalidParameter("preferred_username can be either required or an alias, not both.")


def _check(settings: PoolSettings) -> None:
    if not set(settings.verify_before_update) <= set(settings.auto_verified):
        raise InvalidParameter("Attributes that need verification before an update must be verified automatically too.")
    if settings.recovery is not None:
        _check_recovery(settings.recovery)
    _check_tags(settings.tags)


def _check_recovery(options: Sequence[RecoveryOption]) -> None:
    names = [option.name for option in options]
    if not 1 <= len(options) <= 2:
        raise InvalidParameter("An account recovery setting has one or two mechanisms.")
    if len(set(names)) < len(names) or len({option.priority for option in options}) < len(options):
        raise InvalidParameter("Account recovery mechanisms must differ in name and in priority.")
    if "admin_only" in names and len(names) > 1:
        raise InvalidParameter("The account recovery mechanism admin_only must be alone.")


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise InvalidParameter(f"A user pool can have at most {MOST_TAGS} tags.")
    if any(key.casefold().startswith("aws:") for key in tags):
        raise InvalidParameter("Tag keys that begin with aws: are reserved.")
