"""Authorization requests that wait for their users (oidc.md A19): whose they are, and how far they have come."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from poolhouse.errors import NotFound, OAuthError, TransactionEnded, VersionConflict
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.oauth.checks.addressed import is_registered
from poolhouse.flows.oauth.checks.request import require_allowed
from poolhouse.flows.oauth.interaction import Pending, Step
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.clients import Clients
from poolhouse.ports.oauth import AuthorizationRequests
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool

_TRIES: Final = 5


class Waiting:
    """``implicit``: whether there may be tokens in an answer."""

    def __init__(self, pools: Pools, clients: Clients, requests: AuthorizationRequests, *, implicit: bool) -> None:
        self._pools = pools
        self._clients = clients
        self._requests = requests
        self._implicit = implicit

    async def begin(self, request: AuthorizationRequest, pool: Pool, client: Client, handle: str) -> Pending:
        return Pending(await self._requests.add(request), pool, client, handle)

    @rule("A19")
    async def pending(self, pool_id: str, tx: str, secret: str | None) -> Pending:
        """The request behind the handle, in the browser in which it began, as it can still be answered. Raises
        ``TransactionEnded``."""
        request = await self._requests.get(pool_id, digest(tx))
        if request is None or secret is None or not hmac.compare_digest(digest(secret), request.browser):
            raise TransactionEnded
        pool, client = await self.still(request)
        return Pending(request, pool, client, tx)

    async def done(self, pending: Pending, step: Step) -> Pending:
        """This interaction is behind the user. Raises ``TransactionEnded``."""
        return await self.changed(pending, lambda request: with_done(request, step.value))

    async def keep(self, pending: Pending, private: dict[str, Any]) -> Pending:
        """This is what the pages keep to themselves from now on. Raises ``VersionConflict`` where another tab was
        faster: what it has kept is not overwritten."""
        saved = await self._requests.save(replace(pending.request, private=private))
        return Pending(saved, pending.pool, pending.client, pending.handle)

    async def changed(
        self, pending: Pending, change: Callable[[AuthorizationRequest], AuthorizationRequest]
    ) -> Pending:
        """The request is changed so, whatever it was a moment ago. Raises ``TransactionEnded``, ``VersionConflict``."""
        request: AuthorizationRequest | None = pending.request
        for _ in range(_TRIES):
            if request is None:
                raise TransactionEnded
            try:
                saved = await self._requests.save(change(request))
                return Pending(saved, pending.pool, pending.client, pending.handle)
            except VersionConflict:
                request = await self._requests.get(pending.pool.id, pending.request.handle)
        raise VersionConflict

    async def take(self, request: AuthorizationRequest) -> None:
        """The request is over, and this caller alone may answer it: as it was read, and not as somebody changed it in
        between. Raises ``TransactionEnded``."""
        taken = await self._requests.take(request.pool_id, request.handle)
        if taken is None or taken.version != request.version:
            raise TransactionEnded

    @rule("A19", "G3")
    async def still(self, request: AuthorizationRequest) -> tuple[Pool, Client]:
        """Pool and client are there, and the client may still have such an answer at this address. Raises
        ``TransactionEnded``."""
        try:
            pool = await self._pools.get(request.pool_id)
            client = await self._clients.get(request.client_id)
            require_allowed(frozenset(request.response_type.split()), client, implicit=self._implicit)
        except (OAuthError, NotFound):
            raise TransactionEnded from None
        if not is_registered(request.redirect_uri, client):
            raise TransactionEnded
        return pool, client


def with_done(request: AuthorizationRequest, name: str) -> AuthorizationRequest:
    return replace(request, done=tuple(dict.fromkeys((*request.done, name))))
