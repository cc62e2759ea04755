"""Identities that turn out to be one person's: which one goes on, and how the other becomes a part of it.

A merge is a row of writes that each leave a whole: the child is marked (``merging_into``), the parent takes note of it
(``absorbing``), the logins are moved, the child is disabled, and the parent forgets the note. Whoever comes by either
of them ends what was begun, so a process that dies on the way leaves nothing undone that anybody could see.

The mark is never taken back once the child is disabled: it is a pointer, and whoever stands at the end of the pointers
is who all of them are. There are no rings, because a mark always points to an identity of a lesser ``rank``, the rank
of what is marked does not change any more, and that of all others only ever falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, LoginTaken, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.hooks import specs
from poolhouse.hooks.events.identities import IdentitiesMerged
from poolhouse.ports.identities import Identities, Logins
from poolhouse.ports.origin import by_identity
from poolhouse.records.identities import Identity, Login

MOST_LOGINS: Final = 20
"""So many logins lead to one identity at most."""

TRIES: Final = 50
"""Each of them fails only because somebody else has got on."""


def rank(identity: Identity) -> tuple[bool, float, str]:
    """Of two that merge the lesser is the parent: who had a login before who had none, then the older."""
    born = identity.created if identity.seniority is None else identity.seniority
    return (not identity.had_login, born, identity.id)


def require_room(logins: Sequence[Login]) -> None:
    """All of these can lead to one identity: not too many, and of each public provider one. Raises ``LoginTaken``."""
    if len(logins) > MOST_LOGINS:
        raise LoginTaken(Reason.TOO_MANY_LOGINS, most=MOST_LOGINS)
    public = [login.provider for login in logins if login.sealed_developer_id is None]
    if len(public) > len(set(public)):
        raise LoginTaken


class Merging(Flow):
    def __init__(self, world: World, identities: Identities, logins: Logins) -> None:
        super().__init__(world)
        self._identities = identities
        self._logins = logins

    async def find(self, identity_id: str) -> Identity | None:
        """Who this is by now. None where there never was such an identity, or it is deleted, or what it became."""
        identity = await self._identities.get(identity_id)
        return None if identity is None else await self.root(identity)

    async def root(self, identity: Identity) -> Identity | None:
        """Who this identity is by now; merges that were begun are ended. None where that was deleted."""
        at: Identity | None = identity
        while at is not None:
            if at.absorbing:
                at = await self._absorb(at)
            elif at.merging_into is None:
                break
            else:
                at = await self._identities.get(at.merging_into) if at.is_disabled else await self._finish(at)
        return at

    async def merge(self, one: Identity, other: Identity) -> Identity:
        """Both are one now: the parent is returned. Both were read as roots.

        Raises ``VersionConflict`` where somebody changed the child meanwhile, or the parent is gone: look again.
        """
        if one.id == other.id:
            return one
        parent, child = sorted((one, other), key=rank)
        marked = await self._identities.save(replace(child, merging_into=parent.id))
        whole = await self.root(marked)
        if whole is None or whole.id == child.id:
            raise VersionConflict
        return whole

    async def give_way(self, child: Identity, parent: Identity) -> Identity:
        """The parent, which stands before the child now, whatever their ages. Both had logins. Raises
        ``VersionConflict``."""
        if rank(parent) < rank(child):
            return parent
        return await self._identities.save(replace(parent, had_login=True, seniority=rank(child)[1] - 1.0))

    async def _absorb(self, parent: Identity) -> Identity | None:
        """The identity, of which all children are disabled. None where it was deleted."""
        for child_id in parent.absorbing:
            child = await self._identities.get(child_id)
            if child is not None:
                await self._finish(child)
        try:
            return await self._identities.save(replace(parent, absorbing=()))
        except VersionConflict:
            return await self._identities.get(parent.id)

    async def _finish(self, child: Identity) -> Identity | None:
        """The child, disabled; or by itself again, where the parent was deleted before the merge was whole. None where
        the child was deleted."""
        at: Identity | None = child
        for _ in range(TRIES):
            if at is None or at.merging_into is None or at.is_disabled:
                return at
            try:
                parent = await self._end(at.merging_into)
                if parent is None:
                    return await self._identities.save(replace(at, merging_into=None))
                now = self.world.clock.now()
                if at.id not in parent.absorbing:
                    absorbing = (*parent.absorbing, at.id)
                    parent = await self._identities.save(
                        replace(parent, had_login=True, modified=now, absorbing=absorbing)
                    )
                await self._move(at, parent)
                done = await self._identities.save(replace(at, is_disabled=True, modified=now))
            except VersionConflict:
                at = await self._identities.get(child.id)
                continue
            await self._tell(done, parent)
            return done
        raise ConcurrentModification

    async def _end(self, identity_id: str) -> Identity | None:
        """Where the pointers end; nothing is changed."""
        at = await self._identities.get(identity_id)
        while at is not None and at.merging_into is not None:
            at = await self._identities.get(at.merging_into)
        return at

    async def _move(self, child: Identity, parent: Identity) -> None:
        while moving := await self._logins.of_identity(child.pool_id, child.id):
            for login in moving:
                # Who was faster has moved it, or removed it.
                with suppress(VersionConflict):
                    await self._logins.save(replace(login, identity_id=parent.id))

    async def _tell(self, child: Identity, parent: Identity) -> None:
        """Once for each merge: who disabled the child says so."""
        world = self.world
        await world.audit.note(
            "identity.merged",
            pool_id=parent.pool_id,
            subject=parent.id,
            actor=by_identity(parent.id),
            facts={"child": child.id},
        )
        if world.hooks.implements(specs.identities_merged):
            event = IdentitiesMerged(pool_id=parent.pool_id, identity_id=parent.id, child_id=child.id)
            await world.hooks.notify(specs.identities_merged, event)
