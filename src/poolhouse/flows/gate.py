"""The one gate before every token, and at every use of one (security row 13)."""

from __future__ import annotations

from poolhouse.errors import (
    ClientNotFound,
    InvalidAccessToken,
    PasswordResetRequired,
    UserDisabled,
    UserNotConfirmed,
    UserNotFound,
)
from poolhouse.records import (
    CONFIRMED,
    EXTERNAL_PROVIDER,
    FORCE_CHANGE_PASSWORD,
    RESET_REQUIRED,
    UNCONFIRMED,
    Client,
    Grant,
    Pool,
    User,
)


def require_usable(pool: Pool, client: Client, user: User | None) -> User:
    """The pool, the client and the user go together and are in a state in which tokens may be issued and used.

    Raises ``UserNotFound``, ``UserDisabled``, ``UserNotConfirmed``, ``PasswordResetRequired``, ``ClientNotFound``.
    """
    if client.pool_id != pool.id:
        raise ClientNotFound(client.id)
    if user is None or user.pool_id != pool.id:
        raise UserNotFound
    if not user.enabled:
        raise UserDisabled
    if user.status == UNCONFIRMED:
        raise UserNotConfirmed
    if user.status in (RESET_REQUIRED, FORCE_CHANGE_PASSWORD):
        raise PasswordResetRequired
    if user.status not in (CONFIRMED, EXTERNAL_PROVIDER):
        raise UserNotConfirmed
    return user


def is_ended(grant: Grant | None, user: User) -> bool:
    """Whether what the grant once gave is no longer good: it is gone or revoked, or a global sign-out came after it."""
    return grant is None or grant.revoked or grant.user_sub != user.sub or grant.epoch != user.epoch


def require_living(grant: Grant | None, user: User) -> Grant:
    """Raises ``InvalidAccessToken``."""
    if grant is None or is_ended(grant, user):
        raise InvalidAccessToken("Access Token has been revoked")
    return grant
