"""A developer's own users: the back end says who they are, and its signature stands for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from poolhouse.errors import (
    ConcurrentModification,
    DeveloperUserNotFound,
    IdentityNotFound,
    InvalidParameter,
    LoginTaken,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.identities.digests import developer_id, login_digest
from poolhouse.flows.identities.identities import IdentityService, Resolved
from poolhouse.flows.identities.linking import Linking
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.merging import TRIES, Merging, require_room
from poolhouse.flows.identities.settings import check_principal_tags, is_tag_text
from poolhouse.flows.identities.tags import VALUE_LENGTH
from poolhouse.ports.identities import IdentityPools, LoginProofs, Logins, Proven
from poolhouse.records.identities import Identity, IdentityPool, Login, PrincipalTags

LONGEST_ID: Final = 1024
_CURSOR: Final = "developer-user-cursor"


class Known(Struct, frozen=True, kw_only=True):
    """An identity, and some of the developer's ids of its user. ``cursor`` is None where there are no more."""

    identity_id: str
    developer_ids: Sequence[str]
    cursor: str | None = None


class DeveloperIdentities(Flow):
    def __init__(
        self,
        world: World,
        pools: IdentityPools,
        logins: Logins,
        proofs: LoginProofs,
        merging: Merging,
        linking: Linking,
        identities: IdentityService,
        keys: LoginKeys,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._logins = logins
        self._proofs = proofs
        self._merging = merging
        self._linking = linking
        self._identities = identities
        self._keys = keys

    @step("identities.vouch")
    async def vouch(
        self,
        pool_id: str,
        identity_id: str | None,
        logins: Mapping[str, str],
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> Resolved:
        """Who the developer's user is: the identity that was given, or the user's own, or a new one. Logins of public
        providers beside it lead there, too. ``tags`` are those that the developer gives to the user.

        Raises ``IdentityPoolNotFound``; ``IdentityNotFound`` also for one of another pool; ``InvalidParameter`` where
        the developer's login is not there, or not of this pool, and for what can be no tag; ``DeveloperUserTaken``
        where the user has another identity than the one given; and as ``IdentityService.resolve`` for the public
        logins.
        """
        pool = await self._pools.get(pool_id)
        provider = pool.developer_provider
        public, own = self._keys.apart(logins)
        if provider is None:
            raise InvalidParameter(Reason.NO_DEVELOPER_PROVIDER)
        user = public.pop(provider, None)
        if user is None:
            raise InvalidParameter(Reason.DEVELOPER_LOGIN_MISSING)
        if own is not None:
            raise InvalidParameter(Reason.PUBLIC_PROVIDER_NEEDED)
        _require_form(user)
        _require_tags(provider, tags)
        asked = None if identity_id is None else await self._of_pool(pool, identity_id)
        proven = (_proven(pool, provider, user), *(await self._proofs.prove(pool, public) if public else ()))
        identity = await self._linking.settle(pool, asked, self._linking.claims(pool, proven), vouched=True)
        return Resolved(identity=identity, pool=pool, proven=proven)

    async def lookup(
        self, pool_id: str, identity_id: str | None, user: str | None, limit: int, cursor: str | None
    ) -> Known:
        """What belongs to the one that is given; both: that they belong together.

        Raises ``IdentityPoolNotFound``, ``IdentityNotFound``, ``DeveloperUserNotFound``; ``LoginTaken`` where the two
        do not belong together; ``InvalidParameter`` for neither, and for a cursor that is not ours.
        """
        pool = await self._pools.get(pool_id)
        if user is not None:
            _require_form(user)
            login = await self._login(pool, pool.developer_provider, user)
            owner = await self._owner(login)
            if identity_id is not None and (await self._of_pool(pool, identity_id)).id != owner.id:
                raise LoginTaken
            return Known(identity_id=identity_id or owner.id, developer_ids=(user,))
        if identity_id is None:
            raise InvalidParameter(Reason.LOOKUP_NEEDS_ONE)
        identity = await self._of_pool(pool, identity_id)
        held = await self._logins.of_identity(pool.id, identity.id)
        ids = sorted((login.linked, login.digest, developer_id(self.world.secrets, login)) for login in held)
        after = self._place(identity, cursor)
        page = [each for each in ids if each[2] is not None and (each[0], each[1]) > after]
        shown, last = page[:limit], page[min(limit, len(page)) - 1 : limit]
        following = self._cursor(identity, last[0][0], last[0][1]) if len(page) > limit else None
        return Known(
            identity_id=identity_id, developer_ids=[each[2] for each in shown if each[2] is not None], cursor=following
        )

    @step("identities.merge")
    async def merge(self, pool_id: str, provider: str, source: str, destination: str) -> str:
        """Both users are one identity: that of the destination, whose id is returned.

        Raises ``IdentityPoolNotFound``, ``DeveloperUserNotFound``; ``InvalidParameter`` for another developer
        provider; ``LoginTaken`` where their logins do not go together.
        """
        pool = await self._pools.get(pool_id)
        self._require_provider(pool, provider)
        for _ in range(TRIES):
            child = await self._owner(await self._login(pool, provider, source))
            parent = await self._owner(await self._login(pool, provider, destination))
            if child.id == parent.id:
                return parent.id
            held = [
                *await self._logins.of_identity(pool.id, child.id),
                *await self._logins.of_identity(pool.id, parent.id),
            ]
            require_room(held)
            try:
                return (await self._merging.merge(child, await self._merging.give_way(child, parent))).id
            except VersionConflict:
                continue
        raise ConcurrentModification

    @step("identities.unlink_developer")
    async def unlink(self, pool_id: str, identity_id: str, provider: str, user: str) -> None:
        """The developer's user leads to the identity no more, and is new next time. Raises as ``lookup``, and
        ``InvalidParameter`` for another developer provider."""
        pool = await self._pools.get(pool_id)
        self._require_provider(pool, provider)
        identity = await self._of_pool(pool, identity_id)
        login = await self._login(pool, provider, user)
        if (await self._owner(login)).id != identity.id:
            raise LoginTaken
        await self._identities.remove(pool, identity, [login])

    async def _of_pool(self, pool: IdentityPool, identity_id: str) -> Identity:
        """Who the identity is by now. Raises ``IdentityNotFound`` for one of another pool, too."""
        identity = await self._merging.find(identity_id)
        if identity is None or identity.pool_id != pool.id:
            raise IdentityNotFound(identity_id)
        return identity

    async def _login(self, pool: IdentityPool, provider: str | None, user: str) -> Login:
        """Raises ``DeveloperUserNotFound``."""
        digest = None if provider is None else login_digest(self.world.secrets, pool, provider, user)
        login = None if digest is None else await self._logins.get(pool.id, digest)
        if login is None:
            raise DeveloperUserNotFound
        return login

    async def _owner(self, login: Login) -> Identity:
        """Raises ``DeveloperUserNotFound`` where the identity is deleted."""
        owner = await self._merging.find(login.identity_id)
        if owner is None:
            raise DeveloperUserNotFound
        return owner

    def _require_provider(self, pool: IdentityPool, provider: str) -> None:
        if pool.developer_provider != provider:
            raise InvalidParameter(Reason.NO_DEVELOPER_PROVIDER)

    def _cursor(self, identity: Identity, linked: float, digest: str) -> str:
        return self.world.secrets.seal(_CURSOR, identity.id, f"{linked!r} {digest}".encode())

    def _place(self, identity: Identity, cursor: str | None) -> tuple[float, str]:
        """Where a page ended. Raises ``InvalidParameter`` for a cursor that we did not give for this identity."""
        if cursor is None:
            return (float("-inf"), "")
        try:
            linked, _, digest = self.world.secrets.open(_CURSOR, identity.id, cursor).decode().partition(" ")
        except ValueError:
            raise InvalidParameter(Reason.CURSOR_INVALID) from None
        return (float(linked), digest)


def _proven(pool: IdentityPool, provider: str, user: str) -> Proven:
    amr = (provider, f"{provider}:{pool.id}:{user}")
    return Proven(provider=provider, subject=user, app=pool.id, kind="developer", names=(provider,), amr=amr)


def _require_form(user: str) -> None:
    if not 1 <= len(user) <= LONGEST_ID:
        raise InvalidParameter(Reason.DEVELOPER_USER_FORM, most=LONGEST_ID)


def _require_tags(provider: str, tags: Mapping[str, str]) -> None:
    check_principal_tags(PrincipalTags(provider=provider, claims=dict(tags)))
    for key, value in tags.items():
        if not is_tag_text(value, VALUE_LENGTH):
            raise InvalidParameter(Reason.PRINCIPAL_TAG_INVALID, key=key)
