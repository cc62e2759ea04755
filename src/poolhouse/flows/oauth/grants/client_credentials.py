"""A client acts for itself (RFC 6749 section 4.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from poolhouse.errors import InvalidRequest, UnauthorizedClient
from poolhouse.errors.reasons import Reason
from poolhouse.flows.grants.machines import Machines
from poolhouse.flows.grants.scopes import asked_for, of_machine
from poolhouse.flows.oauth.grants.issued import Issued
from poolhouse.flows.oauth.request import Known
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.oauth import ResourceServers

LONGEST_METADATA = 8192


class ClientCredentials:
    def __init__(self, machines: Machines, servers: ResourceServers) -> None:
        self._machines = machines
        self._servers = servers

    @rule("T4")
    async def give(self, known: Known) -> Issued:
        """An access token of the client's own, for scopes of resource servers; nothing to refresh it with.

        Raises ``UnauthorizedClient``, ``InvalidScope``, ``InvalidRequest``.
        """
        client = known.client
        if not client.oauth_enabled or "client_credentials" not in client.oauth_flows or not client.secrets:
            raise UnauthorizedClient
        asked = asked_for(known.parameters.get("scope"))
        scopes = of_machine(asked, client, await self._servers.scopes(known.pool.id))
        token = await self._machines.token(
            known.pool, client, scopes, _metadata(known.parameters.get("aws_client_metadata"))
        )
        return Issued(token.access, token.expires_in, token.scopes)


def _metadata(text: str | None) -> Mapping[str, str]:
    """What plugins are told beside the request: a JSON object of texts. Raises ``InvalidRequest``."""
    if text is None:
        return {}
    if len(text) > LONGEST_METADATA:
        raise InvalidRequest(Reason.OAUTH_METADATA_INVALID)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest(Reason.OAUTH_METADATA_INVALID) from None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise InvalidRequest(Reason.OAUTH_METADATA_INVALID)
    return said
