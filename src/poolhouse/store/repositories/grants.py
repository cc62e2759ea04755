"""Grants in the store."""

from __future__ import annotations

from poolhouse.records.grants import Grant
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf

_SLACK = 86400
"""Seconds that a grant outlives its refresh token: an access token of the last moment still finds it."""


class GrantRepository:
    def __init__(self, store: Store) -> None:
        shelf = Shelf(store, collections.GRANTS, Grant, _entry)
        self.get, self.add, self.save = shelf.get, shelf.add, shelf.save


def _entry(grant: Grant) -> Entry:
    return to_entry(grant, (grant.pool_id, grant.id), expires=grant.expires + _SLACK)
