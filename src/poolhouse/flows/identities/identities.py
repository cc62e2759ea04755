"""What anybody may ask of identities: who they are (``GetId``), for a token or credentials, and to unlink a login."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    ConcurrentModification,
    IdentityNotFound,
    IdentityPoolNotFound,
    InvalidParameter,
    LoginRefused,
    PoolhouseError,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.identities.guests import GuestLimit
from poolhouse.flows.identities.linking import Claim, Linking
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.merging import TRIES, Merging
from poolhouse.flows.identities.settings import MOST_TAG_BYTES, MOST_TAGS, tag_bytes
from poolhouse.flows.identities.tags import principal_tags
from poolhouse.ports.identities import Identities, IdentityPools, LoginProofs, Logins, OwnToken, Proven
from poolhouse.ports.origin import by_identity
from poolhouse.records.identities import Identity, IdentityPool, Login

_AUTHENTICATED: Final = "authenticated"


class Resolved(Struct, frozen=True, kw_only=True):
    """Who somebody is, after linking and merging. A guest has neither ``proven`` nor ``own``."""

    identity: Identity
    pool: IdentityPool
    proven: tuple[Proven, ...] = ()
    own: OwnToken | None = None

    @property
    def is_guest(self) -> bool:
        return not self.proven and self.own is None


def tags_of(resolved: Resolved, given: Mapping[str, str] = MappingProxyType({})) -> Mapping[str, str]:
    """What policies may know of the caller: the tags that a developer gives, those that a token of ours brings, and
    those of the logins, the first of a key. Raises ``LoginRefused`` where they are too many."""
    tags: dict[str, str] = {}
    own = {} if resolved.own is None else resolved.own.tags
    for some in (given, own, principal_tags(resolved.pool, resolved.proven)):
        known = {key.casefold() for key in tags}
        tags |= {key: value for key, value in some.items() if key.casefold() not in known}
    if len(tags) > MOST_TAGS or tag_bytes(tags) > MOST_TAG_BYTES:
        raise LoginRefused(Reason.PRINCIPAL_TAGS_SIZE, most=MOST_TAG_BYTES)
    return tags


class _Shown(Struct, frozen=True, kw_only=True):
    """What somebody has shown: logins of providers, in the form in which they are kept too, and a token of ours."""

    proven: tuple[Proven, ...] = ()
    claims: tuple[Claim, ...] = ()
    own: OwnToken | None = None

    @property
    def is_nothing(self) -> bool:
        return not self.proven and self.own is None


class IdentityService(Flow):
    def __init__(
        self,
        world: World,
        pools: IdentityPools,
        identities: Identities,
        logins: Logins,
        proofs: LoginProofs,
        merging: Merging,
        linking: Linking,
        keys: LoginKeys,
        guests: GuestLimit,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._identities = identities
        self._logins = logins
        self._proofs = proofs
        self._merging = merging
        self._linking = linking
        self._keys = keys
        self._guests = guests

    @step("identities.get_id")
    async def get_id(self, pool_id: str, logins: Mapping[str, str]) -> str:
        """The identity of whoever has these logins; without any that of a new guest.

        Raises ``IdentityPoolNotFound``; ``LoginRefused`` for a login that is not good, and where there are no guests;
        ``LoginTaken`` where the logins do not go together; ``TooManyRequests`` for guests; ``ProviderAway``,
        ``InvalidParameter``.
        """
        pool = await self._pools.get(pool_id)
        shown = await self._shown(pool, logins)
        if shown.is_nothing:
            if not pool.allows_guests:
                raise LoginRefused(Reason.GUESTS_NOT_SUPPORTED)
            await self._guests.admit(pool.id)
            return (await self._linking.guest(pool)).id
        if shown.own is None:
            found = await self._linking.found(pool, shown.claims)
            known = {login.identity_id if login is not None else None for login in found}
            # A known user costs this one reading. Should the identity be a child by now, or deleted, the next call
            # for it says so.
            if len(known) == 1 and (identity_id := known.pop()) is not None:
                return identity_id
            return (await self._linking.settle(pool, None, shown.claims)).id
        asked = await self._merging.find(shown.own.identity_id)
        if asked is None:
            raise IdentityNotFound(shown.own.identity_id)
        await self._require_current(pool, asked, shown.own)
        return (await self._linking.settle(pool, asked, shown.claims, vouched=True)).id

    @step("identities.resolve")
    async def resolve(self, identity_id: str, logins: Mapping[str, str], *, is_classic: bool = False) -> Resolved:
        """Who this is, after what the logins link and merge; it may be another identity than that which was asked for.
        ``is_classic``: for a token in the classic flow, which a pool may not allow.

        Raises ``IdentityNotFound``; ``LoginRefused`` where a login is not good, where none is the identity's, and
        where a guest is none or there are none; ``LoginTaken``, ``ProviderAway``, ``InvalidParameter``.
        """
        asked, identity, pool = await self._opened(identity_id, logins)
        if is_classic:
            _require_classic(pool)
        shown = await self._shown(pool, logins, identity_id)
        if shown.is_nothing:
            if asked.had_login or identity.id != asked.id:
                await self._note_refused(identity)
                raise LoginRefused(Reason.IDENTITY_FORBIDDEN, identity_id=identity_id)
            if not pool.allows_guests:
                raise LoginRefused(Reason.GUESTS_NOT_SUPPORTED)
            return Resolved(identity=identity, pool=pool)
        if is_classic and any(each.kind == "saml" for each in shown.proven):
            raise InvalidParameter(Reason.CLASSIC_WITH_SAML)
        if shown.own is not None:
            await self._require_current(pool, identity, shown.own)
        try:
            settled = await self._linking.settle(pool, identity, shown.claims, vouched=shown.own is not None)
        except LoginRefused:
            await self._note_refused(identity)
            raise
        return Resolved(identity=settled, pool=pool, proven=shown.proven, own=shown.own)

    @step("identities.unlink")
    async def unlink(self, identity_id: str, logins: Mapping[str, str], providers: Sequence[str]) -> None:
        """These providers lead to the identity no more: whoever comes by one of them is new.

        Raises as ``resolve``, ``LoginRefused`` too where one of the providers is not linked, and ``InvalidParameter``
        for the developer's. Nothing is unlinked then.
        """
        _, identity, pool = await self._opened(identity_id, logins)
        if pool.developer_provider is not None and pool.developer_provider in providers:
            raise InvalidParameter(Reason.PUBLIC_PROVIDER_NEEDED)
        shown = await self._shown(pool, logins, identity_id)
        if shown.own is not None:
            await self._require_current(pool, identity, shown.own)
        held = await self._logins.of_identity(pool.id, identity.id)
        mine = {login.digest for login in held}
        if shown.own is None and not any(claim.digest in mine for claim in shown.claims):
            await self._note_refused(identity)
            raise LoginRefused
        wanted = {self._keys.canonical(name) for name in providers}
        leaving = [login for login in held if login.provider in wanted]
        if wanted != {login.provider for login in leaving}:
            raise LoginRefused
        await self.remove(pool, identity, leaving)

    async def remove(self, pool: IdentityPool, identity: Identity, leaving: Sequence[Login]) -> None:
        """These logins lead to the identity no more. Raises ``ConcurrentModification`` where it does not come to
        rest."""
        # First that they are its own, then that they lead there: a process that dies between has changed nothing.
        gone = {login.digest for login in leaving}
        await self._changed(identity.id, gone)
        for login in leaving:
            await self._remove_login(login, identity)
        await self.world.audit.note(
            "identity.unlinked",
            pool_id=pool.id,
            subject=identity.id,
            actor=by_identity(identity.id),
            facts={"providers": " ".join(sorted(login.provider for login in leaving))},
        )

    async def _changed(self, identity_id: str, gone: Collection[str]) -> None:
        for _ in range(TRIES):
            identity = await self._merging.find(identity_id)
            if identity is None:
                return
            kept = tuple(digest for digest in identity.claimed_by if digest not in gone)
            with suppress(VersionConflict):
                now = self.world.clock.now()
                await self._identities.save(replace(identity, claimed_by=kept, modified=now))
                return
        raise ConcurrentModification

    async def _remove_login(self, login: Login, identity: Identity) -> None:
        at: Login | None = login
        for _ in range(TRIES):
            if at is None or await self._logins.delete(at):
                return
            at = await self._logins.get(login.pool_id, login.digest)
            if at is not None:
                # It moved with its identity, or is somebody else's by now, and stays.
                owner, now = await self._merging.find(at.identity_id), await self._merging.find(identity.id)
                if owner is None or now is None or owner.id != now.id:
                    return
        raise ConcurrentModification

    async def _opened(self, identity_id: str, logins: Mapping[str, str]) -> tuple[Identity, Identity, IdentityPool]:
        """The identity that was asked for, who it is by now, and its pool. Raises ``IdentityNotFound``."""
        asked = await self._identities.get(identity_id)
        identity = None if asked is None else await self._merging.root(asked)
        with suppress(IdentityPoolNotFound):
            if asked is not None and identity is not None:
                return asked, identity, await self._pools.get(identity.pool_id)
            await self._set_free(asked or await self._identities.deleted(identity_id), logins)
        raise IdentityNotFound(identity_id)

    async def _set_free(self, deleted: Identity | None, logins: Mapping[str, str]) -> None:
        """What still leads to a deleted identity (it came there at the moment of the deletion) leads there no more, so
        that its user is somebody again with the next ``GetId``."""
        if deleted is None or not logins:
            return
        pool = await self._pools.get(deleted.pool_id)
        # What is not good is not looked at; the answer is the same.
        with suppress(PoolhouseError):
            shown = await self._shown(pool, logins, deleted.id)
            await self._linking.set_free(pool, shown.claims)

    async def _shown(self, pool: IdentityPool, logins: Mapping[str, str], identity_id: str | None = None) -> _Shown:
        """All of them are good. A token of ours has to be for ``identity_id``, if that is given; what a guest got from
        us proves nothing, and is left out."""
        public, token = self._keys.apart(logins)
        own = None if token is None else await self._proofs.prove_own(pool, token)
        if own is not None and (own.pool_id != pool.id or own.identity_id != (identity_id or own.identity_id)):
            raise LoginRefused
        if own is not None and _AUTHENTICATED not in own.amr:
            own = None
        proven = tuple(await self._proofs.prove(pool, public)) if public else ()
        return _Shown(proven=proven, claims=self._linking.claims(pool, proven), own=own)

    async def _require_current(self, pool: IdentityPool, identity: Identity, own: OwnToken) -> None:
        """A token of ours stands for the logins that it was given for: one of them has to be the identity's still.
        Raises ``LoginRefused``."""
        revoked = max(pool.revoked_before or 0.0, identity.revoked_before or 0.0)
        held = await self._logins.of_identity(pool.id, identity.id)
        named = {login.provider for login in held}
        if own.issued < revoked or named.isdisjoint(own.amr):
            await self._note_refused(identity)
            raise LoginRefused

    async def _note_refused(self, identity: Identity) -> None:
        # A guest's id is a secret, and nobody is refused with it but for want of guests.
        subject = identity.id if identity.had_login else None
        await self.world.audit.note("identity.refused", pool_id=identity.pool_id, subject=subject)


def _require_classic(pool: IdentityPool) -> None:
    if pool.allows_classic is False:
        raise InvalidParameter(Reason.CLASSIC_NOT_ENABLED)
    if pool.mappings:
        raise InvalidParameter(Reason.CLASSIC_WITH_ROLE_MAPPINGS)
