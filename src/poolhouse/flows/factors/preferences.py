"""Which second factors a user is asked for, and which of them without a choice: said by the user, or for the user."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, InvalidParameter, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory as Lookup
from poolhouse.flows.factors.first import FirstFactors
from poolhouse.flows.factors.known import ORDER, Factors
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.bearer import Bearer, Bearers
from poolhouse.flows.protection.lockout import Lockout, as_first
from poolhouse.hooks.views import Directory, Person
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import Users
from poolhouse.records.clients import Client
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class Wish(Struct, frozen=True):
    """What is said of a factor. Who prefers it has it asked for."""

    factor: str
    enabled: bool = False
    preferred: bool = False


class Shown(Struct, frozen=True):
    """``configured`` are the ways of the user to begin a sign-in."""

    user: User
    configured: tuple[str, ...]


class Preferences(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        factors: Factors,
        first: FirstFactors,
        bearers: Bearers,
        directory: Lookup,
        lockout: Lockout,
    ) -> None:
        super().__init__(world)
        self._users = users
        self._factors = factors
        self._first = first
        self._bearers = bearers
        self._directory = directory
        self._lockout = lockout

    @step("factors.prefer")
    async def set(self, access_token: str, wishes: Sequence[Wish]) -> None:
        """It is as the user wishes; what was not spoken of stays.

        Raises ``InvalidParameter`` for a factor that the user cannot be asked for, for two that are preferred, and for
        the last one of a user who needs one; ``ConcurrentModification``, and as ``Bearers.of``.
        """
        bearer = await self._bearers.of(access_token)
        changed = self._changed(bearer.pool, bearer.user, wishes)
        if _needed(bearer.pool) and bearer.user.mfa and not changed.mfa:
            raise InvalidParameter(Reason.LAST_FACTOR_NEEDED)
        await self._save(bearer.pool, bearer.user, changed, bearer.client)

    @step("factors.prefer_for")
    async def set_for(self, pool: Pool, username: str, wishes: Sequence[Wish]) -> None:
        """As ``set``, by an administrator: the way back for a lost factor, so the last one can go too, and wrong
        answers are forgotten; those to factors that no operation can name (a plugin's, recovery codes), too, whatever
        was said. Where everybody needs a factor and none is left, those that are switched off are
        forgotten with them: they would be asked for as long as they are there. Raises ``UserNotFound``."""
        user = await self._directory.require(pool, username)
        changed = self._changed(pool, user, wishes)
        if _needed(pool) and not changed.mfa:
            lost = {wish.factor for wish in wishes}
            changed = replace(changed, factors=tuple(each for each in changed.factors if each.factor not in lost))
        await self._save(pool, user, changed, None)
        for factor in (*(wish.factor for wish in wishes), *self._factors.wordless):
            await self._lockout.clear(pool.id, user.sub, factor)
            await self._lockout.clear(pool.id, user.sub, as_first(factor))

    @step("factors.take_away")
    async def take_away(self, pool: Pool, username: str, factor: str) -> None:
        """The user has nothing of this factor any more, not even set up in part, and can set it up anew; wrong answers
        are forgotten. Who has none has none after it. Raises ``UserNotFound``, ``ConcurrentModification``."""
        user = await self._directory.require(pool, username)
        left = replace(
            user,
            factors=tuple(each for each in user.factors if each.factor != factor),
            mfa=tuple(each for each in user.mfa if each != factor),
            preferred_mfa=None if user.preferred_mfa == factor else user.preferred_mfa,
        )
        await self._store(pool, user, left)
        await self._lockout.clear(pool.id, user.sub, factor)
        await self.world.audit.note("factor.deleted", pool_id=pool.id, subject=user.sub, facts={"factor": factor})

    @step("factors.show")
    async def show(self, access_token: str) -> Shown:
        """Raises as ``Bearers.of``."""
        bearer: Bearer = await self._bearers.of(access_token)
        return await self._shown(bearer.pool, bearer.user)

    async def show_for(self, pool: Pool, username: str) -> Shown:
        """Raises ``UserNotFound``."""
        return await self._shown(pool, await self._directory.require(pool, username))

    async def _shown(self, pool: Pool, user: User) -> Shown:
        return Shown(user, await self._first.of(pool, user, pool.first_factors))

    def _changed(self, pool: Pool, user: User, wishes: Sequence[Wish]) -> User:
        if sum(wish.preferred for wish in wishes) > 1:
            raise InvalidParameter(Reason.FACTORS_PREFERRED)
        person, directory = Person.of(user), Directory.of(pool)
        asked_for, preferred = set(user.mfa), user.preferred_mfa
        for wish in wishes:
            if wish.factor == WEB_AUTHN:
                continue
            if wish.enabled or wish.preferred:
                if not pool.offers(wish.factor) or not self._factors.is_held(wish.factor, directory, person):
                    raise InvalidParameter(Reason.FACTOR_NOT_HELD, factor=wish.factor)
                asked_for.add(wish.factor)
            else:
                asked_for.discard(wish.factor)
            if wish.preferred:
                preferred = wish.factor
            elif preferred == wish.factor:
                preferred = None
        return _with_passkey(
            pool, replace(user, mfa=tuple(sorted(asked_for, key=_place)), preferred_mfa=preferred), wishes
        )

    async def _store(self, pool: Pool, user: User, changed: User) -> None:
        if changed.recovery and not self._factors.standing(Directory.of(pool), Person.of(changed)).active:
            # There is nothing that they would stand in for.
            changed = replace(changed, recovery=None)
        if changed != user:
            try:
                await self._users.save(pool, replace(changed, modified=self.world.clock.now()))
            except VersionConflict:
                raise ConcurrentModification from None

    async def _save(self, pool: Pool, user: User, changed: User, client: Client | None) -> None:
        """``client`` is None for administrators."""
        await self._store(pool, user, changed)
        await self.world.audit.note(
            "factor.changed",
            pool_id=pool.id,
            client_id=client.id if client else None,
            subject=user.sub,
            actor=by_user(user.sub) if client else None,
            facts={
                "factors": ",".join((*changed.mfa, WEB_AUTHN) if changed.passkey_mfa else changed.mfa),
                "preferred": changed.preferred_mfa or "",
            },
        )


def _with_passkey(pool: Pool, user: User, wishes: Sequence[Wish]) -> User:
    """A passkey in place of a second factor is not the only one that a user has: who loses it would have no other way
    in. So it goes with the last of the others. Raises ``InvalidParameter``."""
    wish = next((wish for wish in wishes if wish.factor == WEB_AUTHN), None)
    if wish is not None and wish.enabled:
        if pool.passkeys is None or not pool.passkeys.instead or pool.mfa.mode == "OFF":
            raise InvalidParameter(Reason.PASSKEY_MFA_NOT_OFFERED)
        if not user.mfa:
            raise InvalidParameter(Reason.PASSKEY_MFA_NOT_ALONE)
    said = user.passkey_mfa if wish is None else wish.enabled
    return replace(user, passkey_mfa=said and bool(user.mfa))


def _needed(pool: Pool) -> bool:
    return pool.mfa.mode not in ("OFF", "OPTIONAL")


def _place(factor: str) -> tuple[int, str]:
    return (ORDER.index(factor) if factor in ORDER else len(ORDER), factor)
