"""A client proves that it knows its secret; where it does not, the trail says so."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import NotAuthorized
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.ports.audit import AuditTrail
from poolhouse.records.clients import Client


class ClientProof:
    def __init__(self, secrets: ClientSecrets, audit: AuditTrail) -> None:
        self._secrets = secrets
        self._audit = audit

    async def by_hash(self, client: Client, given: str | None, names: Sequence[str]) -> None:
        """Raises as ``ClientSecrets.check_hash``."""
        try:
            self._secrets.check_hash(client, given, names)
        except NotAuthorized:
            await self._note(client)
            raise

    async def by_secret(self, client: Client, given: str | None) -> None:
        """Raises as ``ClientSecrets.check``."""
        try:
            self._secrets.check(client, given)
        except NotAuthorized:
            await self._note(client)
            raise

    async def _note(self, client: Client) -> None:
        await self._audit.note("client.refused", pool_id=client.pool_id, client_id=client.id)
