"""Users from elsewhere are put into a pool, without a message to anybody.

Each line is done or not done by itself. Names that exist are skipped, so a line that is done twice is no mistake.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from poolhouse.errors import GroupNotFound, GroupTaken
from poolhouse.flows.directory.groups import MOST_GROUPS_OF_A_USER, GroupAdministration, GroupSettings
from poolhouse.flows.directory.naming import place_name
from poolhouse.flows.directory.values import check_values
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.transfer.factors import FactorTransfer
from poolhouse.flows.transfer.lines import WITHOUT_PASSWORD, BadLine, UserLine, check_times
from poolhouse.ports.arithmetic import Passwords
from poolhouse.ports.groups import Groups
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records import names
from poolhouse.records.factors import Passkey
from poolhouse.records.groups import Group
from poolhouse.records.names import Name
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, RESET_REQUIRED, Credential, User

_SUB: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """``dry_run``: everything is looked at, and nothing is written. ``creates_groups``: groups that do not exist are
    made, without any rights; otherwise they are an error."""

    dry_run: bool = False
    creates_groups: bool = False


class Rehearsal:
    """What the lines of a dry run would have put there so far."""

    def __init__(self) -> None:
        self._names: set[tuple[str, str]] = set()
        self._subs: set[str] = set()

    def has(self, held: Name) -> bool:
        return _place(held) in self._names

    def has_sub(self, sub: str) -> bool:
        return sub in self._subs

    def add(self, pool: Pool, user: User) -> None:
        self._names.update(_place(one) for one in names.held(pool, user))
        self._subs.add(user.sub)


class LineImport(Flow):
    """One line becomes one user."""

    def __init__(
        self,
        world: World,
        users: Users,
        groups: Groups,
        administration: GroupAdministration,
        passwords: Passwords,
        factors: FactorTransfer,
    ) -> None:
        super().__init__(world)
        self._factors = factors
        self._users = users
        self._groups = groups
        self._administration = administration
        self._passwords = passwords

    async def put(self, pool: Pool, line: UserLine, manner: Manner, rehearsal: Rehearsal) -> bool:
        """The user exists. False for one whose name did before. Raises ``BadLine`` and what the domain says.

        ``rehearsal`` knows the lines before this one in a dry run, which says of each what would have come of it."""
        user, passkeys = self._drafted(pool, line)
        if await self._exists(pool, user, rehearsal, line.sub):
            return False
        groups = [await self._group(pool, each, manner) for each in dict.fromkeys(line.groups)]
        if len(groups) > MOST_GROUPS_OF_A_USER:
            raise BadLine(f"a user can be in at most {MOST_GROUPS_OF_A_USER} groups")
        if manner.dry_run:
            await self._factors.require_free(passkeys)
            for held in names.held(pool, user):
                if rehearsal.has(held) or await self._users.by_name(pool, held) is not None:
                    raise BadLine(f"another user holds this {held.kind}")
            rehearsal.add(pool, user)
            return True
        # Passkeys and groups before the user: if it breaks off between, they are nobody's. The other way round the user
        # would exist, be skipped by the next run, and stay without them.
        added = await self._factors.put(passkeys)
        for group in groups:
            if group is not None:
                await self._groups.join(group, user, self.world.clock.now())
        try:
            await self._users.add(pool, user)
        except NameTaken as taken:
            await self._factors.take_back(added)
            for group in groups:
                if group is not None:
                    await self._groups.leave(group, user)
            if await self._exists(pool, user, rehearsal, line.sub):
                return False
            raise BadLine(f"another user holds this {taken.name.kind}") from None
        joined = ",".join(sorted(group.name for group in groups if group is not None))
        facts = {"groups": joined} if joined else {}
        await self.world.audit.note("user.imported", pool_id=pool.id, subject=user.sub, facts=facts)
        return True

    def _drafted(self, pool: Pool, line: UserLine) -> tuple[User, tuple[Passkey, ...]]:
        if line.sub is not None and not _SUB.fullmatch(line.sub):
            raise BadLine("sub is a UUID in lower case")
        sub = line.sub or self.world.chance.uuid()
        username, attributes = _placed(pool, line)
        attributes = check_values(pool, attributes, on="invite", who="admin")
        now = self.world.clock.now()
        check_times(line, now)
        credential = self._credential(line, now)
        status = line.status or (CONFIRMED if credential else RESET_REQUIRED)
        if credential is None and status not in WITHOUT_PASSWORD:
            status = RESET_REQUIRED
        own = self._factors.read(pool, line, sub, now)
        user = User(
            pool_id=pool.id,
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
            mfa=line.mfa,
            preferred_mfa=line.preferred_mfa,
            passkey_mfa=line.passkey_mfa,
            factors=own.factors,
            recovery=own.recovery,
        )
        return user, own.passkeys

    def _credential(self, line: UserLine, now: float) -> Credential | None:
        encoded = line.password_hash
        if encoded is None:
            return None
        if self._is_of_another_key(encoded, line):
            raise BadLine(
                "password_hash was made with another master key, and nobody could sign in with it; leave it out, and "
                "the user chooses a new password"
            )
        if not self._is_usable(encoded, line):
            raise BadLine(f"password_hash cannot be read: {self._passwords.why_unreadable(encoded)}")
        return Credential(hash=encoded, set_at=line.password_set_at or now)

    def _is_usable(self, encoded: str, line: UserLine) -> bool:
        return not self._is_of_another_key(encoded, line) and self._passwords.can_read(encoded)

    def _is_of_another_key(self, encoded: str, line: UserLine) -> bool:
        return self._passwords.is_peppered(encoded) and line.password_key != self.world.secrets.fingerprint

    async def _exists(self, pool: Pool, user: User, rehearsal: Rehearsal, sub: str | None) -> bool:
        """Whether this user is here already. ``sub`` is the id that was asked for; one that was made just now is
        nobody's. Raises ``BadLine`` where it is somebody else's."""
        given = [("username", user.username)]
        given += [(each, value) for each in pool.username_attributes if (value := user.attributes.get(each))]
        for kind, value in given:
            wanted = names.name(pool, kind, value)
            if rehearsal.has(wanted) or await self._users.by_name(pool, wanted) is not None:
                return True
        if sub is not None and (rehearsal.has_sub(sub) or await self._users.get(pool.id, sub) is not None):
            raise BadLine("another user has this sub")
        return False

    async def _group(self, pool: Pool, group_name: str, manner: Manner) -> Group | None:
        """The group; None in a dry run that would make it. Raises ``BadLine``."""
        with suppress(GroupNotFound):
            return await self._groups.get(pool.id, group_name)
        if not manner.creates_groups:
            raise BadLine("there is no group of one of these names; make it, or say --create-groups")
        if manner.dry_run:
            return None
        with suppress(GroupTaken):
            return await self._administration.create(pool.id, group_name, GroupSettings())
        return await self._groups.get(pool.id, group_name)


def _place(held: Name) -> tuple[str, str]:
    """User names and preferred names are one space."""
    return ("username" if held.kind == "preferred_username" else held.kind, held.value)


def _placed(pool: Pool, line: UserLine) -> tuple[str | None, dict[str, str]]:
    if pool.username_attributes and line.sub is not None and line.username == line.sub:
        # One of our own: where people sign in with an address, the name is the id.
        return line.sub, dict(line.attributes)
    return place_name(pool, line.username, line.attributes)
