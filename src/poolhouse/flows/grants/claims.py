"""What tokens say (OpenID Connect Core 1.0 section 2, RFC 9068 in spirit, and the field's ``cognito:`` claims).

Pure: values in, claims out. Signing is elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct

from poolhouse.flows.directory.formats import whole
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.directory.values import readable
from poolhouse.hooks.events.grants import PreToken, TokenSource
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.groups import Group
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

EXACT = 2**53
"""From here on readers of JSON round whole numbers; such a value stays text."""
ADMIN_SCOPE = "aws.cognito.signin.user.admin"
_SCOPE_OF = {
    "email": "email",
    "email_verified": "email",
    "phone_number": "phone",
    "phone_number_verified": "phone",
}
"""Which scope an attribute needs; every other one, custom ones too, is of the profile."""
_OF_PROFILE_PARTS = frozenset({"email", "phone", "profile"})
_FIXED = frozenset(
    [
        "acr",
        "amr",
        "at_hash",
        "auth_time",
        "azp",
        "c_hash",
        "exp",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "s_hash",
        "sid",
        "sub",
        "token_use",
        "identities",
        "cognito:username",
        "cognito:groups",
        "cognito:roles",
        "cognito:preferred_role",
    ]
)
FIXED_ID = _FIXED | {"aud"}
FIXED_ACCESS = _FIXED | {"client_id", "username", "device_key", "event_id", "version", "scope"}


HOSTED_VERSION = 2
"""What the field says in access tokens of its OAuth endpoints."""
_OF_NO_SCOPE = frozenset({"acr", "amr", "auth_time", "nonce", "sid", "sub"})
"""Claims that can be asked for by name, and are no attributes."""


class Hosted(Struct, frozen=True, kw_only=True):
    """What tokens of the authorization endpoint say beside those of the JSON API. ``session`` is the browser session,
    ``auth_time`` when its user last proved who they are, ``session_ends`` its absolute limit (epoch seconds; None: no
    matter). ``code`` is what an ID token travels with; ``claims`` are asked for one by one."""

    session: str
    auth_time: int
    session_ends: float | None = None
    nonce: str | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    sid: str | None = None
    code: str | None = None
    claims: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Hosted(acr={self.acr!r})"

    @property
    def said(self) -> dict[str, Any]:
        """Of the ID token."""
        said = {"nonce": self.nonce, "acr": self.acr, "amr": list(self.amr) or None, "sid": self.sid}
        return {name: value for name, value in said.items() if value is not None}


class Issue(Struct, frozen=True):
    """All that two tokens are made of. ``jti`` are the ids of the ID and the access token, ``access_seconds`` the life
    of the latter (None: as the client has it). ``hosted`` is None for what the JSON API gives, and at a refresh."""

    pool: Pool
    client: Client
    user: User
    grant: Grant
    issuer: str
    now: int
    id_jti: str
    access_jti: str
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None
    access_seconds: int | None = None
    hosted: Hosted | None = None

    @property
    def access_validity(self) -> int:
        """Seconds."""
        return self.client.access_validity if self.access_seconds is None else self.access_seconds


def scope_of(name: str) -> str | None:
    """The scope that a claim of this name needs. None for one that is no attribute."""
    return None if name in _OF_NO_SCOPE else _SCOPE_OF.get(name, "profile")


def attribute_claims(
    pool: Pool, client: Client, user: User, scopes: Sequence[str] = (), named: Collection[str] = ()
) -> dict[str, Any]:
    """The attributes that the client may read, in the types that OpenID Connect gives them: those that the ``scopes``
    are for (section 5.4), or all where they name no part of them. Those that are ``named`` one by one (section 5.5) are
    given beside them, where the client may have the scope that they are of."""
    allowed = readable(pool, client)
    names_parts = not _OF_PROFILE_PARTS.isdisjoint(scopes)
    more = [name for name in named if scope_of(name) in client.oauth_scopes]
    claims: dict[str, Any] = {}
    for key, value in user.attributes.items():
        if key not in allowed:
            continue
        if names_parts and _SCOPE_OF.get(key, "profile") not in scopes and key not in more:
            continue
        if key in ("email_verified", "phone_number_verified"):
            claims[key] = value == "true"
        elif key == "address":
            claims[key] = {"formatted": value}
        elif key == "updated_at" and (seconds := whole(value)) is not None and abs(seconds) < EXACT:
            claims[key] = seconds
        else:
            claims[key] = value
    return claims


def group_claims(groups: Sequence[Group]) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Names, roles, and the preferred role: that of the lowest precedence, None when a tie has different roles."""
    ranked = [group for group in groups if group.role_arn]
    roles = tuple(dict.fromkeys(group.role_arn for group in ranked if group.role_arn))
    best = min((group.precedence for group in ranked if group.precedence is not None), default=None)
    first = {group.role_arn for group in ranked if group.precedence == best} if ranked else set()
    return tuple(group.name for group in groups), roles, first.pop() if len(first) == 1 else None


