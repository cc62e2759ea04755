"""A sign-in, from its beginning to its last proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from poolhouse.hooks.answers.sign_in import ChallengeResult
from poolhouse.hooks.events.base import RequestEvent, Strings


@dataclass(frozen=True, slots=True, kw_only=True)
class PreAuthentication(RequestEvent):
    """A sign-in begins; nothing is proven. ``user_not_found``: the name is unknown, and the client may not learn it."""

    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    validation_data: Strings = field(default_factory=dict)
    user_not_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineChallenge(RequestEvent):
    """A custom sign-in asks what comes next, given what was."""

    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    session: Sequence[ChallengeResult] = ()
    client_metadata: Strings = field(default_factory=dict)
    user_not_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateChallenge(RequestEvent):
    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    challenge: str
    session: Sequence[ChallengeResult] = ()
    client_metadata: Strings = field(default_factory=dict)
    user_not_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyChallenge(RequestEvent):
    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    private: Mapping[str, Any] = field(repr=False)
    answer: str = field(repr=False)
    client_metadata: Strings = field(default_factory=dict)
    user_not_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAuthentication(RequestEvent):
    """All proofs are there; tokens are not issued yet. ``new_device_used``: the client is on a device that is not known
    here; None where the pool does not tell devices apart."""

    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    client_metadata: Strings = field(default_factory=dict)
    new_device_used: bool | None = None
