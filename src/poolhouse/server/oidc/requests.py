"""What OAuth endpoints are sent: forms, and credentials in headers (RFC 6749 sections 2.3.1 and 3.2, RFC 6750 section
2)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web
from msgspec import Struct

from poolhouse.errors import InvalidClient, InvalidRequest
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.request import Basic, Raw
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.origin import Origin, begin

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 64
LONGEST: Final = 8 * 1024
"""Characters of one parameter."""
_REPEATABLE: Final = frozenset({"resource", "audience"})
_SECRET: Final = frozenset({"access_token", "client_secret", "code", "code_verifier", "refresh_token", "token"})
_BODY_SECONDS: Final = 20.0


class Reading(Struct, frozen=True, kw_only=True):
    """How requests are read. ``limit`` is the size of a body in bytes."""

    limit: int
    source: Callable[[web.Request], str]
    request_id: Callable[[web.Request], str]

    def begin(self, request: web.Request) -> str:
        """What follows is done for this request; its id."""
        request_id = self.request_id(request)
        agent = request.headers.get("User-Agent", "")[:256]
        agent = "".join([character if character.isprintable() else "?" for character in agent])
        begin(Origin(self.source(request), request_id, None, agent))
        return request_id

    async def raw(self, request: web.Request) -> Raw:
        """The request in its first stage. Raises ``InvalidRequest``, ``InvalidClient``."""
        basic = basic_of(request)
        return Raw(request.match_info["pool_id"], await self.form(request), basic)

    @rule("G7", "T1")
    async def form(self, request: web.Request) -> Mapping[str, str]:
        """The parameters in the body. Raises ``InvalidRequest``."""
        if not _SECRET.isdisjoint(request.query):
            raise InvalidRequest(Reason.OAUTH_PARAMETERS_IN_ADDRESS)
        if request.content_type != FORM or "Content-Encoding" in request.headers:
            raise InvalidRequest(Reason.OAUTH_NOT_A_FORM)
        return parameters(await self._body(request))

    @rule("G8")
    async def _body(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > self.limit:
            raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
        content, parts, size = request.content, list[bytes](), 0
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while not content.at_eof():
                    parts.append(await content.readany())
                    size += len(parts[-1])
                    if size > self.limit:
                        raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
        except (TimeoutError, web.RequestPayloadError, ConnectionError):
            raise InvalidRequest from None
        return b"".join(parts)


@rule("G6", "G8")
def parameters(body: bytes) -> dict[str, str]:
    """The parameters of a form that have a value. One that is sent twice is an error (security row 20), unless it may
    be. Raises ``InvalidRequest``."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest(Reason.OAUTH_NOT_A_FORM) from None
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen and name not in _REPEATABLE:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_REPEATED)
        seen.add(name)
        if len(value) > LONGEST:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_TOO_LONG)
        if value:
            found[name] = value
    return found


@rule("K2")
def basic_of(request: web.Request) -> Basic | None:
    """Id and secret, each form-urlencoded before they were put together. None without the header. Raises
    ``InvalidRequest`` for two of them, ``InvalidClient`` for another scheme, and for what cannot be read."""
    headers = request.headers.getall("Authorization", ())
    if not headers:
        return None
    if len(headers) > 1:
        raise InvalidRequest(Reason.OAUTH_TWO_PROOFS)
    scheme, _, value = headers[0].partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
        client_id, secret = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:
        raise InvalidClient from None
    if not colon:
        raise InvalidClient
    return Basic(client_id, secret)


@rule("U1", "T6")
def bearer_in_header(request: web.Request) -> str | None:
    """The access token; None without one. Raises ``InvalidRequest`` for two of them."""
    headers = request.headers.getall("Authorization", ())
    if len(headers) > 1:
        raise InvalidRequest(Reason.OAUTH_TWO_TOKENS)
    scheme, _, value = headers[0].partition(" ") if headers else ("", "", "")
    return value.strip() or None if scheme.lower() == "bearer" else None
