"""What a token is worth at this moment (RFC 7662), told to the client that it was given to."""

from __future__ import annotations

import hmac
from typing import Any, Final

from poolhouse.errors import InvalidAccessToken, InvalidRefreshToken, PoolhouseError, StoreAway
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.bearer import Bearers
from poolhouse.flows.grants.gate import is_ended, require_usable
from poolhouse.flows.grants.handles import Handles, digest
from poolhouse.flows.oauth.client_proof import ClientAuthentication
from poolhouse.flows.oauth.consent import ConsentBook
from poolhouse.flows.oauth.request import Known, Raw
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.grants import Grants
from poolhouse.ports.users import Users

_INACTIVE: Final[dict[str, Any]] = {"active": False}
_SAID: Final = ("scope", "client_id", "username", "exp", "iat", "sub", "iss", "jti", "auth_time", "aud")


class Introspection(Flow):
    def __init__(
        self,
        world: World,
        clients: ClientAuthentication,
        tokens: Tokens,
        bearers: Bearers,
        handles: Handles,
        grants: Grants,
        users: Users,
        consents: ConsentBook,
    ) -> None:
        super().__init__(world)
        self._clients = clients
        self._tokens = tokens
        self._bearers = bearers
        self._handles = handles
        self._grants = grants
        self._users = users
        self._consents = consents

    @rule("IN1")
    async def known(self, raw: Raw) -> Known:
        """Raises as ``ClientAuthentication.known``: a client without a secret is nobody here."""
        return await self._clients.known(raw, confidential=True)

    @rule("IN2", "IN3")
    async def look(self, known: Known) -> dict[str, Any]:
        """What the token is good for; of one that is not good, or not this client's, nothing but that.

        Raises ``InvalidRequest`` where none is named, ``StoreAway``.
        """
        token = known.need("token")
        try:
            said = await (self._of_access(known, token) if token.count(".") == 2 else self._of_refresh(known, token))
        except StoreAway:
            raise
        except PoolhouseError:
            return dict(_INACTIVE)
        return {"active": True, **said}

    async def _of_access(self, known: Known, token: str) -> dict[str, Any]:
        claims = await self._tokens.verify(token, "access")
        if claims.get("client_id") != known.client.id or claims["iss"] != self._tokens.issuer(known.pool.id):
            raise InvalidAccessToken
        if claims.get("sub") == known.client.id and "event_id" not in claims:
            # Of the client itself: it stands as long as the client may ask for another one like it.
            is_allowed = known.client.oauth_enabled and "client_credentials" in known.client.oauth_flows
            if not is_allowed or not self.world.clock.now() < claims.get("exp", 0):
                raise InvalidAccessToken
        else:
            await self._bearers.of(token, scope=None)
        return {**{name: claims[name] for name in _SAID if name in claims}, "token_type": "Bearer"}

    async def _of_refresh(self, known: Known, token: str) -> dict[str, Any]:
        grant_id, secret = self._handles.parts(token)
        grant = await self._grants.get(known.pool.id, grant_id)
        if grant is None or grant.client_id != known.client.id:
            raise InvalidRefreshToken
        if not await self._consents.covers(known.client, grant.user_sub, grant.created):
            raise InvalidRefreshToken
        user = require_usable(known.pool, known.client, await self._users.get(known.pool.id, grant.user_sub))
        is_current = hmac.compare_digest(grant.digest, digest(secret))
        if is_ended(grant, user) or not is_current or not self.world.clock.now() < grant.expires:
            raise InvalidRefreshToken
        return {
            "scope": " ".join(grant.scopes),
            "client_id": grant.client_id,
            "username": user.username,
            "exp": int(grant.expires),
            "iat": int(grant.created),
            "sub": user.sub,
            "iss": self._tokens.issuer(known.pool.id),
            "auth_time": grant.auth_time,
        }
