"""The client that a browser's request names, before anybody has proved anything."""

from __future__ import annotations

from poolhouse.errors import AuthorizationClientUnknown, ClientNotFound, InvalidRequest, OAuthError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.checks.addressed import CLIENT_ID
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.protection.limits import Asked as Counted
from poolhouse.flows.protection.limits import Limits
from poolhouse.ports.clients import Clients
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool


class NamedClients:
    def __init__(self, clients: Clients, limits: Limits) -> None:
        self._clients = clients
        self._limits = limits

    async def of(self, pool: Pool, asked: Asked) -> Client:
        """The client, and the request has counted: for the client, or, where there is none, for the address that tries
        names.

        Raises ``InvalidRequest`` where none is named, ``AuthorizationClientUnknown``, ``TooManyRequests``.
        """
        try:
            client = await self._named(pool, asked)
        except OAuthError:
            await self._limits.admit_stranger(Counted.AUTHORIZATION, pool.id)
            raise
        await self._limits.admit(Counted.AUTHORIZATION, client)
        return client

    async def _named(self, pool: Pool, asked: Asked) -> Client:
        if (reason := asked.faults.get("client_id")) is not None:
            raise InvalidRequest(reason)
        client_id = asked.parameters.get("client_id")
        if client_id is None:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_MISSING, name="client_id")
        try:
            client = await self._clients.get(client_id) if CLIENT_ID.fullmatch(client_id) else None
        except ClientNotFound:
            client = None
        # Not even the name of another pool's client is shown.
        if client is None or client.pool_id != pool.id:
            raise AuthorizationClientUnknown
        return client
