"""Tokens about to be signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from poolhouse.hooks.events.base import RequestEvent, Strings

TokenSource: TypeAlias = Literal[
    "TokenGeneration_HostedAuth",
    "TokenGeneration_Authentication",
    "TokenGeneration_NewPasswordChallenge",
    "TokenGeneration_AuthenticateDevice",
    "TokenGeneration_RefreshTokens",
    "TokenGeneration_ClientCredentials",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreToken(RequestEvent):
    """Tokens are about to be signed. ``source`` as in ``TokenGeneration_Authentication``.

    ``id_claims`` and ``access_claims`` are what will be signed; what identifies the user, the client, the issuer and
    the times cannot be changed (such changes are dropped). Groups are changed by ``groups``, ``roles`` and
    ``preferred_role``, scopes by ``scopes``; the claims follow them.
    """

    source: TokenSource
    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None
    scopes: tuple[str, ...] = ()
    id_claims: Mapping[str, Any] = field(default_factory=dict)
    access_claims: Mapping[str, Any] = field(default_factory=dict)
    client_metadata: Strings = field(default_factory=dict)
