"""How identities of identity pools come, become one, and go."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolhouse.hooks.events.base import RequestEvent


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
