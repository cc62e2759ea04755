"""How identities of identity pools come, by which logins, become one, get credentials, and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poolhouse.hooks.events.base import RequestEvent, Strings


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateLogin(RequestEvent):
    """Somebody brings a login of a provider that the pool has an ``app`` id for, and that none of ours knows.
    ``value`` is what the app sent as the login: nobody has looked at it."""

    pool_id: str
    provider: str
    app: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCreated(RequestEvent):
    """There is a new identity. ``providers`` names those whose logins lead to it; of a guest there are none. A guest's
    id is all that a guest has to show: keep it out of logs."""

    pool_id: str
    identity_id: str = field(repr=False)
    providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesMerged(RequestEvent):
    """Two identities are one: ``identity_id``. What was ``child_id`` is disabled, and whoever asks for it gets the
    other."""

    pool_id: str
    identity_id: str
    child_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDeleted(RequestEvent):
    """The identity is no more, and its logins are free. Those that had become a part of it are gone with it."""

    pool_id: str
    identity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowCredentials(RequestEvent):
    """An identity is about to get credentials of a role. ``providers`` are the logins that were proven, by name; a
    guest (``is_guest``) has none. ``tags`` are those that policies see as ``aws:PrincipalTag``. ``policies`` are
    session policies: each has to allow, too, what the role allows. ``seconds`` is how long the credentials will last.

    A policy may be added, and ``seconds`` be less; whatever else is changed stays as it is."""

    identity_id: str = field(repr=False)
    pool_id: str
    role_arn: str
    is_guest: bool
    providers: tuple[str, ...] = ()
    tags: Strings = field(default_factory=dict)
    policies: tuple[Mapping[str, Any], ...] = ()
    seconds: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCredentials(RequestEvent):
    """Credentials of a role are to be made for an identity, after all that limits them is known. ``backend`` says what
    the role is made for: ``local`` (ours), ``aws``, or ``s3:<name>``. ``token`` is a token of our own issuer that says
    who the identity is, for services that trust it; it is empty for ``local``."""

    identity_id: str = field(repr=False)
    pool_id: str
    role_arn: str
    backend: str
    session_name: str
    is_guest: bool
    tags: Strings = field(default_factory=dict)
    policies: tuple[Mapping[str, Any], ...] = ()
    seconds: int = 3600
    token: str = field(default="", repr=False)
