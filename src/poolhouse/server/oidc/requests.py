"""What OAuth endpoints are sent: forms, and credentials in headers (RFC 6749 sections 2.3.1 and 3.2, RFC 6750 section
2)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote

from aiohttp import web
from msgspec import Struct

from poolhouse.errors import InvalidClient, InvalidRequest
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.oauth.request import Basic, Raw
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.origin import Origin, begin

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 64
LONGEST_QUERY: Final = 32 * 1024
"""Bytes of an authorization request."""
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
        if not agent.isprintable():
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
        if request.rel_url.raw_query_string and not _SECRET.isdisjoint(request.query):
            raise InvalidRequest(Reason.OAUTH_PARAMETERS_IN_ADDRESS)
        _require_form(request)
        return parameters(await self._body(request))

    async def asked(self, request: web.Request) -> Asked:
        """An authorization request, by either method. Raises ``InvalidRequest``."""
        if request.method == "POST":
            _require_form(request)
            form = await self._body(request)
        else:
            # What is not ASCII in an address is escaped by whoever sends it, or it is none.
            form = request.rel_url.raw_query_string.encode("utf-8", "surrogateescape")
        if len(form) > LONGEST_QUERY:
            raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
        return Asked(request.match_info["pool_id"], *sorted_out(form))

    @rule("G8")
    async def _body(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > self.limit:
            raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
        content, parts, size = request.content, list[bytes](), 0
        try:
            if content.is_eof():
                # All of it is here, as of nearly every form: there is nothing to wait for.
                parts.append(content.read_nowait())
                if len(parts[0]) > self.limit:
                    raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
                return parts[0]
            async with asyncio.timeout(_BODY_SECONDS):
                while not content.at_eof():
                    parts.append(await content.readany())
                    size += len(parts[-1])
                    if size > self.limit:
                        raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
        except (TimeoutError, web.RequestPayloadError, ConnectionError):
            raise InvalidRequest from None
        return b"".join(parts)


def _require_form(request: web.Request) -> None:
    """Raises ``InvalidRequest``."""
    headers = request.headers
    # As nearly everybody writes it; aiohttp's reading of it takes the parameters of the type apart.
    is_form = headers.get("Content-Type") == FORM or request.content_type == FORM
    if not is_form or "Content-Encoding" in headers:
        raise InvalidRequest(Reason.OAUTH_NOT_A_FORM)


def parameters(body: bytes) -> dict[str, str]:
    """The parameters of a form that have a value. One that is sent twice is an error (security row 20), unless it may
    be. Raises ``InvalidRequest``."""
    found, faults = sorted_out(body)
    for reason in faults.values():
        raise InvalidRequest(reason)
    return found


@rule("G6", "G8")
def sorted_out(form: bytes) -> tuple[dict[str, str], dict[str, Reason]]:
    """The parameters that have a value, and what is wrong with others: they came twice, or are too long. Raises
    ``InvalidRequest`` for what is no form."""
    found: dict[str, str] = {}
    faults: dict[str, Reason] = {}
    seen: set[str] = set()
    for name, value in _pairs(form):
        if name in seen and name not in _REPEATABLE:
            faults[name] = Reason.OAUTH_PARAMETER_REPEATED
        elif len(value) > LONGEST:
            faults[name] = Reason.OAUTH_PARAMETER_TOO_LONG
        elif value:
            found[name] = value
        seen.add(name)
    return {name: value for name, value in found.items() if name not in faults} if faults else found, faults


def _pairs(form: bytes) -> list[tuple[str, str]]:
    """As ``urllib.parse.parse_qsl`` has them, blank values among them, in a third of the time. Raises
    ``InvalidRequest``."""
    fields = form.split(b"&")
    if len(fields) > MOST_FIELDS:
        raise InvalidRequest(Reason.OAUTH_NOT_A_FORM)
    pairs: list[tuple[str, str]] = []
    try:
        for field in fields:
            if field:
                name, _, value = field.decode("ascii").partition("=")
                pairs.append((_unquoted(name), _unquoted(value)))
    except ValueError:
        raise InvalidRequest(Reason.OAUTH_NOT_A_FORM) from None
    return pairs


def _unquoted(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


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
        client_id, secret = _unquoted(client_id), _unquoted(secret)
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
