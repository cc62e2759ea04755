"""New tokens for a refresh token, at the token endpoint (RFC 6749 section 6)."""

from __future__ import annotations

from poolhouse.errors import InvalidScope, UnauthorizedClient
from poolhouse.flows.grants.issue import API_SCOPES
from poolhouse.flows.grants.refresh import Refreshing
from poolhouse.flows.grants.scopes import asked_for, narrowed, of_user
from poolhouse.flows.oauth.consent import ConsentBook
from poolhouse.flows.oauth.grants.issued import Issued
from poolhouse.flows.oauth.request import Known
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.oauth import ResourceServers
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant


class RefreshToken:
    def __init__(self, refreshing: Refreshing, servers: ResourceServers, consents: ConsentBook) -> None:
        self._refreshing = refreshing
        self._servers = servers
        self._consents = consents

    @rule("RT2", "RT4", "RT5", "RT8", "I5")
    async def give(self, known: Known) -> Issued:
        """New tokens; a new refresh token where the client rotates. The scopes can be fewer than were granted, for this
        time, and are never more than the client may have today.

        Raises ``UnauthorizedClient``, ``InvalidRequest``, ``InvalidScope``, and what ``Refreshing.refresh`` raises.
        """
        client = known.client
        if not client.oauth_enabled or not {"code", "implicit"} & set(client.oauth_flows):
            raise UnauthorizedClient
        asked = asked_for(known.parameters.get("scope"))
        living = await self._servers.scopes(known.pool.id)

        def scopes(granted: tuple[str, ...]) -> tuple[str, ...]:
            # What a sign-in by the API gave was not asked for by OAuth, and is not the client's to have.
            left = narrowed(asked, granted if granted == API_SCOPES else of_user(granted, client, living))
            if granted and not left:
                raise InvalidScope
            return left

        tokens = await self._refreshing.refresh(
            client,
            known.need("refresh_token"),
            rotates=True,
            metadata={},
            is_proven=True,
            scopes=scopes,
            stands=self._stands if client.asks_consent else None,
        )
        is_openid = "openid" in tokens.scopes or tokens.granted == API_SCOPES
        return Issued(
            tokens.access, tokens.expires_in, tokens.scopes, id=tokens.id if is_openid else None, refresh=tokens.refresh
        )

    async def _stands(self, client: Client, grant: Grant) -> bool:
        return await self._consents.covers(client, grant.user_sub, grant.created)
