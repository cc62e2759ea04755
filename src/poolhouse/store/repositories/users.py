"""Users, and the names they hold.

A name is a claim document under the canonical value; it points to a user. A claim is good only while that user exists
and really holds the name by its own record: a crash between two writes leaves claims that are not, and the next who
wants the name takes it over. Before that, the old holder is fenced: its record is written once more (or, where it does
not exist, its key is filled with a tombstone), so that a slow writer who still wants to use the old claim fails.

Order of the writes: claims, then the user (what gives power comes last), then claims that are not held any more.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec.structs import replace

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.ports.paging import Slice
from poolhouse.ports.users import NameTaken, UserFilter
from poolhouse.records.names import Name, canonical, held
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.store.port import Entry, Equals, Key, Query, StartsWith, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.census import CensusRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.groups import Memberships
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.shelf import Shelf

SEIZABLE = frozenset({"email", "phone_number"})
_ROUNDS = 20
_TOMBSTONE = {"gone": True}
_SPACES = {"preferred_username": "username"}
"""User names and preferred user names are one space: nobody can take the other's."""


class UserRepository:
    def __init__(self, store: Store, cursors: Cursors, memberships: Memberships) -> None:
        self._store = store
        self._cursors = cursors
        self._memberships = memberships
        self._shelf = Shelf(store, collections.USERS, User, _entry)
        self._census = CensusRepository(store)

    async def get(self, pool_id: str, sub: str) -> User | None:
        entry = await self._store.get(collections.USERS, (pool_id, sub))
        return None if entry is None or "gone" in entry.value else to_record(entry, User)

    async def by_name(self, pool: Pool, name: Name) -> User | None:
        claim = await self._store.get(collections.NAMES, _key(pool.id, name))
        if claim is None:
            return None
        user = await self.get(pool.id, claim.value["sub"])
        return user if user is not None and _holds(pool, user, name) else None

    async def add(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        names = held(pool, user)
        await self._claim_all(pool, user, names, seize=seize)
        try:
            return await self._add_counted(user)
        except KeyTaken:
            # Somebody who wanted a name of ours found the claim without a user, and fenced us off.
            raise NameTaken(names[0]) from None

    async def save(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        before = await self.get(pool.id, user.sub)
        if before is None or before.version != user.version:
            raise VersionConflict
        old, new = held(pool, before), held(pool, user)
        await self._claim_all(pool, user, [name for name in new if name not in old], seize=seize)
        saved = await self._shelf.save(user)
        for name in old:
            if name not in new:
                await self._release(pool, user, name)
        return saved

    async def delete(self, pool: Pool, user: User) -> None:
        if await self._shelf.delete(pool.id, user.sub):
            await self._census.add(pool.id, user.sub, -1)
        for name in held(pool, user):
            await self._release(pool, user, name)
        await self._memberships.forget(user)

    async def page(self, pool_id: str, wanted: UserFilter | None, limit: int, cursor: str | None) -> Slice:
        asked = f"users/{pool_id}/{wanted.attribute}/{wanted.prefix}/{wanted.value}" if wanted else f"users/{pool_id}"
        where: Equals | StartsWith | None = None
        if wanted is not None:
            value = wanted.value if wanted.attribute in _EXACT else _folded(wanted.value)
            where = (StartsWith if wanted.prefix else Equals)(wanted.attribute.removeprefix("cognito:"), value)
        users: list[User] = []
        after = self._cursors.read(asked, cursor)
        while True:
            query = Query(prefix=(pool_id,), where=where, limit=limit - len(users), after=after)
            page = await self._store.find(collections.USERS, query)
            users += [to_record(entry, User) for entry in page.entries if "gone" not in entry.value]
            after = page.next
            if after is None or len(users) == limit:
                return Slice(users, self._cursors.write(asked, after))

    async def _add_counted(self, user: User) -> User:
        # Side by side: nobody waits for the count, and they share a transaction where the database can do that.
        added, counted = await asyncio.gather(
            self._shelf.add(user),
            self._census.add(user.pool_id, user.sub, 1),
            return_exceptions=True,
        )
        if isinstance(added, BaseException):
            if counted is None:
                await self._census.add(user.pool_id, user.sub, -1)
            raise added
        if counted is not None:
            raise counted
        return added

    async def _claim_all(self, pool: Pool, user: User, names: list[Name] | tuple[Name, ...], *, seize: bool) -> None:
        claimed: list[Name] = []
        try:
            for name in names:
                # What users sign in with from the start is theirs, verified or not; only an alias can move.
                movable = name.kind in SEIZABLE and name.kind in pool.alias_attributes
                await self._claim(pool, user, name, seize=seize and movable)
                claimed.append(name)
        except NameTaken:
            for name in claimed:
                await self._release(pool, user, name)
            raise

    async def _claim(self, pool: Pool, user: User, name: Name, *, seize: bool) -> None:
        """The claim points to the user. Raises ``NameTaken``."""
        key = _key(pool.id, name)
        for _ in range(_ROUNDS):
            # Nearly always the name is free: whoever wants it has looked before.
            with suppress(KeyTaken):
                await self._store.insert(collections.NAMES, Entry(key=key, value={"sub": user.sub}))
                return
            claim = await self._store.get(collections.NAMES, key)
            if claim is None:
                continue
            holder_sub = claim.value["sub"]
            if holder_sub == user.sub:
                return
            holder = await self.get(pool.id, holder_sub)
            if holder is not None and _holds(pool, holder, name) and not seize:
                raise NameTaken(name)
            try:
                await self._fence(pool, holder_sub, holder, name, seize=seize)
                await self._store.replace(
                    collections.NAMES, Entry(key=key, value={"sub": user.sub}, version=claim.version)
                )
            except (VersionConflict, KeyTaken):
                continue
            return
        raise NameTaken(name)

    async def _fence(self, pool: Pool, sub: str, holder: User | None, name: Name, *, seize: bool) -> None:
        """The holder cannot finish a write that it began on an older reading, and does not hold the name."""
        if holder is None:
            try:
                await self._store.insert(collections.USERS, Entry(key=(pool.id, sub), value=_TOMBSTONE))
            except KeyTaken:
                if await self.get(pool.id, sub) is not None:
                    raise
            return
        if seize and _holds(pool, holder, name):
            holder = replace(holder, attributes={**holder.attributes, f"{name.kind}_verified": "false"})
        await self._shelf.save(holder)

    async def _release(self, pool: Pool, user: User, name: Name) -> None:
        key = _key(pool.id, name)
        claim = await self._store.get(collections.NAMES, key)
        if claim is not None and claim.value["sub"] == user.sub:
            await self._store.delete(collections.NAMES, key, version=claim.version)


_EXACT = frozenset({"username", "status", "sub"})
_SEARCHED = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")


def _entry(user: User) -> Entry:
    index = {
        "username": user.username,
        "sub": user.sub,
        "user_status": _folded(user.status),
        "status": "Enabled" if user.enabled else "Disabled",
    }
    for attribute in _SEARCHED:
        value = user.attributes.get(attribute)
        if value:
            index[attribute] = _folded(value)
    return to_entry(user, (user.pool_id, user.sub), index=index)


def _key(pool_id: str, name: Name) -> Key:
    return (pool_id, _SPACES.get(name.kind, name.kind), name.value)


def _holds(pool: Pool, user: User, name: Name) -> bool:
    wanted = _key(pool.id, name)
    return any(_key(pool.id, one) == wanted for one in held(pool, user))


def _folded(value: str) -> str:
    return canonical("search", value, case_sensitive=False)
