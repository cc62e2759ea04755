"""Who asks, and where and how the answer travels. What is wrong here is shown to the user and sent to nobody (oidc.md
E1)."""

from __future__ import annotations

import re
from typing import Final

from poolhouse.errors import AuthorizationClientUnknown, InvalidRequest, RedirectMismatch, UnauthorizedClient
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.checks.stages import Addressed, Asked, Settled
from poolhouse.flows.oauth.rules import rule
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool

CLIENT_ID: Final = re.compile(r"[\w+]{1,128}", re.ASCII)
MODES: Final = ("query", "fragment", "form_post")
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?((?:[/?].*)?)", re.ASCII)
_OPENID: Final = "openid"


@rule("A2", "R5", "E1", "G2")
def require_known(pool: Pool, client: Client) -> None:
    """Raises ``AuthorizationClientUnknown`` for a client of another pool, ``UnauthorizedClient`` for one whose OAuth is
    off."""
    if client.pool_id != pool.id:
        raise AuthorizationClientUnknown
    if not client.oauth_enabled:
        raise UnauthorizedClient


@rule("A2", "R4", "R5")
def settled(pool: Pool, client: Client, asked: Asked) -> Settled:
    """The redirect URI is one of the client's. Raises as ``require_known``, ``InvalidRequest`` where it is missing and
    cannot be known, ``RedirectMismatch``."""
    require_known(pool, client)
    if "redirect_uri" in asked.faults:
        reason = asked.faults["redirect_uri"]
        raise InvalidRequest(reason)
    given = asked.parameters.get("redirect_uri")
    if given is not None:
        if not is_registered(given, client):
            raise RedirectMismatch
        return Settled(pool, client, given, True, asked)
    usual = client.default_redirect_uri
    if usual is None and len(client.callback_urls) == 1:
        usual = client.callback_urls[0]
    if usual is None or _OPENID in asked.parameters.get("scope", "").split(" "):
        raise InvalidRequest(Reason.OAUTH_REDIRECT_MISSING)
    return Settled(pool, client, usual, False, asked)


@rule("R1", "R2")
def is_registered(uri: str, client: Client) -> bool:
    """Whether it is, character by character, an address that the client has registered. The port of a loopback address
    is an app's to choose, each time it listens (RFC 8252 section 7.3); ``localhost`` is a name, and no such address."""
    if uri in client.callback_urls:
        return True
    if client.secrets:
        return False
    mine = _without_port(uri)
    return mine is not None and any(mine == _without_port(registered) for registered in client.callback_urls)


def _without_port(uri: str) -> tuple[str, str] | None:
    found = _LOOPBACK.fullmatch(uri)
    if found is None or (found[2] is not None and not 0 < int(found[2]) < 65536):
        return None
    return found[1], found[3]


@rule("A5", "A15", "E1")
def addressed(settled: Settled) -> Addressed:
    """How the answer travels: as was asked, or as is usual for the type of the answer. Raises ``InvalidRequest`` for a
    way that cannot be used: tokens do not travel in a query."""
    asked = settled.asked
    words = frozenset(asked.parameters.get("response_type", "").split(" ")) - {""}
    has_tokens = not words.isdisjoint(("token", "id_token"))
    if "response_mode" in asked.faults:
        reason = asked.faults["response_mode"]
        raise InvalidRequest(reason)
    mode = asked.parameters.get("response_mode", "fragment" if has_tokens else "query")
    if mode not in MODES or (mode == "query" and has_tokens):
        raise InvalidRequest(Reason.OAUTH_RESPONSE_MODE_UNUSABLE)
    return Addressed(settled, mode, words, asked.parameters.get("state"))
