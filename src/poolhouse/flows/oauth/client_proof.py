"""Clients prove who they are (RFC 6749 section 2.3): by Basic, in the form, or not at all where they have no secret."""

from __future__ import annotations

import re
from typing import Final

from poolhouse.errors import ClientNotFound, InvalidClient, InvalidRequest, NotAuthorized, PoolNotFound
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.oauth.request import Known, Raw
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.protection.proofs import FailedProofs
from poolhouse.ports.clients import Clients
from poolhouse.ports.pools import Pools

_CLIENT_ID: Final = re.compile(r"[\w+]{1,128}", re.ASCII)


class ClientAuthentication:
    """The same at every endpoint (K4)."""

    def __init__(
        self, pools: Pools, clients: Clients, proof: ClientProof, limits: Limits, proofs: FailedProofs
    ) -> None:
        self._pools = pools
        self._clients = clients
        self._proof = proof
        self._limits = limits
        self._proofs = proofs

    @rule("G2", "K1", "K4", "K10", "H8")
    async def known(self, raw: Raw, *, confidential: bool = False) -> Known:
        """The request, of a client that has proved itself. ``confidential``: only clients with a secret can.

        Raises ``InvalidRequest`` for two ways at once, ``InvalidClient`` for all else: nobody learns whether there is
        such a client. Raises ``TooManyRequests`` where too many have failed, and where it asks too often.
        """
        client_id, secret = _presented(raw)
        if not _CLIENT_ID.fullmatch(client_id):
            raise InvalidClient
        async with self._proofs.counted(raw.pool_id, client_id):
            known = await self._proved(raw, client_id, secret, confidential=confidential)
        await self._limits.admit(Asked.TOKEN, known.client)
        return known

    async def _proved(self, raw: Raw, client_id: str, secret: str | None, *, confidential: bool) -> Known:
        try:
            client = await self._clients.get(client_id)
            if client.pool_id != raw.pool_id or (confidential and not client.secrets):
                raise InvalidClient
            await self._proof.by_secret(client, secret)
            return Known(await self._pools.get(client.pool_id), client, raw.parameters, secret)
        except (ClientNotFound, PoolNotFound, NotAuthorized):
            raise InvalidClient from None


@rule("K3", "T5")
def _presented(raw: Raw) -> tuple[str, str | None]:
    """Id and secret, by the one way in which they came."""
    named, secret = raw.parameters.get("client_id"), raw.parameters.get("client_secret")
    if raw.basic is None:
        if named is None:
            raise InvalidClient
        return named, secret
    if secret is not None:
        raise InvalidRequest(Reason.OAUTH_TWO_PROOFS)
    if named is not None and named != raw.basic.client_id:
        raise InvalidClient
    return raw.basic.client_id, raw.basic.secret
