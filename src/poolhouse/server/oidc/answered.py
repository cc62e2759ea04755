"""What OAuth endpoints answer: tokens, errors, and which pages of other origins may read them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from aiohttp import web

from poolhouse import errors
from poolhouse.flows.clients.redirects import origins_of
from poolhouse.flows.oauth.rules import rule
from poolhouse.records.clients import Client
from poolhouse.server.answers import Answer, Fields, Head

_logger = logging.getLogger("poolhouse.oauth")

TABLE: Final[Mapping[type[errors.PoolhouseError], tuple[int, str]]] = {
    errors.PoolhouseError: (500, "server_error"),
    errors.OAuthError: (400, ""),
    errors.InvalidClient: (401, ""),
    errors.InsufficientScope: (403, ""),
    errors.InvalidAccessToken: (401, "invalid_token"),
    errors.Invalid: (400, "invalid_request"),
    errors.UnsupportedTokenType: (400, "unsupported_token_type"),
    errors.Unsupported: (400, "invalid_request"),
    errors.NotFound: (400, "invalid_grant"),
    errors.Denied: (400, "invalid_grant"),
    errors.Unauthorized: (401, "invalid_client"),
    errors.Limited: (429, "temporarily_unavailable"),
    errors.StoreAway: (503, "temporarily_unavailable"),
    errors.Conflicted: (503, "temporarily_unavailable"),
}
"""Status and word of each error. A class that is not named here has those of its nearest parent. An empty word: the
error has its own."""

_PREFLIGHT: Final = Head(
    200,
    {
        # Whose client it will be is not known yet. This tells a browser that it may ask; who may read the answer is
        # said with the answer.
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
        # The last is Amplify's.
        "Access-Control-Allow-Headers": "authorization,content-type,x-amz-user-agent",
        "Access-Control-Max-Age": "600",
    },
)


async def preflight(_: web.Request) -> Answer:
    return Answer(_PREFLIGHT)


@rule("H1", "T2")
def given(value: Mapping[str, Any], more: Fields) -> Answer:
    """What nobody but the client may keep."""
    return Answer(_head(200), msgspec.json.encode(value), more)


def nothing(more: Fields) -> Answer:
    return Answer(_head(200), b"", more)


@rule("E3", "E5", "C5")
def refused(error: errors.PoolhouseError, request: web.Request, more: Fields) -> Answer:
    """The error of a token, revocation or introspection request (RFC 6749 section 5.2)."""
    status, word = _entry(error)
    fields = {**more, **hints(error, status)}
    if status == 401 and "Authorization" in request.headers:
        fields["WWW-Authenticate"] = 'Basic realm="clients"'
    said = {"error": word}
    if isinstance(error, errors.OAuthError):
        said["error_description"] = str(error)
    answer = Answer(_head(status), msgspec.json.encode(said), fields)
    answer.outcome = word
    return answer


@rule("E6")
def resource_refused(error: errors.PoolhouseError | None, more: Fields) -> Answer:
    """The error of a request for a resource (RFC 6750 section 3); None: it came without credentials."""
    if error is None:
        return Answer(_head(401), b"", {**more, "WWW-Authenticate": 'Bearer realm="users"'})
    status, word = _entry(error)
    if isinstance(error, errors.Denied | errors.NotFound):
        # Whatever ended the token: it is good no more.
        status, word = 401, "invalid_token"
    challenge = f'Bearer realm="users", error="{word}"'
    if status == 401:
        challenge += f', error_description="{_ENDED}"'
    if status == 403:
        challenge += ', scope="openid"'
    fields = {**more, **hints(error, status)}
    if status in (400, 401, 403):
        fields["WWW-Authenticate"] = challenge
    return Answer(_head(status), msgspec.json.encode({"error": word}), fields)


_ENDED: Final = "Access token is expired, disabled, or deleted, or the user has globally signed out."


@rule("H3")
def readable_by(request: web.Request, client: Client | None) -> Fields:
    """The fields that let a page read the answer: one of an origin that the client has registered (security row 43)."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    if client is None or origin not in origins_of(client):
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "WWW-Authenticate",
        "Vary": "Origin",
    }


def note(error: errors.PoolhouseError, request_id: str) -> None:
    """What is not the caller's fault is logged; of the rest only what is for the log."""
    if isinstance(error, errors.Failed):
        _logger.error("failed: %s (%s)", error, error.detail or "no detail", extra={"request_id": request_id})
    elif error.detail:
        _logger.info("refused: %s", error.detail, extra={"request_id": request_id})


@rule("T1", "H10")
def only(*methods: str) -> Any:
    """A handler for all other methods."""

    async def not_allowed(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMethodNotAllowed(request.method, methods)

    return not_allowed


def _entry(error: errors.PoolhouseError) -> tuple[int, str]:
    status, word = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    return status, word or getattr(error, "code", "invalid_request")


def hints(error: errors.PoolhouseError, status: int) -> dict[str, str]:
    """The fields that say when it may be tried again."""
    if status not in (429, 503):
        return {}
    wait: float = getattr(error, "retry_after", 1.0)
    return {"Retry-After": str(max(1, math.ceil(wait)))}


@lru_cache(maxsize=16)
def _head(status: int) -> Head:
    return Head(
        status,
        {
            "Content-Type": "application/json;charset=UTF-8",
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            "X-Content-Type-Options": "nosniff",
        },
    )
