"""What is still due before a client gets its answer: somebody who is signed in as it asked, and who agrees. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from poolhouse.errors import AssuranceUnmet, ConsentRequired, LoginRequired, OAuthError
from poolhouse.flows.grants.assurance import first_reachable, reaches
from poolhouse.flows.grants.claims import scope_of
from poolhouse.flows.grants.scopes import OFFLINE
from poolhouse.flows.grants.sessions import SignedIn
from poolhouse.flows.oauth.checks.request import is_of_device
from poolhouse.flows.oauth.interaction import Step
from poolhouse.flows.oauth.rules import rule
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest, Consent

_NEW_SIGN_IN = frozenset({Step.SIGN_IN.value, Step.SIGN_UP.value})
_CHOSEN = _NEW_SIGN_IN | {Step.CHOOSE_ACCOUNT.value}


@rule("A8", "A9", "A10", "A12", "A14")
def who(request: AuthorizationRequest, live: Sequence[SignedIn], now: float) -> SignedIn | Step:
    """Whom the answer is about, or what has to be done to know it. ``live`` are those who are signed in, the present
    account first.

    Raises ``LoginRequired`` where somebody else signed in than it has to be, ``AssuranceUnmet``.
    """
    behind = _NEW_SIGN_IN.intersection(request.done)
    if "create" in request.prompt and not behind:
        return Step.SIGN_UP
    if "select_account" in request.prompt and live and _CHOSEN.isdisjoint(request.done):
        return Step.CHOOSE_ACCOUNT
    fitting = [one for one in live if request.subject in (None, one.user.sub)]
    if not fitting:
        if live and Step.SIGN_IN.value in request.done:
            raise LoginRequired
        return Step.SIGN_IN
    present = fitting[0]
    if not _is_fresh(request, present, now) or _is_too_weak(request, present):
        return Step.SIGN_IN
    return present


def who_is_too_weak(request: AuthorizationRequest, live: Sequence[SignedIn], now: float) -> SignedIn | None:
    """Whoever of those who are signed in need but prove more to be whom ``who`` gives; None where that is nobody."""
    fitting = [one for one in live if request.subject in (None, one.user.sub)]
    try:
        if who(request, live, now) is not Step.SIGN_IN or not fitting or not _is_fresh(request, fitting[0], now):
            return None
        return fitting[0] if _is_too_weak(request, fitting[0]) else None
    except OAuthError:
        return None


def _signed_in_here(request: AuthorizationRequest, signed_in: SignedIn) -> bool:
    return Step.SIGN_IN.value in request.done and signed_in.session.auth_time >= int(request.created)


def _is_fresh(request: AuthorizationRequest, signed_in: SignedIn, now: float) -> bool:
    if _signed_in_here(request, signed_in):
        return True
    if "login" in request.prompt or request.max_age == 0:
        return False
    return request.max_age is None or int(now) - signed_in.session.auth_time <= request.max_age


def _is_too_weak(request: AuthorizationRequest, signed_in: SignedIn) -> bool:
    """Whether another sign-in is to reach more. A wish is tried once, and then what was reached has to do. Raises
    ``AssuranceUnmet`` for what was no wish."""
    reached, tried = signed_in.acr, _signed_in_here(request, signed_in)
    needed = essential_levels(request)
    if needed:
        if any(reaches(reached, level) for level in needed):
            return False
        if tried or first_reachable(needed) is None:
            raise AssuranceUnmet
        return True
    wish = first_reachable(request.acr_values)
    return wish is not None and not tried and "none" not in request.prompt and not reaches(reached, wish)


def essential_levels(request: AuthorizationRequest) -> tuple[str, ...]:
    """The levels of which one has to be reached; empty where any will do."""
    asked = (request.claims.get("id_token") or {}).get("acr") or {}
    if asked.get("essential") is not True:
        return ()
    values = asked.get("values", [asked["value"]] if "value" in asked else [])
    return tuple([value for value in values if isinstance(value, str)]) if isinstance(values, list) else ()


def level_said(request: AuthorizationRequest, reached: str) -> str:
    """How the level that was reached is called to this client: by the first of its own words that it satisfies."""
    for wanted in (*essential_levels(request), *request.acr_values):
        if reaches(reached, wanted):
            return wanted
    return reached


@rule("A20", "R9")
def agreement(
    request: AuthorizationRequest, client: Client, signed_in: SignedIn, consent: Consent | None
) -> Step | None:
    """``Step.CONSENT`` where the user has to be asked; None where the user has agreed, or need not."""
    if agreed_here(signed_in.user.sub) in request.done:
        return None
    if "consent" in request.prompt:
        return Step.CONSENT
    if not client.asks_consent:
        return None
    if is_of_device(request.redirect_uri):
        # Any app of the device can have taken the scheme: that the user agreed once says nothing about this one.
        return Step.CONSENT
    had = set(consent.scopes) if consent else set()
    return None if set(asked_of_user(request)) - {OFFLINE} <= had else Step.CONSENT


def agreed_here(sub: str) -> str:
    """How it stands in ``done`` that this user was asked."""
    return f"{Step.CONSENT.value}:{sub}"


def asked_of_user(request: AuthorizationRequest) -> tuple[str, ...]:
    """All that a user is asked for: the scopes, and those of the claims that are asked for one by one."""
    more = [scope_of(name) for asked in request.claims.values() for name in asked]
    return tuple(dict.fromkeys([*request.scopes, *[scope for scope in more if scope is not None]]))


@rule("A17")
def scopes_given(request: AuthorizationRequest, client: Client, consent: Consent | None) -> tuple[str, ...]:
    """What the answer is for. What goes on without the user needs that the user agreed to it, and a refresh token."""
    is_agreed = not client.asks_consent or (consent is not None and OFFLINE in consent.scopes)
    keeps = is_agreed and "code" in request.response_type.split()
    return tuple([scope for scope in request.scopes if scope != OFFLINE or keeps])


def claims_given(request: AuthorizationRequest, client: Client, consent: Consent | None) -> dict[str, Any]:
    """Of the claims that are asked for one by one those that belong to what the user agreed to."""
    if not client.asks_consent:
        return request.claims
    had = set(consent.scopes) if consent else set()
    return {
        place: {name: value for name, value in asked.items() if (scope_of(name) or "openid") in had}
        for place, asked in request.claims.items()
    }


@rule("A8")
def silently(step: Step) -> OAuthError:
    """What a client hears that asked for no page to be shown."""
    return ConsentRequired() if step is Step.CONSENT else LoginRequired()
