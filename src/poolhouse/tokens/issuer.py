"""The keys of the server's own issuer, which signs for identity pools: one set for the whole server, kept and replaced
as those of user pools are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.errors import InvalidAccessToken, PoolNotFound
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.keys import Algorithm, SigningKey
from poolhouse.tokens.jose import BadToken
from poolhouse.tokens.keys import KeyRing, RingLimits, SigningKeys
from poolhouse.tokens.making import KeyMaker

TENANT: Final = "identities"
"""Whose the keys are. No user pool is called so: their ids have an underscore."""
_USE: Final = "openid"
TYPE: Final = "JWS"
"""What the field writes into the header of these tokens."""
LONGEST: Final = 86400
"""Seconds that a token lives at most: so long keys stay published after they have signed."""


class _Ring(KeyRing):
    """Of one tenant, whose issuer is the address of the server itself."""

    def issuer(self, pool_id: str) -> str:
        return self._prefix.removesuffix("/")

    def _pool_named_by(self, issuer: object) -> str:
        if issuer != self.issuer(TENANT):
            raise BadToken("the issuer is not this server")
        return TENANT


class IssuerKeys:
    """Implements the port of our own tokens. A use of keys is named after its algorithm: where the setting changes,
    there is a key of the other at once, and what the one before has signed stays good."""

    def __init__(
        self,
        base_url: str,
        keys: SigningKeys,
        secrets: Secrets,
        maker: KeyMaker,
        clock: Clock,
        limits: RingLimits = RingLimits(),
        *,
        algorithm: str = Algorithm.RS512.value,
    ) -> None:
        self._algorithm = Algorithm(algorithm)
        self._use = f"{_USE}:{self._algorithm.value}"
        self._ring = _Ring(base_url, keys, secrets, maker, clock, limits, uses={self._use: self._algorithm})

    @property
    def issuer(self) -> str:
        return self._ring.issuer(TENANT)

    async def sign(self, claims: Mapping[str, Any]) -> str:
        return await self._ring.sign(TENANT, self._use, {**claims, "iss": self.issuer}, typ=TYPE)

    async def verify(self, token: str) -> Mapping[str, Any] | None:
        try:
            return await self._ring.verify(token, _USE)
        except InvalidAccessToken:
            return None

    async def jwks(self) -> bytes:
        """The published key set as JSON."""
        try:
            return await self._ring.jwks(TENANT)
        except PoolNotFound:
            await self._ring.make_keys(TENANT)
            return await self._ring.jwks(TENANT)

    async def algorithms(self) -> tuple[str, ...]:
        """Those of the published keys."""
        await self.jwks()
        return await self._ring.algorithms(TENANT)

    async def rotate(self) -> int:
        """There is a new key: published now, signing after the lead time. The one before it stays published for so
        many seconds after it has signed. Doing it twice does no more than doing it once."""
        await self._ring.make_keys(TENANT)
        await self._ring.rotate(TENANT, LONGEST, self._algorithm)
        return LONGEST

    async def all_of(self) -> list[SigningKey]:
        """The keys, as they stand in the store, by slot."""
        return sorted(await self._ring.all_of(TENANT), key=lambda key: key.slot)
