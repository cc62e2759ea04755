"""Discovery and the key set of a pool (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517).

Only what is served is named.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from poolhouse.errors import PoolNotFound
from poolhouse.server.answers import Answer, Head

_FIELDS: Final = {
    "Content-Type": "application/json",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}
# Shorter than the time that a new key is published before it signs.
_FOUND: Final = Head(200, {**_FIELDS, "Cache-Control": "public, max-age=60"})
_NOT_FOUND: Final = Head(404, _FIELDS)

_ID = "{pool_id}"
"""Stands for the id of a pool in the document that all pools share. No id and no base URL holds a brace."""


class Discovery:
    """``key_set`` gives the published keys of a pool, encoded; it raises ``PoolNotFound``."""

    def __init__(self, base_url: str, key_set: Callable[[str], Awaitable[bytes]]) -> None:
        self._key_set = key_set
        # The document is the same for every pool but for the pool's id, which needs no escape in JSON: it is encoded
        # once, and cut where the id belongs.
        self._around_the_id = msgspec.json.encode(_document(f"{base_url}/{_ID}")).split(_ID.encode())

    async def configuration(self, request: web.Request) -> Answer:
        pool_id = request.match_info["pool_id"]
        try:
            await self._key_set(pool_id)
        except PoolNotFound:
            return _not_found()
        return Answer(_FOUND, pool_id.encode().join(self._around_the_id))

    async def keys(self, request: web.Request) -> Answer:
        try:
            return Answer(_FOUND, await self._key_set(request.match_info["pool_id"]))
        except PoolNotFound:
            return _not_found()


def _document(issuer: str) -> Mapping[str, Any]:
    # OpenID Connect Discovery 1.0, section 3
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "response_types_supported": [],
        "scopes_supported": ["openid", "email", "phone", "profile"],
    }


def _not_found() -> Answer:
    return Answer(_NOT_FOUND, b'{"message":"User pool does not exist."}')