def first_draft(issue: Issue, *, source: TokenSource, metadata: Mapping[str, str]) -> PreToken:
    """The claims before any plugin sees them, without those that no plugin may change."""
    return PreToken(
        source=source,
        pool_id=issue.pool.id,
        client_id=issue.client.id,
        username=issue.user.username,
        attributes=attributes_for_hooks(issue.user),
        groups=issue.groups,
        roles=issue.roles,
        preferred_role=issue.preferred_role,
        scopes=issue.grant.scopes,
        id_claims=attribute_claims(issue.pool, issue.client, issue.user, issue.grant.scopes, _named(issue.grant)),
        access_claims={},
        client_metadata=metadata,
    )


def unamended(issue: Issue) -> tuple[dict[str, Any], dict[str, Any]]:
    """The claims of the ID and of the access token where no plugin is to see them first: what ``id_token`` and
    ``access_token`` make of ``first_draft``, made at once."""
    user, client, grant = issue.user, issue.client, issue.grant
    claims = attribute_claims(issue.pool, client, user, grant.scopes, _named(grant))
    if not FIXED_ID.isdisjoint(claims):
        claims = {key: value for key, value in claims.items() if key not in FIXED_ID}
    claims |= _common(issue, issue.id_jti, "id", client.id_validity)
    claims["aud"] = client.id
    claims["cognito:username"] = user.username
    if issue.hosted is not None:
        claims |= issue.hosted.said
    access = _common(issue, issue.access_jti, "access", issue.access_validity)
    access["client_id"] = client.id
    access["username"] = user.username
    access["scope"] = " ".join(dict.fromkeys(grant.scopes))
    if grant.session is not None:
        access["version"] = HOSTED_VERSION
    if grant.device_key is not None:
        access["device_key"] = grant.device_key
    if issue.groups:
        claims["cognito:groups"] = access["cognito:groups"] = list(issue.groups)
    if issue.roles:
        claims["cognito:roles"] = list(issue.roles)
    if issue.preferred_role:
        claims["cognito:preferred_role"] = issue.preferred_role
    return claims, access


def id_token(issue: Issue, draft: PreToken) -> dict[str, Any]:
    claims = {key: value for key, value in draft.id_claims.items() if key not in FIXED_ID}
    claims |= _common(issue, issue.id_jti, "id", issue.client.id_validity)
    claims["aud"] = issue.client.id
    claims["cognito:username"] = issue.user.username
    if issue.hosted is not None:
        claims |= issue.hosted.said
    claims |= _groups(draft)
    if draft.roles:
        claims["cognito:roles"] = list(draft.roles)
    if draft.preferred_role:
        claims["cognito:preferred_role"] = draft.preferred_role
    return claims


def own_claims(client: Client, draft: PreToken) -> dict[str, Any]:
    """What plugins added to an access token, without what they may not change."""
    claims = {key: value for key, value in draft.access_claims.items() if key not in FIXED_ACCESS}
    # RFC 8707 aside, an audience can only be the client itself.
    if claims.get("aud", client.id) != client.id:
        del claims["aud"]
    return claims


def access_token(issue: Issue, draft: PreToken) -> dict[str, Any]:
    claims = own_claims(issue.client, draft)
    claims |= _common(issue, issue.access_jti, "access", issue.access_validity)
    claims["client_id"] = issue.client.id
    claims["username"] = issue.user.username
    if issue.grant.device_key is not None:
        claims["device_key"] = issue.grant.device_key
    claims["scope"] = " ".join(sound_scopes(issue.grant.scopes, draft.scopes))
    if issue.grant.session is not None:
        claims["version"] = HOSTED_VERSION
    claims |= _groups(draft)
    return claims


def settled(draft: PreToken, amended: PreToken) -> PreToken:
    """The amended event, with who and where as they were."""
    return replace(
        amended,
        pool_id=draft.pool_id,
        client_id=draft.client_id,
        username=draft.username,
        attributes=draft.attributes,
        origin=draft.origin,
    )


def _common(issue: Issue, jti: str, use: str, validity: int) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "sub": issue.user.sub,
        "iss": issue.issuer,
        "token_use": use,
        "auth_time": issue.grant.auth_time,
        "iat": issue.now,
        "exp": issue.now + validity,
        "event_id": issue.grant.id,
    }
    if issue.client.revocable:
        claims["jti"] = jti
        claims["origin_jti"] = issue.grant.family
    return claims


def _named(grant: Grant) -> Collection[str]:
    return grant.claims.get("id_token", ()) if grant.claims else ()


def _groups(draft: PreToken) -> dict[str, Any]:
    return {"cognito:groups": list(draft.groups)} if draft.groups else {}


def sound_scopes(granted: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Plugins may add scopes, but not reserved ones that were not granted (security row 44), nor with white space."""
    return [
        scope
        for scope in dict.fromkeys(asked)
        if scope.split() == [scope] and (scope in granted or not scope.startswith("aws.cognito."))
    ]
