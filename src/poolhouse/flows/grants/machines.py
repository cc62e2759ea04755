"""Access tokens of clients that act for themselves (RFC 6749 section 4.4): no user, no grant, nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants import claims
from poolhouse.hooks import specs
from poolhouse.hooks.events.grants import PreToken
from poolhouse.ports.arithmetic import Tokens
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool


class MachineToken(Struct, frozen=True):
    """``expires_in`` in seconds. ``scopes`` are what the token says."""

    access: str
    expires_in: int
    scopes: tuple[str, ...]

    def __repr__(self) -> str:
        return "MachineToken(...)"


class Machines(Flow):
    def __init__(self, world: World, tokens: Tokens) -> None:
        super().__init__(world)
        self._tokens = tokens

    async def token(
        self, pool: Pool, client: Client, scopes: tuple[str, ...], metadata: Mapping[str, str]
    ) -> MachineToken:
        """An access token of the client itself. ``pre_token`` hooks have amended it, under the source
        ``TokenGeneration_ClientCredentials`` and the client's id in place of a user name."""
        said: dict[str, Any] = {}
        if self.world.hooks.implements(specs.pre_token, pool):
            draft = PreToken(
                source="TokenGeneration_ClientCredentials",
                pool_id=pool.id,
                client_id=client.id,
                username=client.id,
                attributes={},
                scopes=scopes,
                client_metadata=metadata,
            )
            amended = await self.world.hooks.amend(specs.pre_token, draft, pool)
            if amended is not draft:
                said = claims.own_claims(client, claims.settled(draft, amended))
                scopes = tuple(claims.sound_scopes(scopes, amended.scopes))
        now = int(self.world.clock.now())
        said |= {
            "sub": client.id,
            "client_id": client.id,
            "iss": self._tokens.issuer(pool.id),
            "token_use": "access",
            "scope": " ".join(scopes),
            "auth_time": now,
            "iat": now,
            "exp": now + client.access_validity,
            "version": 2,
            "jti": self.world.chance.uuid(),
        }
        signed = await self._tokens.sign(pool.id, "access", said)
        return MachineToken(signed, client.access_validity, scopes)
