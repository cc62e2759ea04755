"""Whose proven logins are, after linking and merging: the one place that makes identities of users.

It rests on one thing: a pool has one login of a digest. Whoever inserts it has linked the user; whoever comes second
reads whose it is, and goes on from there. An identity is written before the logins that lead to it, and a guest is one
no more before that: the write which says so names the logins that it was done for, so that a process that dies between
leaves what the same user ends with the next call, and of two users who want the same guest the second is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    ConcurrentModification,
    DeveloperUserTaken,
    IdentityNotFound,
    KeyTaken,
    LoginRefused,
    LoginTaken,
    VersionConflict,
)
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.identities.digests import login_digest, sealed_developer_id
from poolhouse.flows.identities.merging import TRIES, Merging, rank, require_room
from poolhouse.hooks import specs
from poolhouse.hooks.events.identities import IdentityCreated
from poolhouse.ports.identities import Identities, Logins, Proven
from poolhouse.ports.origin import by_identity
from poolhouse.records.identities import Identity, IdentityPool, Login


class Claim(Struct, frozen=True, kw_only=True):
    """A proven login in the form in which it is kept."""

    provider: str
    digest: str
    sealed_developer_id: str | None = None

    @property
    def is_developers(self) -> bool:
        return self.sealed_developer_id is not None


class Linking(Flow):
    def __init__(self, world: World, identities: Identities, logins: Logins, merging: Merging) -> None:
        super().__init__(world)
        self._identities = identities
        self._logins = logins
        self._merging = merging

    def claims(self, pool: IdentityPool, proven: Sequence[Proven]) -> tuple[Claim, ...]:
        """Each once, however often it was proven. Raises ``LoginTaken`` for two users of one public provider."""
        secrets = self.world.secrets
        claims: dict[str, Claim] = {}
        for each in proven:
            digest = login_digest(secrets, pool, each.provider, each.subject)
            is_developers = each.kind == "developer"
            sealed = sealed_developer_id(secrets, pool, digest, each.subject) if is_developers else None
            claims[digest] = Claim(provider=each.provider, digest=digest, sealed_developer_id=sealed)
        public = [claim.provider for claim in claims.values() if not claim.is_developers]
        if len(public) > len(set(public)):
            raise LoginTaken
        return tuple(claims.values())

    async def found(self, pool: IdentityPool, claims: Sequence[Claim]) -> Sequence[Login | None]:
        return await asyncio.gather(*(self._logins.get(pool.id, claim.digest) for claim in claims))

    async def owner(self, login: Login) -> Identity | None:
        """Who a login leads to. None, and the login is free, where that identity is deleted. Raises
        ``VersionConflict`` where the login was changed meanwhile."""
        owner = await self._merging.find(login.identity_id)
        if owner is None:
            if not await self._logins.delete(login):
                raise VersionConflict
        elif owner.id != login.identity_id:
            # It came to the child while that was merged: whoever reads it next finds its way at once.
            await self._logins.save(replace(login, identity_id=owner.id))
        return owner

    async def set_free(self, pool: IdentityPool, claims: Sequence[Claim]) -> None:
        """Those that lead to an identity that is deleted lead nowhere."""
        for login in await self.found(pool, claims):
            if login is not None:
                # Whoever was faster knows where it leads now.
                with suppress(VersionConflict):
                    await self.owner(login)

    async def guest(self, pool: IdentityPool) -> Identity:
        """A new one, each time."""
        identity = await self._identities.add(self._fresh(pool, had_login=False))
        await self._tell_created(identity, ())
        return identity

    async def settle(
        self, pool: IdentityPool, asked: Identity | None, claims: Sequence[Claim], *, vouched: bool = False
    ) -> Identity:
        """The one identity that all of these logins lead to now. ``asked`` is whose they shall be, as a root; None:
        whoever's they are, or a new one's. ``vouched``: a developer, or a token of ours, speaks for ``asked``.

        Raises ``LoginRefused`` where ``asked`` had a login and none of these is its own; ``LoginTaken`` where they do
        not go together (``require_room``); ``DeveloperUserTaken``; ``IdentityNotFound`` where it is deleted meanwhile.
        """
        linked: list[Claim] = []
        identity = asked
        for _ in range(TRIES):
            try:
                return await self._settle(pool, identity, claims, vouched=vouched, linked=linked)
            except (KeyTaken, VersionConflict):
                # Somebody was faster with one of the logins, or with one of the identities.
                if asked is not None:
                    identity = await self._merging.find(asked.id)
                    if identity is None:
                        await self.set_free(pool, claims)
                        raise IdentityNotFound(asked.id) from None
        raise ConcurrentModification

    async def _settle(
        self, pool: IdentityPool, asked: Identity | None, claims: Sequence[Claim], *, vouched: bool, linked: list[Claim]
    ) -> Identity:
        owners: dict[str, Identity] = {}
        new: list[Claim] = []
        for claim, login in zip(claims, await self.found(pool, claims), strict=True):
            owner = None
            if login is not None:
                is_asked = asked is not None and login.identity_id == asked.id
                owner = asked if is_asked else await self.owner(login)
            if owner is None:
                new.append(claim)
                continue
            if claim.is_developers and asked is not None and owner.id != asked.id:
                raise DeveloperUserTaken
            owners[owner.id] = owner
        if asked is None:
            identity = min(owners.values(), key=rank) if owners else await self._create(pool, new.pop(0))
        elif asked.had_login and not vouched and asked.id not in owners and not _claimed(asked, claims):
            raise LoginRefused
        else:
            identity = asked
        others = [owner for owner in owners.values() if owner.id != identity.id]
        if others or new:
            await self._require_room(pool, (identity, *others), new)
        for other in others:
            identity = await self._merging.merge(identity, other)
        if new or not identity.had_login:
            identity = await self._identities.save(self._claimed_by(identity, new))
        for claim in new:
            await self._logins.add(self._login(pool, identity, claim))
            linked.append(claim)
        if new:
            now = await self._merging.find(identity.id)
            if now is None or now.id != identity.id:
                # It was deleted or merged meanwhile: the login is where nobody looks for it.
                raise VersionConflict
        if linked:
            await self._stand_by(pool, identity, linked)
        return identity

    async def _create(self, pool: IdentityPool, claim: Claim) -> Identity:
        identity = await self._identities.add(self._fresh(pool, had_login=True))
        try:
            await self._logins.add(self._login(pool, identity, claim))
        except KeyTaken:
            # Nobody has heard of it: the user is the one who was faster.
            await self._identities.delete(identity)
            raise
        await self._tell_created(identity, (claim.provider,))
        return identity

    async def _require_room(self, pool: IdentityPool, identities: Sequence[Identity], new: Sequence[Claim]) -> None:
        held = await asyncio.gather(*(self._logins.of_identity(pool.id, identity.id) for identity in identities))
        coming = [self._login(pool, identities[0], claim) for claim in new]
        # By digest: one of those that are new here may have come there by another call.
        together = {login.digest: login for logins in (*held, coming) for login in logins}
        require_room(list(together.values()))

    async def _stand_by(self, pool: IdentityPool, identity: Identity, linked: Sequence[Claim]) -> None:
        """The rules hold, though others link to the same identity at the same moment: who finds them broken takes back
        what it has linked itself. Of two at once at least the second sees both."""
        held = await self._logins.of_identity(pool.id, identity.id)
        try:
            require_room(held)
        except LoginTaken:
            mine = {claim.digest for claim in linked}
            for login in held:
                if login.digest in mine:
                    await self._logins.delete(login)
            raise
        await self.world.audit.note(
            "identity.linked",
            pool_id=pool.id,
            subject=identity.id,
            actor=by_identity(identity.id),
            facts={"providers": " ".join(sorted(claim.provider for claim in linked))},
        )

    def _claimed_by(self, identity: Identity, new: Sequence[Claim]) -> Identity:
        """The identity as one that had a login."""
        now = self.world.clock.now()
        by = identity.claimed_by if identity.had_login else tuple(claim.digest for claim in new)
        return replace(identity, had_login=True, modified=now, claimed_by=by)

    def _fresh(self, pool: IdentityPool, *, had_login: bool) -> Identity:
        now = self.world.clock.now()
        # At random, and never of what is known of the user: two pools have nothing in common (section 2).
        identity_id = f"{pool.region}:{self.world.chance.uuid()}"
        return Identity(id=identity_id, pool_id=pool.id, created=now, modified=now, had_login=had_login)

    def _login(self, pool: IdentityPool, identity: Identity, claim: Claim) -> Login:
        return Login(
            pool_id=pool.id,
            digest=claim.digest,
            provider=claim.provider,
            identity_id=identity.id,
            linked=self.world.clock.now(),
            sealed_developer_id=claim.sealed_developer_id,
        )

    async def _tell_created(self, identity: Identity, providers: tuple[str, ...]) -> None:
        world = self.world
        # The id of a guest is a secret: the trail tells that there is one more.
        known = identity.had_login
        await world.audit.note(
            "identity.created",
            pool_id=identity.pool_id,
            subject=identity.id if known else None,
            actor=by_identity(identity.id) if known else None,
            facts={"providers": " ".join(providers)} if known else {"guest": "yes"},
        )
        if world.hooks.implements(specs.identity_created):
            event = IdentityCreated(pool_id=identity.pool_id, identity_id=identity.id, providers=providers)
            await world.hooks.notify(specs.identity_created, event)


def _claimed(identity: Identity, claims: Sequence[Claim]) -> bool:
    return any(claim.digest in identity.claimed_by for claim in claims)
