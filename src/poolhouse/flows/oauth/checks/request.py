"""All else that is checked of an authorization request, one check after the other. What is wrong here is sent to the
client (oidc.md E2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from poolhouse.errors import (
    InvalidRequest,
    InvalidScope,
    OAuthError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.settings import LOCAL_PROVIDER
from poolhouse.flows.grants.scopes import asked_for, at_authorization
from poolhouse.flows.oauth.checks.stages import Draft
from poolhouse.flows.oauth.rules import rule
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest

Check = Callable[[Draft], Draft]

RESPONSE_TYPES: Final = (
    frozenset({"code"}),
    frozenset({"token"}),
    frozenset({"id_token"}),
    frozenset({"id_token", "token"}),
    frozenset({"code", "id_token"}),
    frozenset({"code", "token"}),
    frozenset({"code", "id_token", "token"}),
)
PROMPTS: Final = ("none", "login", "consent", "select_account", "create")
LONGEST_MAX_AGE: Final = 10 * 365 * 86400
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_WORDS: Final = 16
"""Words of a list that are looked at; the rest of it is nobody's wish."""
_WEB: Final = ("http", "https")
_NOT_SERVED: Final[Mapping[str, type[OAuthError]]] = {
    "request": RequestNotSupported,
    "request_uri": RequestUriNotSupported,
    "registration": RegistrationNotSupported,
}


def _with(draft: Draft, **changes: Any) -> Draft:
    return Draft(draft.settled, draft.ground, draft.words, replace(draft.request, **changes))


@rule("G6", "G8")
def whole(draft: Draft) -> Draft:
    """Nothing came twice or is too long. Raises ``InvalidRequest``."""
    for reason in draft.settled.asked.faults.values():
        raise InvalidRequest(reason)
    return draft


@rule("A18")
def nothing_that_is_not_served(draft: Draft) -> Draft:
    """Raises ``RequestNotSupported``, ``RequestUriNotSupported``, ``RegistrationNotSupported``."""
    for name, kind in _NOT_SERVED.items():
        if draft.parameter(name) is not None:
            raise kind
    return draft


@rule("A3", "G3")
def response_type(draft: Draft) -> Draft:
    """Raises ``InvalidRequest`` where it is missing, ``UnsupportedResponseType``, ``UnauthorizedClient``."""
    if not draft.words:
        raise InvalidRequest(Reason.OAUTH_PARAMETER_MISSING, name="response_type")
    if draft.words not in RESPONSE_TYPES:
        raise UnsupportedResponseType
    require_allowed(draft.words, draft.settled.client, implicit=draft.ground.implicit)
    return _with(draft, response_type=" ".join(sorted(draft.words)))


@rule("G3")
def require_allowed(words: frozenset[str], client: Client, *, implicit: bool) -> None:
    """The client may have an answer of this type. Raises ``UnsupportedResponseType`` where nobody may,
    ``UnauthorizedClient``."""
    needed = {"code"} & words
    if words - {"code"}:
        if not implicit:
            raise UnsupportedResponseType
        needed |= {"implicit"}
    if not client.oauth_enabled or not needed <= set(client.oauth_flows):
        raise UnauthorizedClient(Reason.OAUTH_RESPONSE_TYPE_NOT_ALLOWED)


@rule("P1", "P2", "P3", "R9")
def pkce(draft: Draft) -> Draft:
    """Raises ``InvalidRequest`` where there is no proof and the client needs one, and for any other than S256."""
    challenge, method = draft.parameter("code_challenge"), draft.parameter("code_challenge_method")
    if challenge is None and method is None:
        if "code" in draft.words and needs_pkce(draft.settled.client, draft.request.redirect_uri):
            raise InvalidRequest(Reason.OAUTH_PKCE_MISSING)
        return draft
    if challenge is None or method != "S256":
        # A challenge without a method means "plain" (RFC 7636 section 4.3).
        raise InvalidRequest(Reason.OAUTH_PKCE_METHOD)
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest(Reason.OAUTH_PKCE_CHALLENGE)
    return _with(draft, code_challenge=challenge)


def needs_pkce(client: Client, redirect_uri: str) -> bool:
    """A public client always does, unless an operator said otherwise; an app of a device does, whatever was said."""
    if is_of_device(redirect_uri):
        return True
    return not client.secrets if client.requires_pkce is None else client.requires_pkce


def is_of_device(redirect_uri: str) -> bool:
    """Whether the address leads to an app of the device, and not to a web server."""
    return redirect_uri.partition(":")[0].lower() not in _WEB


