"""Users come, are confirmed, are brought over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from poolhouse.hooks.events.base import RequestEvent, Strings

PreSignUpSource: TypeAlias = Literal["PreSignUp_SignUp", "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider"]
PostConfirmationSource: TypeAlias = Literal["PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"]
MigrationSource: TypeAlias = Literal["UserMigration_Authentication", "UserMigration_ForgotPassword"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreSignUp(RequestEvent):
    """A user is about to be made. ``source``: ``PreSignUp_SignUp``, ``_AdminCreateUser``, ``_ExternalProvider``.

    ``client_id`` is None where no app client is concerned.
    """

    source: PreSignUpSource
    pool_id: str
    client_id: str | None
    username: str
    attributes: Strings
    validation_data: Strings = field(default_factory=dict)
    client_metadata: Strings = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostConfirmation(RequestEvent):
    """A user is confirmed (or has a new password). ``source``: ``PostConfirmation_ConfirmSignUp``,
    ``PostConfirmation_ConfirmForgotPassword``. The change stays, whatever is answered."""

    source: PostConfirmationSource
    pool_id: str
    client_id: str | None
    username: str
    attributes: Strings
    client_metadata: Strings = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateUser(RequestEvent):
    """A name is unknown here. ``source``: ``UserMigration_Authentication`` (with the password that was given) or
    ``UserMigration_ForgotPassword`` (without)."""

    source: MigrationSource
    pool_id: str
    client_id: str
    username: str
    password: str | None = field(default=None, repr=False)
    validation_data: Strings = field(default_factory=dict)
    client_metadata: Strings = field(default_factory=dict)
