"""Users, and the names they hold.

A name is a claim document under the canonical value; it points to a user. A claim is good only while that user exists
and really holds the name by its own record: a crash between two writes leaves claims that are not, and the next who
wants the name takes it over. Before that, the old holder is fenced: its record is written once more (or, where it does
not exist, its key is filled with a tombstone), so that a slow writer who still wants to use the old claim fails.

Order of the writes: claims, those last that are taken from somebody; then the user (what gives power comes last), then
claims that are not held any more. A call that is refused gives back what it took.

A name whose canonical form was another once has two places (decision 0011). It is looked for under the former one
first: that tells apart who was told apart then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.ports.paging import Slice
from poolhouse.ports.users import NameTaken, UserFilter
from poolhouse.records.names import Name, canonical, former, held
from poolhouse.records.pools import Pool
from poolhouse.records.users import Credential, User
from poolhouse.store import documents
from poolhouse.store.port import Entry, Equals, Key, Query, StartsWith, Store, Stored
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.census import CensusRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.factors import DeviceRepository, PasskeyRepository
from poolhouse.store.repositories.groups import Memberships
from poolhouse.store.repositories.mapping import TOMBSTONE, is_gone, to_entry, to_record
from poolhouse.store.repositories.shelf import Shelf

SEIZABLE = frozenset({"email", "phone_number"})
_ROUNDS = 20
_SPACES = {"preferred_username": "username"}
"""User names and preferred user names are one space: nobody can take the other's."""


