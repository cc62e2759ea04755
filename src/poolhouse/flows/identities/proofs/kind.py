"""What every kind of login is, and the checks that several of them share (identity pools, section 4.2)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from poolhouse.errors import LoginRefused, ProviderAway
from poolhouse.errors.reasons import Reason
from poolhouse.hooks.context import Http, HttpAnswer, HttpFailed
from poolhouse.ports.identities import Proven
from poolhouse.records.identities import IdentityPool

GRACE: Final = 300
"""Seconds by which the clocks of others may differ from ours."""
CALL_SECONDS: Final = 5.0
LONGEST_SUBJECT: Final = 255
LONGEST_OPAQUE: Final = 4096
"""Characters of a token that only its provider can read."""


class Entry(Struct, frozen=True, kw_only=True):
    """One provider of one pool. ``key`` is canonical; ``apps`` are the app ids that its tokens may be made for: with
    none, no token is good. ``asks_server`` are those of a user pool whose users are asked about."""

    pool: IdentityPool
    key: str
    apps: tuple[str, ...]
    asks_server: frozenset[str] = frozenset()


class LoginKind(Protocol):
    async def prove(self, entry: Entry, value: str) -> Proven:
        """Whose login it is. Raises ``LoginRefused`` and ``ProviderAway``."""


# --- claims ----------------------------------------------------------------------------------------------------------


def require_issuer(claims: Mapping[str, Any], issuers: Collection[str]) -> str:
    """The issuer is one of these, to the letter. Raises ``LoginRefused``."""
    issuer = claims.get("iss")
    if issuer is None:
        raise LoginRefused(Reason.LOGIN_CLAIM_MISSING, claim="iss")
    if not isinstance(issuer, str) or issuer not in issuers:
        raise LoginRefused(Reason.LOGIN_ISSUER_DIFFERS)
    return issuer


def require_app(claims: Mapping[str, Any], apps: Collection[str], *, azp_first: bool = True) -> str:
    """The app id that the token was made for, as a whole one of these: by ``azp`` where it is there and
    ``azp_first``, by ``aud`` otherwise; of several audiences each has to be one. Raises ``LoginRefused``."""
    said = claims.get("aud")
    if said is None:
        raise LoginRefused(Reason.LOGIN_CLAIM_MISSING, claim="aud")
    if not apps:
        raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
    audiences = said if isinstance(said, list) else [said]
    if azp_first and "azp" in claims:
        audiences = [claims["azp"]]
    if not audiences or not all(isinstance(each, str) and each in apps for each in audiences):
        raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
    return str(audiences[0])


def require_time(claims: Mapping[str, Any], now: float, grace: float = GRACE) -> None:
    """The token has begun and is not over. Raises ``LoginRefused``."""
    expires = _instant(claims, "exp")
    if expires is None:
        raise LoginRefused(Reason.LOGIN_CLAIM_MISSING, claim="exp")
    if not now < expires + grace:
        raise LoginRefused(Reason.LOGIN_EXPIRED, now=int(now), exp=int(expires))
    for name in ("nbf", "iat"):
        begins = _instant(claims, name)
        if begins is not None and not begins <= now + grace:
            raise LoginRefused(Reason.LOGIN_TOO_EARLY)


def _instant(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise LoginRefused(Reason.LOGIN_INVALID, detail=f"{name} is no instant")
    return value


def require_subject(claims: Mapping[str, Any], name: str = "sub", longest: int = LONGEST_SUBJECT) -> str:
    """Who it is: a text that is not empty (security row 9). Raises ``LoginRefused``."""
    subject = claims.get(name)
    if subject is None:
        raise LoginRefused(Reason.LOGIN_CLAIM_MISSING, claim=name)
    if not is_sound(subject, longest):
        raise LoginRefused(Reason.LOGIN_INVALID, detail="no usable subject")
    return str(subject)


def is_sound(text: object, longest: int) -> bool:
    """A text of 1 to so many characters, without controls and halves of characters."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= longest
        and not any(character < " " or "\x7f" <= character <= "\x9f" for character in text)
        and not any("\ud800" <= character <= "\udfff" for character in text)
    )


def require_opaque(value: str) -> str:
    """What can be a token at all goes out, and nothing else: visible ASCII. Raises ``LoginRefused``."""
    if not 0 < len(value) <= LONGEST_OPAQUE or not value.isascii() or not value.isprintable() or " " in value:
        raise LoginRefused(Reason.LOGIN_INVALID, detail="no token")
    return value


# --- calls -----------------------------------------------------------------------------------------------------------


async def called(http: Http, url: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """The answer to a GET. Raises ``ProviderAway`` where there is none, or where it says that there will be one
    later."""
    try:
        answer = await http.request("GET", url, headers=headers, time_limit=CALL_SECONDS)
    except HttpFailed as failed:
        raise ProviderAway(detail=str(failed)) from failed
    if answer.status >= 500 or answer.status == 429 or 300 <= answer.status < 400:
        raise ProviderAway(detail=f"status {answer.status}")
    return answer


async def told(http: Http, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The JSON object of a provider that knows the token. Raises ``LoginRefused`` where it does not, ``ProviderAway``
    where it does not answer what it promises."""
    answer = await called(http, url, headers)
    if answer.status != 200:
        raise LoginRefused(Reason.LOGIN_INVALID, detail=f"status {answer.status}")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProviderAway(detail="no JSON") from error
    if not isinstance(said, dict):
        raise ProviderAway(detail="no object")
    if "error" in said:
        # Some say so with status 200 (CVE class of security row 9).
        raise LoginRefused(Reason.LOGIN_INVALID, detail="an error in the answer")
    return said
