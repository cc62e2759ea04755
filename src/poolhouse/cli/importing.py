"""Users from elsewhere are put into a pool, without a message to anybody.

Each line is done or not done by itself. Names that exist are skipped, so an import that was interrupted is simply run
again. A line that cannot be done is told with its number, and the rest goes on.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from poolhouse.cli.lines import WITHOUT_PASSWORD, BadLine, UserLine, is_ours, read_line
from poolhouse.errors import GroupNotFound, GroupTaken, PoolhouseError
from poolhouse.flows.directory.groups import MOST_GROUPS_OF_A_USER, GroupAdministration, GroupSettings
from poolhouse.flows.directory.naming import place_name
from poolhouse.flows.directory.values import check_values
from poolhouse.flows.flow import World
from poolhouse.ports.user_pools import Ports
from poolhouse.ports.users import NameTaken
from poolhouse.records.groups import Group
from poolhouse.records.names import name
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, RESET_REQUIRED, Credential, User

AT_ONCE: Final = 32
_SUB: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Complain = Callable[[int, str], None]
"""Is told the number of a line, and what is wrong with it."""


class ReadableHashes(Protocol):
    def can_read(self, encoded: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """``dry_run``: everything is looked at, and nothing is written. ``creates_groups``: groups that do not exist are
    made, without any rights; otherwise they are an error."""

    dry_run: bool = False
    creates_groups: bool = False


@dataclass(slots=True)
class Count:
    """How many lines came to which end."""

    imported: int = 0
    skipped: int = 0
    wrong: int = 0


class Import:
    """``fingerprint`` names the master key whose pepper our own hashes have here."""

    def __init__(
        self,
        world: World,
        ports: Ports,
        groups: GroupAdministration,
        hashes: ReadableHashes,
        fingerprint: str,
        pool: Pool,
        manner: Manner,
        complain: Complain,
    ) -> None:
        self._world = world
        self._ports = ports
        self._groups = groups
        self._hashes = hashes
        self._fingerprint = fingerprint
        self._pool = pool
        self._manner = manner
        self._complain = complain
        self._count = Count()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, lines: Iterable[bytes], advance: Callable[[int], None]) -> Count:
        """All lines were tried. ``advance`` is told the bytes that are done."""
        for some in _batches(enumerate(lines, 1), AT_ONCE):
            self._turns.clear()
            await asyncio.gather(*(self._line(number, raw) for number, raw in some))
            advance(sum(len(raw) for _, raw in some))
        return self._count

    async def _line(self, number: int, raw: bytes) -> None:
        if not raw.strip():
            return
        try:
            line = read_line(raw)
            # Of two lines with one name the second sees what became of the first.
            async with self._turns[line.username.casefold()]:
                done = await self._user(line)
            if done:
                self._count.imported += 1
            else:
                self._count.skipped += 1
        except (BadLine, PoolhouseError) as error:
            self._count.wrong += 1
            self._complain(number, str(error).strip())

    async def _user(self, line: UserLine) -> bool:
        """False for one whose name exists. Raises ``BadLine`` and what the domain says."""
        user = self._drafted(line)
        if await self._exists(user):
            return False
        groups = [await self._group(each) for each in dict.fromkeys(line.groups)]
        if len(groups) > MOST_GROUPS_OF_A_USER:
            raise BadLine(f"a user can be in at most {MOST_GROUPS_OF_A_USER} groups")
        if self._manner.dry_run:
            return True
        # Groups before the user: if it breaks off between, they are nobody's. The other way round the user would exist,
        # be skipped by the next run, and stay without groups.
        for group in groups:
            if group is not None:
                await self._ports.groups.join(group, user, self._world.clock.now())
        try:
            await self._ports.users.add(self._pool, user)
        except NameTaken as taken:
            for group in groups:
                if group is not None:
                    await self._ports.groups.leave(group, user)
            if await self._exists(user):
                return False
            raise BadLine(f"another user holds this {taken.name.kind}") from None
        await self._world.audit.note("user.imported", pool_id=self._pool.id, subject=user.sub)
        return True

    def _drafted(self, line: UserLine) -> User:
        if line.sub is not None and not _SUB.fullmatch(line.sub):
            raise BadLine("sub is a UUID in lower case")
        sub = line.sub or self._world.chance.uuid()
        username, attributes = self._placed(line)
        attributes = check_values(self._pool, attributes, on="invite", who="admin")
        now = self._world.clock.now()
        credential = self._credential(line, now)
        status = line.status or (CONFIRMED if credential else RESET_REQUIRED)
        if credential is None and status not in WITHOUT_PASSWORD:
            status = RESET_REQUIRED
        return User(
            pool_id=self._pool.id,
            sub=sub,
            username=username or sub,
            created=line.created or now,
            modified=line.modified or now,
            status=status,
            enabled=line.enabled,
            attributes=attributes,
            credential=credential,
            temporary_until=line.temporary_until if credential else None,
            history=tuple(each for each in line.password_history if self._is_usable(each, line)) if credential else (),
        )

    def _placed(self, line: UserLine) -> tuple[str | None, dict[str, str]]:
        if self._pool.username_attributes and line.sub is not None and line.username == line.sub:
            # One of our own: where people sign in with an address, the name is the id.
            return line.sub, dict(line.attributes)
        return place_name(self._pool, line.username, line.attributes)

    def _credential(self, line: UserLine, now: float) -> Credential | None:
        encoded = line.password_hash
        if encoded is None:
            return None
        if is_ours(encoded) and line.password_key != self._fingerprint:
            raise BadLine(
                "password_hash was made with another master key, and nobody could sign in with it; leave it out, and "
                "the user chooses a new password"
            )
        if not self._is_usable(encoded, line):
            raise BadLine("password_hash has a format that nothing here can read")
        return Credential(hash=encoded, set_at=line.password_set_at or now)

    def _is_usable(self, encoded: str, line: UserLine) -> bool:
        if is_ours(encoded) and line.password_key != self._fingerprint:
            return False
        return self._hashes.can_read(encoded)

    async def _exists(self, user: User) -> bool:
        """Whether this user is here already. Raises ``BadLine`` where the id is somebody else's."""
        held = await self._ports.users.by_name(self._pool, name(self._pool, "username", user.username))
        if held is None:
            for attribute in self._pool.username_attributes:
                if (value := user.attributes.get(attribute)) and held is None:
                    held = await self._ports.users.by_name(self._pool, name(self._pool, attribute, value))
        if held is None and await self._ports.users.get(self._pool.id, user.sub) is not None:
            raise BadLine("another user has this sub")
        return held is not None

    async def _group(self, group_name: str) -> Group | None:
        """The group; None in a dry run that would make it. Raises ``BadLine``."""
        with suppress(GroupNotFound):
            return await self._ports.groups.get(self._pool.id, group_name)
        if not self._manner.creates_groups:
            raise BadLine("there is no group of one of these names; make it, or say --create-groups")
        if self._manner.dry_run:
            return None
        with suppress(GroupTaken):
            return await self._groups.create(self._pool.id, group_name, GroupSettings())
        return await self._ports.groups.get(self._pool.id, group_name)


def _batches(lines: Iterable[tuple[int, bytes]], size: int) -> Iterator[list[tuple[int, bytes]]]:
    left = iter(lines)
    while some := list(islice(left, size)):
        yield some
