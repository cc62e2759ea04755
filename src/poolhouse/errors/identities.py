"""What goes wrong with identity pools, roles and temporary credentials."""

from __future__ import annotations

from poolhouse.errors.base import Failed, PoolhouseError
from poolhouse.errors.reasons import Reason


class IdentityPoolNotFound(PoolhouseError):
    usual = Reason.IDENTITY_POOL_NOT_FOUND

    def __init__(self, pool_id: str) -> None:
        super().__init__(pool_id=pool_id)


class IdentityNotFound(PoolhouseError):
    usual = Reason.IDENTITY_NOT_FOUND

    def __init__(self, identity_id: str) -> None:
        super().__init__(identity_id=identity_id)


class LoginRefused(PoolhouseError):
    """A login is not good, or not here; or the identity is not for who asks."""

    usual = Reason.LOGINS_DO_NOT_MATCH


class LoginTaken(PoolhouseError):
    """The login belongs to somebody else, or the identity has another of this provider."""

    usual = Reason.LOGIN_TAKEN


class DeveloperUserNotFound(PoolhouseError):
    usual = Reason.DEVELOPER_USER_NOT_FOUND


class DeveloperUserTaken(PoolhouseError):
    usual = Reason.DEVELOPER_USER_TAKEN


class NoRole(PoolhouseError):
    """The pool has no role for this identity, or none that it may take."""

    usual = Reason.NO_ROLE


class ProviderAway(Failed):
    """A provider outside did not answer in time, or not with what it promises."""

    usual = Reason.PROVIDER_AWAY
