"""One call of an operation of user pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from poolhouse.flows.access.callers import Caller
    from poolhouse.flows.services.user_pools import Services
    from poolhouse.records.clients import Client
    from poolhouse.records.pools import Pool


OPERATIONS: Final = "poolhouse.server.cognito.user_pools.operations"
"""The package of the handlers."""


class Call:
    """One call of an operation: its checked input, and what a handler may reach.

    ``caller`` is None for operations that need no signature. ``region`` is that of the signature, or else the server's.
    """

    __slots__ = ("account", "caller", "input", "region", "request_id", "services", "source_ip")

    def __init__(
        self,
        *,
        input: dict[str, Any],  # noqa: A002 - the word of the model
        services: Services,
        region: str,
        account: str,
        request_id: str,
        caller: Caller | None,
        source_ip: str,
    ) -> None:
        self.input = input
        self.services = services
        self.region = region
        self.account = account
        self.request_id = request_id
        self.caller = caller
        self.source_ip = source_ip

    async def client(self) -> Client:
        """The app client that the input names. Raises ``ClientNotFound``."""
        client: Client = await self.services.clients.get(self.input["ClientId"])
        return client

    async def pool(self) -> Pool:
        """The pool that the input names. Raises ``PoolNotFound``."""
        pool: Pool = await self.services.pools.get(self.input["UserPoolId"])
        return pool