@rule("A4")
def scope(draft: Draft) -> Draft:
    """Raises ``InvalidScope`` where something is asked for that the client may not have, or that is not there."""
    asked = asked_for(draft.parameter("scope"))
    scopes = at_authorization(asked, draft.settled.client, draft.ground.living)
    if "id_token" in draft.words and "openid" not in scopes:
        raise InvalidScope
    return _with(draft, scopes=scopes)


@rule("A7")
def nonce(draft: Draft) -> Draft:
    """Raises ``InvalidRequest`` where an ID token was asked for of this endpoint, and none is there to bind it."""
    given = draft.parameter("nonce")
    if given is None and "id_token" in draft.words:
        raise InvalidRequest(Reason.OAUTH_NONCE_MISSING)
    return _with(draft, nonce=given)


@rule("A8")
def prompt(draft: Draft) -> Draft:
    """Raises ``InvalidRequest``."""
    words = tuple(dict.fromkeys((draft.parameter("prompt") or "").split()))
    if not set(words) <= set(PROMPTS) or ("none" in words and len(words) > 1):
        raise InvalidRequest(Reason.OAUTH_PROMPT_INVALID)
    return _with(draft, prompt=words)


@rule("A9")
def max_age(draft: Draft) -> Draft:
    """Raises ``InvalidRequest``."""
    text = draft.parameter("max_age")
    if text is None:
        return draft
    if not _WHOLE.fullmatch(text):
        raise InvalidRequest(Reason.OAUTH_MAX_AGE_INVALID)
    return _with(draft, max_age=int(text))


@rule("A10")
def assurance(draft: Draft) -> Draft:
    return _with(draft, acr_values=_list(draft, "acr_values"))


@rule("A14")
def claims(draft: Draft) -> Draft:
    """What is not understood in it is ignored. Raises ``InvalidRequest`` where it is not what it has to be."""
    text = draft.parameter("claims")
    if text is None:
        return draft
    try:
        said = msgspec.json.decode(text.encode("utf-8", "strict"), type=dict[str, Any])
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise InvalidRequest(Reason.OAUTH_CLAIMS_INVALID) from None
    kept: dict[str, Any] = {}
    for place in ("userinfo", "id_token"):
        asked = said.get(place)
        if asked is None:
            continue
        if not isinstance(asked, dict) or not all(value is None or isinstance(value, dict) for value in asked.values()):
            raise InvalidRequest(Reason.OAUTH_CLAIMS_INVALID)
        kept[place] = asked
    return _with(draft, claims=kept)


@rule("A12", "A14")
def subject(draft: Draft) -> Draft:
    """Who it has to be: whom the hint was given to, or whose ``sub`` is asked for. Raises ``InvalidRequest`` for a hint
    that is not good where nobody can be asked, and where the two differ."""
    ground, request = draft.ground, draft.request
    if ground.has_bad_hint and "none" in request.prompt:
        raise InvalidRequest(Reason.OAUTH_HINT_INVALID)
    wanted = {value for value in (ground.hinted, *_subjects(request)) if value is not None}
    if len(wanted) > 1:
        raise InvalidRequest(Reason.OAUTH_HINT_INVALID)
    return _with(draft, subject=wanted.pop() if wanted else None)


def _subjects(request: AuthorizationRequest) -> list[str]:
    found = []
    for asked in request.claims.values():
        value = (asked.get("sub") or {}).get("value")
        if isinstance(value, str):
            found.append(value)
    return found


@rule("A11", "A13")
def wishes(draft: Draft) -> Draft:
    """What can only help: nothing of it is an error."""
    hint = draft.parameter("login_hint")
    locales = [*_list(draft, "ui_locales"), *_list(draft, "lang")]
    return _with(draft, login_hint=hint, locales=tuple(locales[:_WORDS]))


def provider(draft: Draft) -> Draft:
    """As Cognito spells it. Raises ``InvalidRequest`` for a provider that the pool has not."""
    name = draft.parameter("identity_provider")
    if name is not None and name != LOCAL_PROVIDER:
        raise InvalidRequest(Reason.OAUTH_PROVIDER_UNKNOWN)
    return _with(draft, identity_provider=name, idp_identifier=draft.parameter("idp_identifier"))


def _list(draft: Draft, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((draft.parameter(name) or "").split()))[:_WORDS]


CHECKS: Final[tuple[Check, ...]] = (
    whole,
    nothing_that_is_not_served,
    response_type,
    pkce,
    scope,
    nonce,
    prompt,
    max_age,
    assurance,
    claims,
    subject,
    wishes,
    provider,
)
"""In this order: what comes first is what the client hears of."""


@rule("A2", "E2")
def checked(draft: Draft) -> AuthorizationRequest:
    """The request, all of it checked. Raises ``OAuthError``, the first that a check has."""
    for check in CHECKS:
        draft = check(draft)
    return draft.request
