"""App clients."""

from __future__ import annotations

from typing import Any

from poolhouse.records.base import Kept, StoredRecord


class Rotation(Kept, frozen=True, kw_only=True):
    """Refresh-token rotation. ``grace`` seconds the replaced token still answers, with the same successor."""

    enabled: bool = False
    grace: int = 0


class ClientSecret(Kept, frozen=True, kw_only=True):
    """``sealed`` can be opened again by the secrets port: the owner may ask to see it."""

    id: str
    sealed: str
    created: float


class Client(StoredRecord, frozen=True, kw_only=True):
    """An app client. Validities are seconds, as they are after units; the units asked for are in ``kept``."""

    id: str
    pool_id: str
    name: str
    created: float
    modified: float
    secrets: tuple[ClientSecret, ...] = ()
    flows: tuple[str, ...] | None = None
    """``ExplicitAuthFlows`` as given; None or empty means the default set."""
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    access_validity: int = 3600
    id_validity: int = 3600
    refresh_validity: int = 30 * 86400
    session_validity: int = 180
    """Seconds that a step of a sign-in may take."""
    rotation: Rotation = Rotation()
    hides_users: bool = False
    """PreventUserExistenceErrors=ENABLED."""
    revocable: bool = True
    """EnableTokenRevocation."""
    callback_urls: tuple[str, ...] = ()
    logout_urls: tuple[str, ...] = ()
    default_redirect_uri: str | None = None
    oauth_enabled: bool = False
    oauth_flows: tuple[str, ...] = ()
    oauth_scopes: tuple[str, ...] = ()
    identity_providers: tuple[str, ...] = ()
    asks_consent: bool = False
    """Of somebody else: users are asked before it gets anything (oidc.md A20). The field's own clients never ask."""
    requires_pkce: bool | None = None
    """None: as a client of its kind has to, a public one always (P1)."""
    id_algorithm: str | None = None
    """What its ID tokens are signed with, where it chose that; None: with what the pool signs with."""
    backchannel_logout_uri: str | None = None
    """Where the client's server is told that a session ended. The field's API has no word for this and the next two:
    ``poolhouse clients set`` changes them."""
    frontchannel_logout_uri: str | None = None
    """What the browser loads, so that the client can clear what it keeps there."""
    frontchannel_session: bool = True
    """Whether issuer and ``sid`` are told with it."""
    kept: dict[str, Any] = {}
