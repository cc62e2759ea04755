"""``POST /authz/check``: whoever has the gateway's token asks about a request in JSON."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from msgspec import Struct
from multidict import CIMultiDict

from poolhouse.flows.access.gateway import INVOKE, Gateway, Passing, behind_stage
from poolhouse.flows.access.upstream import fields, http_context, rest_context
from poolhouse.server.answers import Answer, told
from poolhouse.server.gateway.answers import REFUSED, status_of

LIMIT: Final = 256 * 1024


class Question(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``url`` as the client sent it, with its host; ``body_sha256`` in hex, of the body that was received (None: there
    is none). ``headers`` hold a text, or several where a line came several times."""

    method: str
    url: str
    headers: dict[str, str | list[str]]
    body_sha256: str | None = None
    api: str = "-"
    stage: str = "-"
    action: str = INVOKE
    resource: str | None = None
    context: dict[str, str | list[str]] = {}
    source: str = ""


_read: Final = msgspec.json.Decoder(Question).decode


class Check:
    def __init__(self, gateway: Gateway, token: str | None) -> None:
        self._gateway = gateway
        self._token = token.encode() if token else None

    async def handle(self, request: web.Request) -> Answer:
        """Without the token there is nothing here."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._token is None or not hmac.compare_digest(given.encode(errors="surrogateescape"), self._token):
            raise web.HTTPNotFound
        if (request.content_length or 0) > LIMIT:
            raise web.HTTPRequestEntityTooLarge(LIMIT, request.content_length or 0)
        try:
            question = _read(await request.read())
            passing = _passing(question)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            return told({"message": "The body is no question that can be answered here."}, status=400)
        return told(await self.answered(question, passing))

    async def answered(self, question: Question, passing: Passing) -> Mapping[str, Any]:
        context = {
            name.lower(): value if isinstance(value, str) else tuple(value) for name, value in question.context.items()
        }
        try:
            holder = await self._gateway.authorize(
                passing, action=question.action, resource=question.resource, context=context
            )
        except REFUSED as error:
            return {"allowed": False, "reason": str(error), "status": status_of(error), "principal": None}
        said = fields(holder)
        return {
            "allowed": True,
            "reason": "",
            "status": 200,
            "principal": said["X-Principal-Arn"] or said["X-Auth-Subject"] or said["X-Auth-Client"],
            "headers": {name: value for name, value in said.items() if value},
            "requestContext": {"rest": rest_context(holder), "http": http_context(holder)},
        }


def _passing(question: Question) -> Passing:
    """Raises ``ValueError``."""
    parts = urlsplit(question.url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not question.url.isascii():
        raise ValueError("no address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in question.headers.items():
        for each in [value] if isinstance(value, str) else value:
            headers.add(name, each)
    headers.setdefault("Host", parts.netloc)
    return Passing(
        api=question.api,
        stage=question.stage,
        method=question.method,
        target=target,
        path=behind_stage(target, question.stage),
        headers=headers,
        digest=question.body_sha256,
        body=None if question.body_sha256 else b"",
        source=question.source,
        is_secure=parts.scheme == "https",
    )
