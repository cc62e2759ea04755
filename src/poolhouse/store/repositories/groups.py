"""Groups and who is in them: each membership is written from both sides, the user's side last (it gives the claims)."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import ConcurrentModification, GroupNotFound, GroupTaken, KeyTaken
from poolhouse.ports.paging import Slice
from poolhouse.records.groups import Group
from poolhouse.records.users import User
from poolhouse.store.port import Entry, Query, Store, Stored
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import is_gone, to_entry, to_record
from poolhouse.store.repositories.shelf import Shelf, turned

GROUPS_PER_USER = 100
_LAST = 2**31


class Memberships:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors
        self._shelf = Shelf(store, collections.GROUPS, Group, _entry, conflict=ConcurrentModification)
        self.save = self._shelf.save

    async def get(self, pool_id: str, name: str) -> Group:
        group = await self._shelf.get(pool_id, name)
        if group is None:
            raise GroupNotFound
        return group

    async def add(self, group: Group) -> Group:
        try:
            return await self._shelf.add(group)
        except KeyTaken:
            raise GroupTaken from None

    async def delete(self, group: Group) -> None:
        """The group is gone first, so no membership of it counts; then the memberships go."""
        await self._shelf.delete(group.pool_id, group.name)
        query = Query(prefix=(group.pool_id, group.name), limit=200)
        while True:
            page = await self._store.find(collections.MEMBERS, query)
            for entry in page.entries:
                await self._store.delete(collections.MEMBERSHIPS, (group.pool_id, entry.key[2], group.name))
                await self._store.delete(collections.MEMBERS, entry.key)
            if page.next is None:
                return

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (pool_id,), limit, cursor)

    async def join(self, group: Group, user: User, at: float) -> None:
        since = {"since": at, "group": group.id}
        for collection, key in (
            (collections.MEMBERS, (group.pool_id, group.name, user.sub)),
            (collections.MEMBERSHIPS, (group.pool_id, user.sub, group.name)),
        ):
            try:
                await self._store.insert(collection, Entry(key=key, value=since))
            except KeyTaken:
                # There already; of an earlier group of this name it does not count, so it is written anew.
                held = await self._store.get(collection, key)
                if held is not None and held.value.get("group") != group.id:
                    await self._store.replace(collection, Entry(key=key, value=since, version=held.version))

    async def leave(self, group: Group, user: User) -> None:
        await self._store.delete(collections.MEMBERSHIPS, (group.pool_id, user.sub, group.name))
        await self._store.delete(collections.MEMBERS, (group.pool_id, group.name, user.sub))

    async def of_user(self, user: User) -> Sequence[Group]:
        page = await self._store.find(
            collections.MEMBERSHIPS, Query(prefix=(user.pool_id, user.sub), limit=GROUPS_PER_USER)
        )
        if not page.entries:
            return ()  # as for most users, at every sign-in and refresh
        groups = await self._live(page.entries, user.pool_id)
        return sorted(groups, key=lambda g: (_LAST if g.precedence is None else g.precedence, g.created, g.name))

    async def page_of_user(self, user: User, limit: int, cursor: str | None) -> Slice:
        of_user = (user.pool_id, user.sub)
        entries, following = await turned(self._store, self._cursors, collections.MEMBERSHIPS, of_user, limit, cursor)
        return Slice(await self._live(entries, user.pool_id), following)

    async def members(self, group: Group, limit: int, cursor: str | None) -> Slice:
        in_group = (group.pool_id, group.name)
        entries, following = await turned(self._store, self._cursors, collections.MEMBERS, in_group, limit, cursor)
        users = []
        for member in entries:
            if member.value.get("group") != group.id:
                continue
            entry = await self._store.get(collections.USERS, (group.pool_id, member.key[2]))
            if entry is not None and not is_gone(entry):
                users.append(to_record(entry, User))
        return Slice(users, following)

    async def forget(self, user: User) -> None:
        """No membership of the user remains."""
        page = await self._store.find(collections.MEMBERSHIPS, Query(prefix=(user.pool_id, user.sub), limit=1000))
        for entry in page.entries:
            await self._store.delete(collections.MEMBERS, (user.pool_id, entry.key[2], user.sub))
            await self._store.delete(collections.MEMBERSHIPS, entry.key)

    async def _live(self, entries: Sequence[Stored], pool_id: str) -> list[Group]:
        groups = []
        for entry in entries:
            group = await self._shelf.get(pool_id, entry.key[2])
            if group is not None and group.id == entry.value.get("group"):
                groups.append(group)
        return groups


def _entry(group: Group) -> Entry:
    return to_entry(group, (group.pool_id, group.name))
