"""The endpoints that clients call themselves: token, revocation and introspection (RFC 6749, 7009, 7662)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from poolhouse.errors import PoolhouseError
from poolhouse.flows.oauth.grants.issued import Issued
from poolhouse.flows.oauth.request import Known, Raw
from poolhouse.flows.services.oauth import OAuthServices
from poolhouse.server.answers import Answer, Fields
from poolhouse.server.oidc.answered import given, note, nothing, readable_by, refused
from poolhouse.server.oidc.requests import Reading


class BackChannel:
    def __init__(self, services: OAuthServices, reading: Reading) -> None:
        self._services = services
        self._reading = reading

    async def token(self, request: web.Request) -> Answer:
        async def answered(known: Known, more: Fields) -> Answer:
            return given(_token_answer(await self._services.token.issue(known)), more)

        return await self._answer(request, self._services.token.known, answered)

    async def revoke(self, request: web.Request) -> Answer:
        async def answered(known: Known, more: Fields) -> Answer:
            await self._services.revocation.revoke(known)
            return nothing(more)

        return await self._answer(request, self._services.revocation.known, answered)

    async def introspect(self, request: web.Request) -> Answer:
        async def answered(known: Known, _: Fields) -> Answer:
            # Servers ask, not pages.
            return given(await self._services.introspection.look(known), {})

        return await self._answer(request, self._services.introspection.known, answered)

    async def _answer(
        self,
        request: web.Request,
        prove: Callable[[Raw], Awaitable[Known]],
        answered: Callable[[Known, Fields], Awaitable[Answer]],
    ) -> Answer:
        """The client proves itself before anything else is looked at; a page may read no more than it may."""
        request_id = self._reading.begin(request)
        more = readable_by(request, None)
        try:
            known = await prove(await self._reading.raw(request))
            more = readable_by(request, known.client)
            return await answered(known, more)
        except PoolhouseError as error:
            note(error, request_id)
            return refused(error, request, more)


def _token_answer(issued: Issued) -> dict[str, Any]:
    said: dict[str, Any] = {
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(issued.scopes),
    }
    if issued.id is not None:
        said["id_token"] = issued.id
    if issued.refresh is not None:
        said["refresh_token"] = issued.refresh
    return said
