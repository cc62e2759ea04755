"""The one decision of a gateway: may this request go on to the API behind us, and as whose?

Who signed it by Signature Version 4 is asked for by the policies of their role or key; who presents a token of a user
pool, by what is set for the API. How a request came here, and what becomes of the answer, is the business of the faces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from poolhouse.errors import AccessDenied, InsufficientScope, InvalidAccessToken, NotAuthorized, SignatureIncomplete
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.callers import Caller
from poolhouse.flows.access.signatures import Signatures
from poolhouse.flows.access.signatures_claims import Headers
from poolhouse.ports.world import Clock

SERVICE: Final = "execute-api"
INVOKE: Final = "execute-api:Invoke"
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9_.~+/=-]+) *", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"[/\\]")
_PART: Final = re.compile(r"[A-Za-z0-9_$-]{1,128}")


class GuardedApi(Struct, frozen=True, kw_only=True):
    """What is set for an API behind us. ``pools`` are those whose tokens are good for it (none: no token is), of
    ``clients`` (empty: of all). ``scopes``: an access token needs them all; with scopes an ID token is not enough.
    ``upstream`` is where it is, for the mode in which we pass requests on ourselves."""

    id: str
    pools: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    upstream: str | None = None


class Passing(Struct, frozen=True, kw_only=True):
    """A request that wants to pass. ``target`` is path and query as the client sent them, ``path`` what of it lies
    behind the stage (raw). ``body`` None: whoever asks us has not read it; then ``has_body`` tells whether there is
    one, as far as that is known, and ``digest`` is the hex SHA-256 that whoever has it vouches for (None: nobody
    does)."""

    api: str
    stage: str
    method: str
    target: str
    path: str
    headers: Headers
    body: bytes | None = None
    has_body: bool = False
    digest: str | None = None
    source: str = ""
    is_secure: bool = False


def behind_stage(target: str, stage: str) -> str:
    """The path behind the stage, with which it begins as at API Gateway; where it does not, the whole path."""
    path = target.partition("?")[0]
    return path.removeprefix(f"/{stage}") if f"{path}/".startswith(f"/{stage}/") else path


class Holder(Struct, frozen=True, kw_only=True):
    """Who may pass: ``caller`` who signed, or ``claims`` of the token that was presented. ``resource`` is what they
    reach, as policies call it."""

    resource: str
    caller: Caller | None = None
    claims: Mapping[str, Any] = {}
    region: str = ""
    source: str = ""
    user_agent: str = ""


class TokenClaims(Protocol):
    """Tokens of user pools."""

    async def verify(self, token: str, use: str) -> Mapping[str, Any]:
        """See ``ports.arithmetic.Tokens``."""


class Gateway:
    """``signatures`` are those of a service. ``tokens`` None: there are no user pools here, and no token is taken."""

    def __init__(
        self,
        signatures: Callable[[str], Signatures],
        clock: Clock,
        *,
        region: str,
        account: str,
        apis: Mapping[str, GuardedApi] | None = None,
        tokens: TokenClaims | None = None,
    ) -> None:
        self._signatures = signatures
        self._clock = clock
        self._region = region
        self._account = account
        self._apis = apis or {}
        self._tokens = tokens

    def api(self, name: str) -> GuardedApi | None:
        """What is set for the API; None where nothing is."""
        return self._apis.get(name)

    async def authorize(
        self,
        passing: Passing,
        *,
        action: str = INVOKE,
        resource: str | None = None,
        context: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Holder:
        """Who may pass. ``resource`` None: that of the API, stage, method and path. ``context`` is what the gateway
        knows beside what we do (``s3:prefix``, say).

        Raises ``CallerRefused`` (with its children, as signatures do; ``AccessDenied`` where a policy says no),
        ``InvalidAccessToken``, ``InsufficientScope``, and ``NotAuthorized`` where the address names no API.
        """
        reached = resource or self._resource(passing)
        agent = (passing.headers.getall("User-Agent", []) or [""])[0]
        token = _token_in(passing.headers)
        if token is not None:
            claims = await self._claims(token, passing.api)
            return Holder(resource=reached, claims=claims, source=passing.source, user_agent=agent)
        signed = await self._signatures(action.partition(":")[0]).verify(
            passing.method, passing.target, passing.headers, _payload(passing), is_secure=passing.is_secure
        )
        if signed.chunks is not None:
            # Its chunks bear signatures of their own, and they are not here.
            raise SignatureIncomplete(Reason.BODY_NOT_SAID)
        said = {**self._surroundings(passing, agent), **(context or {})}
        if not signed.caller.policy.allows(action, reached, said):
            raise AccessDenied(caller=signed.caller.arn, action=action, resource=reached)
        return Holder(
            resource=reached, caller=signed.caller, region=signed.region, source=passing.source, user_agent=agent
        )

    def _resource(self, passing: Passing) -> str:
        """The ARN of what is asked for. Raises ``NotAuthorized``."""
        if not (_PART.fullmatch(passing.api) and _PART.fullmatch(passing.stage)):
            raise NotAuthorized(Reason.GATEWAY_ADDRESS)
        # As the API will read it: a policy must not be led around by another spelling of the same path.
        path = unquote_to_bytes(passing.path.partition("?")[0]).decode(errors="replace")
        if _is_ambiguous(passing, path):
            raise NotAuthorized(Reason.GATEWAY_ADDRESS)
        where = f"{self._region}:{self._account}:{passing.api}/{passing.stage}/{passing.method}"
        return f"arn:aws:execute-api:{where}/{path.lstrip('/')}"

    def _surroundings(self, passing: Passing, agent: str) -> dict[str, str | tuple[str, ...]]:
        now = self._clock.now()
        told = {"aws:useragent": agent, "aws:referer": (passing.headers.getall("Referer", []) or [""])[0]}
        return {
            # What was not sent is not there: "Null" asks for that.
            **{key: value for key, value in told.items() if value},
            "aws:sourceip": passing.source,
            "aws:securetransport": "true" if passing.is_secure else "false",
            "aws:requestedregion": self._region,
            "aws:currenttime": datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:epochtime": str(int(now)),
        }

    async def _claims(self, token: str, name: str) -> Mapping[str, Any]:
        """Of a token that is good for the API: signed by a published key of one of its pools, for one of its clients,
        not over yet, with its scopes. Whether it was revoked meanwhile is not asked: as with any verifier of tokens,
        it is good until it is over."""
        api = self._apis.get(name)
        if api is None or self._tokens is None or not api.pools:
            raise InvalidAccessToken
        claims = await self._verified(token)
        pool = str(claims.get("iss", "")).rpartition("/")[2]
        client = claims.get("client_id", claims.get("aud"))
        if pool not in api.pools or (api.clients and client not in api.clients):
            raise InvalidAccessToken
        if not self._clock.now() < claims.get("exp", 0):
            raise InvalidAccessToken(Reason.ACCESS_TOKEN_EXPIRED)
        if not set(api.scopes) <= set(_scopes(claims)):
            raise InsufficientScope
        return claims

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """An access token, or an ID token. Each is checked by keys of its own, so neither passes for the other."""
        assert self._tokens is not None  # noqa: S101 - who calls has looked
        for use in ("access", "id"):
            try:
                claims = await self._tokens.verify(token, use)
            except InvalidAccessToken:
                continue
            if claims.get("token_use") == use:
                return claims
        raise InvalidAccessToken


def _is_ambiguous(passing: Passing, path: str) -> bool:
    """Whether an API, or a proxy before it, may read another path than this one, which is decoded."""
    if not path.isprintable() or "\ufffd" in path:
        return True
    # What follows a "#" is no path to most readers; encoded it is.
    if "#" in passing.path:
        return True
    # Servers of Java drop what follows a ";", others take "\\" for "/".
    if any(part.partition(";")[0] in {".", ".."} for part in _SEPARATOR.split(path)):
        return True
    # The stage in another spelling: whoever decodes it finds it there.
    whole = passing.target.partition("?")[0]
    return passing.path == whole and f"{path.lstrip('/')}/".startswith(f"{passing.stage}/")


def _payload(passing: Passing) -> bytes | str | None:
    """What the signature has to cover: the body, or its digest. None: the digest that the client signed is believed,
    and whoever has the body compares it."""
    if passing.body is not None:
        return passing.body
    if passing.digest is not None:
        return passing.digest
    return None if passing.has_body else b""


def _scopes(claims: Mapping[str, Any]) -> Sequence[str]:
    said = claims.get("scope") if claims.get("token_use") == "access" else None
    return said.split() if isinstance(said, str) else ()


def _token_in(headers: Headers) -> str | None:
    """The bearer token, where that is what was presented."""
    values = headers.getall("Authorization", [])
    if len(values) == 1 and (match := _BEARER.fullmatch(values[0])):
        return match[1]
    return None
