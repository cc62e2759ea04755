"""By what a sign-in may begin where the user chooses (contract: authentication, 7.4).

A password alone is a first proof always. A code alone is one where nothing more would be asked for: not in a pool in
which everybody needs two, and not of a user who has a second factor. It goes to a verified contact only: by it alone
somebody comes in. A passkey is one as a code is; where pool and user take it for both factors, of everybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.flows.factors.factor import Factor
from poolhouse.flows.factors.known import Factors
from poolhouse.hooks.views import Directory, Person
from poolhouse.ports.factors import Passkeys
from poolhouse.records.clients import Client
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

PASSWORDS = ("PASSWORD", "PASSWORD_SRP")
_CONTACTS = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
CODES = tuple(_CONTACTS)
_ORDER = (*PASSWORDS, *CODES, WEB_AUTHN)


class FirstFactors:
    """``alone`` are factors that are never a second one."""

    def __init__(self, factors: Factors, passkeys: Passkeys, alone: tuple[Factor, ...] = ()) -> None:
        self._factors = factors
        self._passkeys = passkeys
        self.alone = alone

    async def offered(self, pool: Pool, client: Client, user: User | None) -> tuple[str, ...]:
        """What a client may offer, in the order in which it is shown. Where the client may not learn who exists, it is
        the same for everybody, so that a choice tells nothing of who has what."""
        every = ways_of(pool)
        if user is None or client.hides_users:
            return every
        return await self.of(pool, user, every)

    async def of(self, pool: Pool, user: User, ways: Sequence[str]) -> tuple[str, ...]:
        """Those by which this user can begin, now."""
        possible = tuple(way for way in ways if self.can_begin(pool, user, way))
        if WEB_AUTHN not in possible or await self._has_passkey(pool, user):
            return possible
        return tuple(way for way in possible if way != WEB_AUTHN)

    def can_begin(self, pool: Pool, user: User | None, way: str) -> bool:
        """Whether this user may begin so; of passkeys, if they have one."""
        if user is None or not _allows(pool, way):
            return False
        if way in PASSWORDS:
            return user.credential is not None
        standing = self._factors.standing(Directory.of(pool), Person.of(user))
        if way == WEB_AUTHN:
            return user.enabled and (standing.passkey or (_needs_none(pool) and not standing.active))
        return user.enabled and user.has_verified(_CONTACTS[way]) and not standing.active

    def seconds(self, pool: Pool, user: User) -> tuple[str, ...]:
        """The second factors that this user can be asked for."""
        return self._factors.standing(Directory.of(pool), Person.of(user)).active

    async def _has_passkey(self, pool: Pool, user: User) -> bool:
        policy = pool.passkey_policy
        rp_id = policy.rp_id if policy else None
        return any(passkey.rp_id == rp_id for passkey in await self._passkeys.of(pool.id, user.sub))


def ways_of(pool: Pool) -> tuple[str, ...]:
    """By what a sign-in may begin here, whoever it is."""
    return tuple([way for way in _ORDER if _allows(pool, way)])


def begins_by_code(pool: Pool) -> bool:
    """Whether somebody can come in without a password, who has none."""
    return any(_allows(pool, way) for way in _CONTACTS)


def _allows(pool: Pool, way: str) -> bool:
    if way in PASSWORDS:
        return "PASSWORD" in pool.first_factors
    if way not in pool.first_factors:
        return False
    if way == WEB_AUTHN:
        policy = pool.passkey_policy
        return policy is not None and (policy.instead or _needs_none(pool))
    return way in _CONTACTS and _needs_none(pool)


def _needs_none(pool: Pool) -> bool:
    """Whether users may do without a second factor."""
    return pool.mfa.mode in ("OFF", "OPTIONAL")
