"""Devices in the store: under their users, so that they go with them."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.ports.paging import Slice
from poolhouse.records.factors import Device
from poolhouse.records.users import User
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf

_AT_ONCE = 200
"""More than a user has, even where many are confirmed at the same moment."""


class DeviceRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._cursors = cursors
        self._shelf = Shelf(store, collections.DEVICES, Device, _entry)
        self.get, self.add, self.save, self.delete = (
            self._shelf.get,
            self._shelf.add,
            self._shelf.save,
            self._shelf.delete,
        )

    async def of_user(self, user: User) -> Sequence[Device]:
        return await self._shelf.find(Query(prefix=(user.pool_id, user.sub), limit=_AT_ONCE))

    async def page(self, user: User, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (user.pool_id, user.sub), limit, cursor)

    async def forget(self, user: User) -> None:
        """No device of the user remains."""
        while devices := await self.of_user(user):
            for device in devices:
                await self._shelf.delete(device.pool_id, device.user_sub, device.key)


def _entry(device: Device) -> Entry:
    return to_entry(device, (device.pool_id, device.user_sub, device.key))
