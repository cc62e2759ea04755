"""What a client learns of the user whose access token it has (OpenID Connect Core 1.0 section 5.3)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from poolhouse.errors import InsufficientScope, InvalidAccessToken
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.bearer import Bearers
from poolhouse.flows.grants.claims import attribute_claims
from poolhouse.flows.oauth.rules import rule
from poolhouse.records.clients import Client


class UserInfo(Struct, frozen=True):
    client: Client
    claims: dict[str, Any]

    def __repr__(self) -> str:
        return "UserInfo(...)"


class UserInfos(Flow):
    def __init__(self, world: World, bearers: Bearers) -> None:
        super().__init__(world)
        self._bearers = bearers

    @rule("U2", "U3", "U4", "AT5", "A14")
    async def of(self, pool_id: str, access_token: str) -> UserInfo:
        """The claims that the scopes of the token are for, and the client that has it.

        Raises ``InsufficientScope`` without ``openid``, ``InvalidAccessToken``, and what ``Bearers.of`` raises.
        """
        try:
            bearer = await self._bearers.of(access_token, scope="openid")
        except InvalidAccessToken as refused:
            if refused.statement and refused.statement.reason is Reason.ACCESS_TOKEN_LACKS_SCOPES:
                raise InsufficientScope from None
            raise
        if bearer.pool.id != pool_id:
            raise InvalidAccessToken
        named = bearer.grant.claims.get("userinfo", ())
        said = attribute_claims(bearer.pool, bearer.client, bearer.user, bearer.scopes, named)
        said = {name: value for name, value in said.items() if value not in (None, "")}
        return UserInfo(bearer.client, {**said, "sub": bearer.user.sub, "username": bearer.user.username})
