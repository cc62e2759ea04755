"""Identities as developers see them: listed, described, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, IdentityNotFound, VersionConflict
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.identities.merging import TRIES, Merging
from poolhouse.hooks import specs
from poolhouse.hooks.events.identities import IdentityDeleted
from poolhouse.ports.identities import Identities, IdentityPools, Logins
from poolhouse.ports.paging import Slice
from poolhouse.records.identities import Identity, Login

REMEMBERED: Final = 86400.0
"""Seconds for which it is known that an identity was deleted. A login that came to it at that very moment is set free
by the first call of its user."""
_TURNS: Final = 20
"""Times that a page is added to which disabled identities have left holes in."""


class Described(Struct, frozen=True, kw_only=True):
    """An identity and the names of the providers that lead to it."""

    identity: Identity
    providers: tuple[str, ...]


class IdentityAdministration(Flow):
    def __init__(
        self, world: World, pools: IdentityPools, identities: Identities, logins: Logins, merging: Merging
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._identities = identities
        self._logins = logins
        self._merging = merging

    async def describe(self, identity_id: str) -> Described:
        """Raises ``IdentityNotFound``. A disabled identity is described, too."""
        identity = await self._identities.get(identity_id)
        if identity is None:
            raise IdentityNotFound(identity_id)
        return await self._described(identity)

    async def page(self, pool_id: str, limit: int, cursor: str | None, *, hides_disabled: bool = False) -> Slice:
        """Some identities of the pool, ``Described``. Raises ``IdentityPoolNotFound``, ``InvalidParameter``."""
        await self._pools.get(pool_id)
        found: list[Identity] = []
        for _ in range(_TURNS):
            page = await self._identities.page(pool_id, limit - len(found), cursor)
            cursor = page.cursor
            found += (each for each in page.items if not (hides_disabled and _is_disabled(each)))
            if cursor is None or len(found) == limit:
                break
        return Slice(await asyncio.gather(*(self._described(identity) for identity in found)), cursor)

    async def delete(self, identity_ids: Sequence[str]) -> Sequence[str]:
        """None of them is there, but for those that are returned: somebody changed them all the time."""
        once = dict.fromkeys(identity_ids)
        done = await asyncio.gather(*(self._delete(identity_id) for identity_id in once))
        return [identity_id for identity_id, is_done in zip(once, done, strict=True) if not is_done]

    async def _delete(self, identity_id: str) -> bool:
        now = self.world.clock.now()
        for _ in range(TRIES):
            identity = await self._identities.get(identity_id)
            if identity is None:
                return await self._forget(await self._identities.deleted(identity_id))
            with suppress(VersionConflict, ConcurrentModification):
                if identity.absorbing or (identity.merging_into is not None and not identity.is_disabled):
                    # What was begun is ended first: then it is clear whose the logins are.
                    await self._merging.root(identity)
                    continue
                deleted = await self._identities.save(replace(identity, modified=now, expires=now + REMEMBERED))
                await self._forget(deleted)
                await self._tell(deleted)
                return True
        return False

    async def _forget(self, deleted: Identity | None) -> bool:
        """What leads to a deleted identity is gone. Doing so twice changes nothing: whoever died on the way is
        repeated."""
        if deleted is not None:
            while held := await self._logins.of_identity(deleted.pool_id, deleted.id):
                await asyncio.gather(*(self._logins.delete(login) for login in held))
            await self._identities.strike(deleted)
        return True

    async def _tell(self, deleted: Identity) -> None:
        world = self.world
        await world.audit.note("identity.deleted", pool_id=deleted.pool_id, subject=deleted.id)
        if world.hooks.implements(specs.identity_deleted):
            event = IdentityDeleted(pool_id=deleted.pool_id, identity_id=deleted.id)
            await world.hooks.notify(specs.identity_deleted, event)

    async def _described(self, identity: Identity) -> Described:
        held: Sequence[Login] = await self._logins.of_identity(identity.pool_id, identity.id)
        return Described(identity=identity, providers=tuple(sorted({login.provider for login in held})))


def _is_disabled(identity: Identity) -> bool:
    return identity.merging_into is not None
