"""The end of what a refresh token gave, asked for by its client (RFC 7009)."""

from __future__ import annotations

from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.revoke import Revocation
from poolhouse.flows.oauth.client_proof import ClientAuthentication
from poolhouse.flows.oauth.request import Known, Raw
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.protection.limits import Admit


class RevocationEndpoint(Flow):
    def __init__(self, world: World, clients: ClientAuthentication, revocation: Revocation, admit: Admit) -> None:
        super().__init__(world)
        self._admit = admit
        self._clients = clients
        self._revocation = revocation

    async def known(self, raw: Raw) -> Known:
        """Raises as ``ClientAuthentication.known``."""
        return await self._clients.known(raw)

    @rule("RV1", "RV2")
    async def revoke(self, known: Known) -> None:
        """The refresh token and all that its family gave have ended, if they are the client's. Whatever the hint says,
        the token itself tells what it is.

        Raises ``InvalidRequest``, ``TooManyRequests``, ``UnsupportedTokenType`` for an access or ID token,
        ``UnsupportedOperation`` where the client has revocation off.
        """
        self._admit("UserToken")
        await self._revocation.revoke(known.client, known.need("token"), known.secret)
