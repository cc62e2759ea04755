"""What a client is to the hosted pages: they act for its users, in the client's place."""

from __future__ import annotations

from msgspec.structs import replace

from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.records.clients import Client


class OnPages:
    """Pages never say who exists, whatever the client lets its own callers know (security row 48): whoever opens them
    has proven nothing. The secret of a client, which its callers have to prove, is known here."""

    def __init__(self, secrets: ClientSecrets) -> None:
        self._secrets = secrets

    def client(self, client: Client) -> Client:
        """The client, as flows are told of it by the pages. It is never kept."""
        return client if client.hides_users else replace(client, hides_users=True)

    def secret_hash(self, client: Client, username: str) -> str | None:
        """What flows want of a client that has a secret."""
        return self._secrets.hash_of(client, username)
