"""What is asked for by OAuth: the servers that tokens are for, and their scopes."""

from __future__ import annotations

from typing import Any

from poolhouse.records.base import Kept, StoredRecord


class ResourceScope(Kept, frozen=True, kw_only=True):
    """A right at a resource server. Clients call it ``<identifier of the server>/<name>``."""

    name: str
    description: str


class ResourceServer(StoredRecord, frozen=True, kw_only=True):
    """An API that takes tokens of the pool. ``identifier`` is its own name for itself, often a URL."""

    pool_id: str
    identifier: str
    name: str
    scopes: tuple[ResourceScope, ...] = ()

    @property
    def full_scopes(self) -> tuple[str, ...]:
        """As clients ask for them."""
        return tuple([f"{self.identifier}/{scope.name}" for scope in self.scopes])


class AuthorizationRequest(StoredRecord, frozen=True, kw_only=True):
    """What a client asked of the authorization endpoint: checked, and waiting for its user. ``handle`` is the digest of
    what the pages carry, ``browser`` that of the cookie of the browser in which it began (oidc.md A19).

    ``done`` names the interactions that are behind the user. ``subject`` is who it has to be, where the client said so.
    ``private`` is what the pages keep to themselves while the user is on them (sealed in the store).
    """

    handle: str
    pool_id: str
    client_id: str
    browser: str
    created: float
    expires: float
    redirect_uri: str
    redirect_uri_given: bool = True
    response_type: str = "code"
    response_mode: str = "query"
    scopes: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    login_hint: str | None = None
    locales: tuple[str, ...] = ()
    claims: dict[str, Any] = {}
    resources: tuple[str, ...] = ()
    identity_provider: str | None = None
    idp_identifier: str | None = None
    subject: str | None = None
    done: tuple[str, ...] = ()
    private: dict[str, Any] = {}
    adds_passkey: bool = False
    """The client sent its user on an errand: to add a passkey, or what ``adds_factor`` says. The user comes back
    without an answer, and nothing is given."""
    adds_factor: str | None = None
    """The second factor that the errand is for, or ``RECOVERY_CODE``; empty: one of the user's choice."""

    def __repr__(self) -> str:
        return f"AuthorizationRequest(client_id={self.client_id!r}, done={self.done!r})"


class AuthorizationCode(StoredRecord, frozen=True, kw_only=True):
    """A code by its digest, and all that it is bound to (oidc.md C2). ``used`` is when it was redeemed (None: not yet),
    ``grant_id`` what that gave: a second try ends it (C4). It is kept until the longest token made from it is over."""

    id: str
    pool_id: str
    client_id: str
    user_sub: str
    session: str
    """The id of the browser session it was given in."""
    redirect_uri: str
    redirect_uri_given: bool
    created: float
    expires: float
    kept_until: float
    """When nothing that it gave can be good any more."""
    auth_time: int
    scopes: tuple[str, ...] = ()
    nonce: str | None = None
    code_challenge: str | None = None
    claims: dict[str, Any] = {}
    resources: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    acr: str | None = None
    session_ends: float | None = None
    """The absolute limit of the session: what is given in it does not outlive it, unless the user agreed to that."""
    used: float | None = None
    grant_id: str | None = None
    replayed: bool = False
    """The client brought it a second time: what it gave has ended, or ends as soon as it stands."""

    def __repr__(self) -> str:
        return f"AuthorizationCode(client_id={self.client_id!r}, used={self.used!r})"


class Consent(StoredRecord, frozen=True, kw_only=True):
    """What a user lets a client have (oidc.md A20)."""

    pool_id: str
    user_sub: str
    client_id: str
    scopes: tuple[str, ...]
    created: float
    modified: float
