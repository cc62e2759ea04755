"""The one gate before every token, and at every use of one (security row 13)."""

from __future__ import annotations

from poolhouse.errors import (
    ClientNotFound,
    InvalidAccessToken,
    NotAuthorized,
    PasswordResetRequired,
    UserDisabled,
    UserNotConfirmed,
    UserNotFound,
)
from poolhouse.errors.reasons import Reason
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, EXTERNAL_PROVIDER, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, User


def require_usable(pool: Pool, client: Client, user: User | None) -> User:
    """The pool, the client and the user go together and are in a state in which tokens may be issued and used.

    Raises ``UserNotFound``, ``UserDisabled``, ``UserNotConfirmed``, ``PasswordResetRequired``, ``ClientNotFound``.
    """
    if client.pool_id != pool.id:
        raise ClientNotFound(client.id)
    if user is None or user.pool_id != pool.id:
        raise UserNotFound
    _require_able(user)
    if user.status == FORCE_CHANGE_PASSWORD:
        raise PasswordResetRequired
    return user


def require_able(user: User, now: float) -> None:
    """The user's state lets a sign-in go on. Asked only after the first proof, so that a wrong password tells nothing.
    What stands between a temporary password and tokens is a challenge, and is asked for later.

    Raises ``UserDisabled``, ``UserNotConfirmed``, ``PasswordResetRequired``, ``NotAuthorized``.
    """
    _require_able(user)
    if user.status == FORCE_CHANGE_PASSWORD and user.temporary_until is not None and not now < user.temporary_until:
        raise NotAuthorized(Reason.TEMPORARY_PASSWORD_EXPIRED)


def may_stay(user: User) -> bool:
    """Whether the user's state lets a session go on: nothing stands between the user and tokens."""
    return user.enabled and user.status in (CONFIRMED, EXTERNAL_PROVIDER)


def password_set(user: User) -> float | None:
    """When the password was set that the user has (epoch seconds); None: there is none."""
    return user.credential.set_at if user.credential else None


def _require_able(user: User) -> None:
    if not user.enabled:
        raise UserDisabled
    if user.status == RESET_REQUIRED:
        raise PasswordResetRequired
    if user.status not in (CONFIRMED, EXTERNAL_PROVIDER, FORCE_CHANGE_PASSWORD):
        raise UserNotConfirmed


def is_ended(grant: Grant | None, user: User) -> bool:
    """Whether what the grant once gave is no longer good: it is gone or revoked, or a global sign-out came after it."""
    return grant is None or grant.revoked or grant.user_sub != user.sub or grant.epoch != user.epoch


def require_living(grant: Grant | None, user: User) -> Grant:
    """Raises ``InvalidAccessToken``."""
    if grant is None or is_ended(grant, user):
        raise InvalidAccessToken(Reason.ACCESS_TOKEN_REVOKED)
    return grant
