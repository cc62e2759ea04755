"""Callers' keys, roles, policies and registered providers in the store."""

from __future__ import annotations

from poolhouse.errors import ConcurrentModification
from poolhouse.ports.paging import Slice
from poolhouse.records.access import AccessKey, ManagedPolicy, OidcProvider, Role, SamlProvider
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf


class AccessKeyRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(store, collections.ACCESS_KEYS, AccessKey, _entry)
        self._cursors = cursors
        self.get, self.add, self.save, self.delete = shelf.get, shelf.add, shelf.save, shelf.delete

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


class RoleRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(store, collections.ROLES, Role, _by_name, conflict=ConcurrentModification)
        self._cursors = cursors
        self.get, self.add, self.save, self.delete = shelf.get, shelf.add, shelf.save, shelf.delete

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


class ManagedPolicyRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(
            store, collections.MANAGED_POLICIES, ManagedPolicy, _by_name, conflict=ConcurrentModification
        )
        self._cursors = cursors
        self.get, self.add, self.save, self.delete = shelf.get, shelf.add, shelf.save, shelf.delete

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


class OidcProviderRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(store, collections.OIDC_PROVIDERS, OidcProvider, _by_issuer)
        self._cursors = cursors
        self.get, self.add, self.save, self.delete = shelf.get, shelf.add, shelf.save, shelf.delete

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


class SamlProviderRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(store, collections.SAML_PROVIDERS, SamlProvider, _by_name)
        self._cursors = cursors
        self.get, self.add, self.save, self.delete = shelf.get, shelf.add, shelf.save, shelf.delete

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


def _by_name(record: Role | ManagedPolicy | SamlProvider) -> Entry:
    return to_entry(record, (record.name,))


def _by_issuer(provider: OidcProvider) -> Entry:
    return to_entry(provider, (provider.issuer.partition("://")[2],))


def _entry(key: AccessKey) -> Entry:
    return to_entry(key, (key.id,))
