"""Devices and passkeys in the store: under their users, or found by them, so that they go with them."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.ports.paging import Slice
from poolhouse.records.factors import Device, Passkey, PasskeyOptions
from poolhouse.records.users import User
from poolhouse.store.port import Entry, Equals, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry, to_record
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


class PasskeyRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors
        self._shelf = Shelf(store, collections.PASSKEYS, Passkey, _passkey_entry)
        self.get, self.add, self.save, self.delete = (
            self._shelf.get,
            self._shelf.add,
            self._shelf.save,
            self._shelf.delete,
        )

    async def of(self, pool_id: str, sub: str) -> Sequence[Passkey]:
        found = await self._shelf.find(Query(prefix=(pool_id,), where=Equals("user", sub), limit=_AT_ONCE))
        return sorted(found, key=lambda passkey: (passkey.created, passkey.id))

    async def page(self, user: User, limit: int, cursor: str | None) -> Slice:
        asked = f"passkeys/{user.pool_id}/{user.sub}"
        page = await self._store.find(
            collections.PASSKEYS,
            Query(
                prefix=(user.pool_id,),
                where=Equals("user", user.sub),
                limit=limit,
                after=self._cursors.read(asked, cursor),
            ),
        )
        return Slice([to_record(stored, Passkey) for stored in page.entries], self._cursors.write(asked, page.next))

    async def forget(self, user: User) -> None:
        """No passkey of the user remains."""
        while passkeys := await self.of(user.pool_id, user.sub):
            for passkey in passkeys:
                await self._shelf.delete(passkey.pool_id, passkey.id)

    async def put_options(self, options: PasskeyOptions) -> None:
        key = (options.pool_id, options.user_sub, options.digest)
        await self._store.insert(collections.PASSKEY_OPTIONS, to_entry(options, key, expires=options.expires))

    async def take_options(self, pool_id: str, sub: str, digest: str) -> PasskeyOptions | None:
        entry = await self._store.take(collections.PASSKEY_OPTIONS, (pool_id, sub, digest))
        return None if entry is None else to_record(entry, PasskeyOptions)


def _passkey_entry(passkey: Passkey) -> Entry:
    return to_entry(passkey, (passkey.pool_id, passkey.id), index={"user": passkey.user_sub})
