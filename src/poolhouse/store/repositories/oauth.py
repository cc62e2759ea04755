"""What is asked for by OAuth, in the store."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.oauth import AuthorizationCode, AuthorizationRequest, Consent, ResourceServer
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS
from poolhouse.store.repositories.shelf import Shelf

_SOME = 100
_PRIVATE = "authorization-request"


class ResourceServerRepository:
    def __init__(self, store: Store, cursors: Cursors, clock: Clock) -> None:
        self._cursors = cursors
        self._shelf = Shelf(
            store, collections.RESOURCE_SERVERS, ResourceServer, _server_entry, conflict=ConcurrentModification
        )
        # Every token of a machine is looked up here.
        self._scopes: Cache[frozenset[str]] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def get(self, pool_id: str, identifier: str) -> ResourceServer | None:
        return await self._shelf.get(pool_id, identifier)

    async def add(self, server: ResourceServer) -> ResourceServer:
        added = await self._shelf.add(server)
        self._scopes.drop(server.pool_id)
        return added

    async def save(self, server: ResourceServer) -> ResourceServer:
        saved = await self._shelf.save(server)
        self._scopes.drop(server.pool_id)
        return saved

    async def delete(self, pool_id: str, identifier: str) -> bool:
        removed = await self._shelf.delete(pool_id, identifier)
        self._scopes.drop(pool_id)
        return removed

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (pool_id,), limit, cursor)

    async def scopes(self, pool_id: str) -> frozenset[str]:
        held = self._scopes.get(pool_id)
        return held if held is not None else self._scopes.put(pool_id, await self.scopes_now(pool_id))

    async def scopes_now(self, pool_id: str) -> frozenset[str]:
        servers = await self._shelf.find(Query(prefix=(pool_id,), limit=_SOME))
        return frozenset([scope for server in servers for scope in server.full_scopes])


class AuthorizationRequestRepository:
    """What the pages keep to themselves meanwhile is sealed: the handle of a sign-in is among it."""

    def __init__(self, store: Store, secrets: Secrets) -> None:
        self._store = store
        self._secrets = secrets
        self._shelf = Shelf(store, collections.AUTHORIZATION_REQUESTS, AuthorizationRequest, _request_entry)

    async def add(self, request: AuthorizationRequest) -> AuthorizationRequest:
        return replace(await self._shelf.add(self._hidden(request)), private=request.private)

    async def get(self, pool_id: str, handle: str) -> AuthorizationRequest | None:
        hidden = await self._shelf.get(pool_id, handle)
        return None if hidden is None else self._opened(hidden)

    async def save(self, request: AuthorizationRequest) -> AuthorizationRequest:
        return replace(await self._shelf.save(self._hidden(request)), private=request.private)

    async def take(self, pool_id: str, handle: str) -> AuthorizationRequest | None:
        taken = await self._store.take(collections.AUTHORIZATION_REQUESTS, (pool_id, handle))
        return None if taken is None else self._opened(to_record(taken, AuthorizationRequest))

    def _hidden(self, request: AuthorizationRequest) -> AuthorizationRequest:
        if not request.private:
            return request
        plain = msgspec.json.encode(request.private)
        return replace(request, private={"sealed": self._secrets.seal(_PRIVATE, request.handle, plain)})

    def _opened(self, request: AuthorizationRequest) -> AuthorizationRequest:
        if not request.private:
            return request
        plain = self._secrets.open(_PRIVATE, request.handle, request.private["sealed"])
        return replace(request, private=msgspec.json.decode(plain))


class AuthorizationCodeRepository:
    def __init__(self, store: Store) -> None:
        shelf = Shelf(store, collections.AUTHORIZATION_CODES, AuthorizationCode, _code_entry)
        self.add, self.get, self.save = shelf.add, shelf.get, shelf.save


class ConsentRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._cursors = cursors
        self._shelf = Shelf(store, collections.CONSENTS, Consent, _consent_entry)
        self.get, self.add, self.save, self.delete = (
            self._shelf.get,
            self._shelf.add,
            self._shelf.save,
            self._shelf.delete,
        )

    async def of_user(self, pool_id: str, user_sub: str, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (pool_id, user_sub), limit, cursor)


def _request_entry(request: AuthorizationRequest) -> Entry:
    return to_entry(request, (request.pool_id, request.handle), expires=request.expires)


def _code_entry(code: AuthorizationCode) -> Entry:
    return to_entry(code, (code.pool_id, code.id), expires=code.kept_until)


def _consent_entry(consent: Consent) -> Entry:
    return to_entry(consent, (consent.pool_id, consent.user_sub, consent.client_id))


def _server_entry(server: ResourceServer) -> Entry:
    return to_entry(server, (server.pool_id, server.identifier))