class UserRepository:
    def __init__(self, store: Store, cursors: Cursors, memberships: Memberships) -> None:
        self._store = store
        self._cursors = cursors
        self._memberships = memberships
        self._devices = DeviceRepository(store, cursors)
        self._passkeys = PasskeyRepository(store, cursors)
        self._shelf = Shelf(store, collections.USERS, User, entry_of)
        self._census = CensusRepository(store)

    async def get(self, pool_id: str, sub: str) -> User | None:
        entry = await self._store.get(collections.USERS, (pool_id, sub))
        return None if entry is None or is_gone(entry) else to_record(entry, User)

    async def nobody(self, pool: Pool, sub: str) -> None:
        await self._store.get(collections.USERS, (pool.id, sub))
        held(pool, to_record(_nobody(), User))

    async def by_name(self, pool: Pool, name: Name) -> User | None:
        return await self.by_names(pool, (name,))

    async def by_names(
        self, pool: Pool, names: Sequence[Name], meant: Callable[[str], None] | None = None
    ) -> User | None:
        places = [_places(pool.id, name) for name in names]
        firsts = [self._store.get(collections.NAMES, keys[0]) for keys in places]
        # A task for a single call would cost as much as the call, where the store is a local file.
        claims = await asyncio.gather(*firsts) if len(firsts) > 1 else [await firsts[0]]
        for name, keys, first in zip(names, places, claims, strict=True):
            for turn, key in enumerate(keys):
                claim = await self._store.get(collections.NAMES, key) if turn else first
                if claim is None:
                    continue
                sub = claim.value["sub"]
                if meant is not None:
                    meant(sub)
                user = await self.get(pool.id, sub)
                if user is not None and _holds(pool, user, name):
                    return user
        return None

    async def add(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        names = held(pool, user)
        claims = await self._claim_all(pool, user, names, seize=seize)
        try:
            return await self._add_counted(user)
        except KeyTaken:
            # Somebody who wanted a name of ours found the claim without a user, and fenced us off.
            await self._give_back(pool, user, claims)
            raise NameTaken(names[0]) from None

    async def save(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        before = await self.get(pool.id, user.sub)
        if before is None or before.version != user.version:
            raise VersionConflict
        old, new = _all_places(pool, before), _all_places(pool, user)
        wanted = [name for name in held(pool, user) if not old.issuperset(_places(pool.id, name))]
        claims = await self._claim_all(pool, user, wanted, seize=seize, before=old)
        try:
            saved = await self._shelf.save(user)
        except VersionConflict:
            await self._give_back(pool, user, claims)
            raise
        for key in old - new:
            await self._release(user, key)
        return saved

    async def delete(self, pool: Pool, user: User) -> None:
        if await self._shelf.delete(pool.id, user.sub):
            await self._census.add(pool.id, user.sub, -1)
        for key in _all_places(pool, user):
            await self._release(user, key)
        await self._memberships.forget(user)
        await self._devices.forget(user)
        await self._passkeys.forget(user)

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
            found = [to_record(entry, User) for entry in page.entries if not is_gone(entry)]
            users += [user for user in found if wanted is None or _answers(user, wanted)]
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

    async def _claim_all(
        self, pool: Pool, user: User, names: Collection[Name], *, seize: bool, before: Collection[Key] = ()
    ) -> _Claims:
        """All places of the names point to the user; ``before`` are those that the user had. Raises ``NameTaken``, and
        then nothing was taken from anybody."""
        claims = _Claims()
        try:
            # What users sign in with from the start is theirs, verified or not; only an alias can move.
            for name in sorted(names, key=lambda name: _is_movable(pool, name)):
                for key in _places(pool.id, name):
                    if key not in before:
                        await self._claim(pool, user, name, key, claims, seize=seize and _is_movable(pool, name))
        except NameTaken:
            for key in claims.made:
                await self._release(user, key)
            await self._give_back(pool, user, claims)
            raise
        return claims

    async def _claim(self, pool: Pool, user: User, name: Name, key: Key, claims: _Claims, *, seize: bool) -> None:
        """The claim points to the user, if it is of this name: at its former place another name may stand. Raises
        ``NameTaken``."""
        for _ in range(_ROUNDS):
            # Nearly always the name is free: whoever wants it has looked before.
            with suppress(KeyTaken):
                await self._store.insert(collections.NAMES, Entry(key=key, value={"sub": user.sub}))
                claims.made.append(key)
                return
            claim = await self._store.get(collections.NAMES, key)
            if claim is None:
                continue
            holder_sub = claim.value["sub"]
            if holder_sub == user.sub:
                return
            holder = await self.get(pool.id, holder_sub)
            holds = holder is not None and _holds(pool, holder, name)
            if holds and not seize:
                raise NameTaken(name)
            other = _standing_at(pool, holder, key) if holder is not None and not holds else None
            if other is not None and key != _key(pool.id, name):
                return
            try:
                if holder is not None and other is not None:
                    # Their name moves to the place that it has today; this one is of our name now.
                    await self._claim(pool, holder, other, _key(pool.id, other), _Claims(), seize=False)
                await self._fence(pool, holder_sub, holder, name, seize=seize)
                await self._store.replace(
                    collections.NAMES, Entry(key=key, value={"sub": user.sub}, version=claim.version)
                )
            except (VersionConflict, KeyTaken):
                continue
            if holds:
                claims.seized.append(_Seized(key, name, holder_sub))
            else:
                claims.made.append(key)
            return
        raise NameTaken(name)

    async def _give_back(self, pool: Pool, user: User, claims: _Claims) -> None:
        """What was taken from others for a record that did not come to be is theirs again."""
        for seized in claims.seized:
            for _ in range(_ROUNDS):
                try:
                    await self._give_one_back(pool, user, seized)
                except (VersionConflict, KeyTaken):
                    continue
                break

    async def _give_one_back(self, pool: Pool, user: User, seized: _Seized) -> None:
        mine = await self.get(pool.id, user.sub)
        holder = await self.get(pool.id, seized.sub)
        claim = await self._store.get(collections.NAMES, seized.key)
        if claim is None or holder is None or (mine is not None and _holds(pool, mine, seized.name)):
            return
        if claim.value["sub"] == user.sub:
            await self._fence(pool, user.sub, mine, seized.name, seize=False)
            claim = await self._store.replace(
                collections.NAMES, Entry(key=seized.key, value={"sub": seized.sub}, version=claim.version)
            )
        proven = replace(holder, attributes={**holder.attributes, f"{seized.name.kind}_verified": "true"})
        if claim.value["sub"] == seized.sub and _holds(pool, proven, seized.name):
            await self._shelf.save(proven)

    async def _fence(self, pool: Pool, sub: str, holder: User | None, name: Name, *, seize: bool) -> None:
        """The holder cannot finish a write that it began on an older reading, and does not hold the name."""
        if holder is None:
            try:
                await self._store.insert(collections.USERS, Entry(key=(pool.id, sub), value=TOMBSTONE))
            except KeyTaken:
                if await self.get(pool.id, sub) is not None:
                    raise
            return
        if seize and _holds(pool, holder, name):
            holder = replace(holder, attributes={**holder.attributes, f"{name.kind}_verified": "false"})
        await self._shelf.save(holder)

    async def _release(self, user: User, key: Key) -> None:
        claim = await self._store.get(collections.NAMES, key)
        if claim is not None and claim.value["sub"] == user.sub:
            await self._store.delete(collections.NAMES, key, version=claim.version)


@cache
def _nobody() -> Stored:
    """A document such as that of somebody."""
    credential = Credential(hash="$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 66, set_at=0.0, verifier="A" * 590)
    attributes = {"email": "nobody@nowhere.example", "email_verified": "true", "name": "Nobody at all"}
    user = User(
        pool_id="-", sub="-", username="nobody", created=0.0, modified=0.0, attributes=attributes, credential=credential
    )
    return Stored(("-", "-"), documents.encode(to_entry(user, ("-", "-")).value), 1)


_EXACT = frozenset({"username", "status", "sub"})
_SEARCHED = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")


def entry_of(user: User) -> Entry:
    """How a user stands in the store, and what it is found by."""
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


class _Seized(Struct, frozen=True):
    """A claim that was taken from the user ``sub``."""

    key: Key
    name: Name
    sub: str


class _Claims(Struct):
    """What a call has changed of the claims so far: ``made`` ones were nobody's."""

    made: list[Key] = []
    seized: list[_Seized] = []


def _key(pool_id: str, name: Name) -> Key:
    return (pool_id, _SPACES.get(name.kind, name.kind), name.value)


def _places(pool_id: str, name: Name) -> tuple[Key, ...]:
    """Where the claim of a name may stand, in the order in which it is looked for."""
    place = _key(pool_id, name)
    return (place,) if name.former is None else ((*place[:2], name.former), place)


def _all_places(pool: Pool, user: User) -> frozenset[Key]:
    return frozenset(key for name in held(pool, user) for key in _places(pool.id, name))


def _standing_at(pool: Pool, user: User, key: Key) -> Name | None:
    """The name of the user whose claim may stand there."""
    return next((name for name in held(pool, user) if key in _places(pool.id, name)), None)


def _is_movable(pool: Pool, name: Name) -> bool:
    return name.kind in SEIZABLE and name.kind in pool.alias_attributes


def _holds(pool: Pool, user: User, name: Name) -> bool:
    wanted = _key(pool.id, name)
    return any(_key(pool.id, one) == wanted for one in held(pool, user))


def _answers(user: User, wanted: UserFilter) -> bool:
    """Whether the user is one of those who were asked for. The index says it roughly: in it ß and ss are one."""
    if wanted.attribute not in _SEARCHED:
        return True
    kind = "email" if wanted.attribute == "email" and not wanted.prefix else "search"
    value, sought = (
        canonical(kind, text, case_sensitive=False)
        for text in (user.attributes.get(wanted.attribute, ""), wanted.value)
    )
    return value.startswith(sought) if wanted.prefix else value == sought


def _folded(value: str) -> str:
    """What an index holds. It stays as it is: what stands in the store was folded so."""
    return former("search", value, case_sensitive=False)
