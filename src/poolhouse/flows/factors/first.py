"""By what a sign-in may begin where the user chooses (contract: authentication, 7.4): pure.

A password alone is a first proof always. A code alone is one where nothing more would be asked for: not in a pool in
which everybody needs two, and not of a user who has a second factor. It goes to a verified contact only: by it alone
somebody comes in.
"""

from __future__ import annotations

from poolhouse.flows.factors.factor import Factor
from poolhouse.flows.factors.known import Factors
from poolhouse.hooks.views import Directory, Person
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

PASSWORDS = ("PASSWORD", "PASSWORD_SRP")
_CONTACTS = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}
CODES = tuple(_CONTACTS)
_ORDER = (*PASSWORDS, *CODES)


class FirstFactors:
    """``alone`` are factors that are never a second one."""

    def __init__(self, factors: Factors, alone: tuple[Factor, ...] = ()) -> None:
        self._factors = factors
        self.alone = alone

    def offered(self, pool: Pool, client: Client, user: User | None) -> tuple[str, ...]:
        """What a client may offer, in the order in which it is shown. Where the client may not learn who exists, it is
        the same for everybody, so that a choice tells nothing of who has what."""
        every = tuple(way for way in _ORDER if _allows(pool, way))
        if user is None or client.hides_users:
            return every
        return tuple(way for way in every if self.can_begin(pool, user, way))

    def can_begin(self, pool: Pool, user: User | None, way: str) -> bool:
        """Whether this user may begin so."""
        if user is None or not _allows(pool, way):
            return False
        if way in PASSWORDS:
            return user.credential is not None
        standing = self._factors.standing(Directory.of(pool), Person.of(user))
        return user.enabled and user.has_verified(_CONTACTS[way]) and not standing.active


def begins_by_code(pool: Pool) -> bool:
    """Whether somebody can come in without a password, who has none."""
    return any(_allows(pool, way) for way in _CONTACTS)


def _allows(pool: Pool, way: str) -> bool:
    if way in PASSWORDS:
        return "PASSWORD" in pool.first_factors
    return way in _CONTACTS and way in pool.first_factors and pool.mfa.mode in ("OFF", "OPTIONAL")
