"""Discovery and the key set of a pool (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517).

Only what is served is named. Whoever has a document and asks again is told that it is the same (RFC 9110 section
13.1.2).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from poolhouse.errors import PoolNotFound
from poolhouse.flows.grants.assurance import LEVELS
from poolhouse.flows.oauth.checks.addressed import MODES
from poolhouse.flows.oauth.checks.request import PROMPTS, RESPONSE_TYPES
from poolhouse.flows.oauth.rules import rule
from poolhouse.server.answers import Answer, Head

_FIELDS: Final = {
    "Content-Type": "application/json",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}
LONGEST_KEPT: Final = 300
"""Seconds for which anybody may keep a document."""
_MOST: Final = 512
"""Documents of each kind that are kept ready: some two kilobytes each."""
_TAGS: Final = re.compile(r'"[^"]*"')
_NOT_FOUND: Final = Head(404, _FIELDS)

_CLAIMS: Final = (
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"),
    *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
    *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "address"),
    *("email", "email_verified", "phone_number", "phone_number_verified"),
)
_ID = "{pool_id}"
"""Stands for the id of a pool in the document that all pools share. No id and no base URL holds a brace."""


class PublishedKeys(Protocol):
    """Both raise ``PoolNotFound``."""

    async def jwks(self, pool_id: str) -> bytes:
        """The key set, encoded."""

    async def algorithms(self, pool_id: str) -> tuple[str, ...]:
        """What the keys in it are for."""


class _Document(msgspec.Struct, frozen=True):
    """``made_of`` is what it says of its pool: where that is another, so is the document."""

    made_of: object
    body: bytes
    tag: str
    found: Head
    unchanged: Head

    def answer(self, request: web.Request) -> Answer:
        if known := request.headers.getall("If-None-Match", ()):
            said = ",".join(known)
            if said.strip() == "*" or self.tag in _TAGS.findall(said):
                return Answer(self.unchanged, self.body)
        return Answer(self.found, self.body)


class _Ready:
    """The documents of one kind, by their pools, whole and with their heads. The one that was made first goes first."""

    def __init__(self, kept: int) -> None:
        self._fields = {**_FIELDS, "Cache-Control": f"public, max-age={kept}"}
        self._documents: dict[str, _Document] = {}

    def of(self, pool_id: str, made_of: object, make: Callable[[], bytes]) -> _Document:
        document = self._documents.get(pool_id)
        if document is None or document.made_of != made_of:
            body = make()
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            fields = {**self._fields, "ETag": tag}
            document = _Document(made_of, body, tag, Head(200, fields), Head(304, fields))
            while len(self._documents) >= _MOST:
                del self._documents[next(iter(self._documents))]
            self._documents[pool_id] = document
        return document


class Discovery:
    def __init__(
        self, base_url: str, published: PublishedKeys, *, implicit: bool = False, kept: int = LONGEST_KEPT
    ) -> None:
        """``implicit``: whether tokens come from the authorization endpoint, too. ``kept``: for how many seconds the
        documents may be kept, and no longer than ``LONGEST_KEPT``."""
        self._issuer = f"{base_url}/{_ID}"
        self._implicit = implicit
        self._published = published
        kept = max(0, min(kept, LONGEST_KEPT))
        self._configurations, self._key_sets = _Ready(kept), _Ready(kept)
        # The document is the same for all pools of the same algorithms, but for the pool's id, which needs no escape in
        # JSON: it is encoded once, and cut where the id belongs.
        self._around_the_id: dict[tuple[str, ...], list[bytes]] = {}

    @rule("D1")
    async def configuration(self, request: web.Request) -> Answer:
        pool_id = request.match_info["pool_id"]
        try:
            algorithms = await self._published.algorithms(pool_id)
        except PoolNotFound:
            return _not_found()

        def made() -> bytes:
            return pool_id.encode().join(self._around(algorithms))

        return self._configurations.of(pool_id, algorithms, made).answer(request)

    async def keys(self, request: web.Request) -> Answer:
        pool_id = request.match_info["pool_id"]
        try:
            key_set = await self._published.jwks(pool_id)
        except PoolNotFound:
            return _not_found()
        return self._key_sets.of(pool_id, key_set, lambda: key_set).answer(request)

    def _around(self, algorithms: tuple[str, ...]) -> list[bytes]:
        around = self._around_the_id.get(algorithms)
        if around is None:
            document = msgspec.json.encode(_document(self._issuer, algorithms, implicit=self._implicit))
            around = self._around_the_id[algorithms] = document.split(_ID.encode())
        return around


@rule("D2", "D3", "A6", "A8", "A14", "P2")
def _document(issuer: str, algorithms: Sequence[str], *, implicit: bool) -> Mapping[str, Any]:
    # OpenID Connect Discovery 1.0, section 3. It wants RS256 among the algorithms, whatever is used. A client that was
    # told so would wait for tokens that never come: a pool that chose another says what it signs with.
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": algorithms,
        "subject_types_supported": ["public"],
        "token_endpoint": f"{issuer}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": f"{issuer}/oauth2/userInfo",
        "end_session_endpoint": f"{issuer}/oauth2/end_session",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "grant_types_supported": [
            "authorization_code",
            *(["implicit"] if implicit else []),
            "client_credentials",
            "refresh_token",
        ],
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "authorization_response_iss_parameter_supported": True,
        "response_types_supported": [
            " ".join(sorted(words)) for words in RESPONSE_TYPES if implicit or words == {"code"}
        ],
        "response_modes_supported": list(MODES),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": list(LEVELS),
        "scopes_supported": ["openid", "email", "phone", "profile", "offline_access", "aws.cognito.signin.user.admin"],
        "claims_supported": _CLAIMS,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        # Its default is true.
        "request_uri_parameter_supported": False,
    }


def _not_found() -> Answer:
    return Answer(_NOT_FOUND, b'{"message":"User pool does not exist."}')
