"""Discovery and the key set of the server's own issuer, which signs for identity pools: at the root of the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from aiohttp import web

from poolhouse.server.answers import Answer, Head

CONFIGURATION: Final = "/.well-known/openid-configuration"
KEYS: Final = "/.well-known/jwks_uri"
"""The field's own address has this name."""
_FOUND: Final = Head(
    200,
    {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        # Shorter than the time that a new key is published before it signs.
        "Cache-Control": "public, max-age=60",
    },
)


class IssuerKeySet(Protocol):
    @property
    def issuer(self) -> str: ...

    async def jwks(self) -> bytes:
        """The key set, encoded."""

    async def algorithms(self) -> Sequence[str]:
        """What the keys in it are for."""


class IssuerDiscovery:
    def __init__(self, keys: IssuerKeySet) -> None:
        self._keys = keys

    async def configuration(self, request: web.Request) -> Answer:
        issuer = self._keys.issuer
        document = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}{KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": await self._keys.algorithms(),
        }
        return Answer(_FOUND, msgspec.json.encode(document))

    async def keys(self, request: web.Request) -> Answer:
        return Answer(_FOUND, await self._keys.jwks())
