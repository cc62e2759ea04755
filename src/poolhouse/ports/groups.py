"""Where groups are kept, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.groups import Group
from poolhouse.records.users import User


class Groups(Protocol):
    async def get(self, pool_id: str, name: str) -> Group:
        """Raises ``GroupNotFound``."""

    async def add(self, group: Group) -> Group:
        """Raises ``GroupTaken``."""

    async def save(self, group: Group) -> Group: ...

    async def delete(self, group: Group) -> None: ...

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice: ...

    async def join(self, group: Group, user: User, at: float) -> None: ...

    async def leave(self, group: Group, user: User) -> None: ...

    async def of_user(self, user: User) -> Sequence[Group]:
        """All groups of a user (at most 100), by precedence, then age."""

    async def page_of_user(self, user: User, limit: int, cursor: str | None) -> Slice: ...

    async def members(self, group: Group, limit: int, cursor: str | None) -> Slice: ...
