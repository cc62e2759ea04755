"""Groups: the rights that an administrator gives to users (security row 5)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.groups import Groups
from poolhouse.ports.paging import Slice
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.base import Record
from poolhouse.records.groups import Group
from poolhouse.records.users import User

MOST_GROUPS_OF_A_USER = 100


class GroupSettings(Record, frozen=True, kw_only=True):
    """What is said of a group. None means "not said": it leaves an existing group as it is."""

    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None


class GroupAdministration:
    def __init__(self, pools: Pools, groups: Groups, chance: Chance, clock: Clock, audit: AuditTrail) -> None:
        self._pools = pools
        self._groups = groups
        self._chance = chance
        self._clock = clock
        self._audit = audit

    async def create(self, pool_id: str, name: str, settings: GroupSettings) -> Group:
        """There is a new group. Raises ``PoolNotFound``, ``GroupTaken``, ``InvalidParameter``."""
        await self._pools.get(pool_id)
        _check(settings)
        now = self._clock.now()
        group = await self._groups.add(
            Group(
                id=self._chance.uuid(),
                pool_id=pool_id,
                name=name,
                created=now,
                modified=now,
                description=settings.description,
                role_arn=settings.role_arn,
                precedence=settings.precedence,
            )
        )
        await self._audit.note("group.created", pool_id=pool_id, facts={"group": name})
        return group

    async def get(self, pool_id: str, name: str) -> Group:
        """The group. Raises ``PoolNotFound``, ``GroupNotFound``."""
        await self._pools.get(pool_id)
        return await self._groups.get(pool_id, name)

    async def update(self, pool_id: str, name: str, settings: GroupSettings) -> Group:
        """The group has what was said, and keeps the rest. Raises as ``get``, and ``InvalidParameter``."""
        group = await self.get(pool_id, name)
        _check(settings)
        saved = await self._groups.save(
            replace(
                group,
                modified=self._clock.now(),
                description=group.description if settings.description is None else settings.description,
                role_arn=group.role_arn if settings.role_arn is None else settings.role_arn,
                precedence=group.precedence if settings.precedence is None else settings.precedence,
            )
        )
        await self._audit.note("group.updated", pool_id=pool_id, facts={"group": name})
        return saved

    async def delete(self, pool_id: str, name: str) -> None:
        """There is no such group, and nobody is in it. Raises as ``get``."""
        await self._groups.delete(await self.get(pool_id, name))
        await self._audit.note("group.deleted", pool_id=pool_id, facts={"group": name})

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        """Some groups of the pool. Raises ``PoolNotFound``."""
        await self._pools.get(pool_id)
        return await self._groups.page(pool_id, limit, cursor)

    async def join(self, user: User, name: str) -> None:
        """The user is in the group. Raises ``GroupNotFound``; ``InvalidParameter`` if that were one group too many."""
        group = await self.get(user.pool_id, name)
        present = await self._groups.of_user(user)
        if any(other.name == name for other in present):
            return
        if len(present) >= MOST_GROUPS_OF_A_USER:
            raise InvalidParameter(Reason.TOO_MANY_GROUPS, most=MOST_GROUPS_OF_A_USER)
        await self._groups.join(group, user, self._clock.now())
        await self._audit.note("group.joined", pool_id=user.pool_id, subject=user.sub, facts={"group": name})

    async def leave(self, user: User, name: str) -> None:
        """The user is not in the group. Raises ``GroupNotFound``."""
        group = await self.get(user.pool_id, name)
        await self._groups.leave(group, user)
        await self._audit.note("group.left", pool_id=user.pool_id, subject=user.sub, facts={"group": name})

    async def all_of_user(self, user: User) -> Sequence[Group]:
        """All groups of the user, by precedence, then age."""
        return await self._groups.of_user(user)

    async def of_user(self, user: User, limit: int, cursor: str | None) -> Slice:
        """Some groups of the user."""
        return await self._groups.page_of_user(user, limit, cursor)

    async def members(self, pool_id: str, name: str, limit: int, cursor: str | None) -> Slice:
        """Some users of the group. Raises as ``get``."""
        return await self._groups.members(await self.get(pool_id, name), limit, cursor)


def _check(settings: GroupSettings) -> None:
    if settings.precedence is not None and not 0 <= settings.precedence < 2**31:
        raise InvalidParameter(Reason.PRECEDENCE_OUT_OF_RANGE)
