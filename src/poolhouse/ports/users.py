"""Where users and the names they hold are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from poolhouse.ports.paging import Slice
from poolhouse.records.names import Name
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class UserFilter(Struct, frozen=True):
    """``attribute`` is one of the searchable names; ``prefix`` says "begins with" instead of "is"."""

    attribute: str
    value: str
    prefix: bool = False


class Users(Protocol):
    """Users and the names they hold. Which names a user holds is computed by ``records.names.held`` from the record."""

    async def get(self, pool_id: str, sub: str) -> User | None: ...

    async def nobody(self, pool: Pool, sub: str) -> None:
        """As much work as to get somebody, for an id that nobody has (security row 48)."""

    async def by_name(self, pool: Pool, name: Name) -> User | None:
        """The user who holds the name now."""

    async def by_names(
        self, pool: Pool, names: Sequence[Name], meant: Callable[[str], None] | None = None
    ) -> User | None:
        """The user who holds the first of these names that anybody holds. ``meant`` is told who may be the one, before
        it is looked whether they hold the name."""

    async def add(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        """The user exists, with all names that the record holds. Raises ``NameTaken`` with the first that is not free.
        ``seize`` as in ``save``."""

    async def save(self, pool: Pool, user: User, *, seize: bool = False) -> User:
        """The record is stored with exactly the names it now holds. Raises ``VersionConflict``, and ``NameTaken`` for a
        name that somebody else holds. With ``seize`` an e-mail or phone alias is taken from its holder, whose attribute
        becomes unverified."""

    async def delete(self, pool: Pool, user: User) -> None:
        """The record is gone first, then its names, memberships, devices and passkeys."""

    async def page(self, pool_id: str, wanted: UserFilter | None, limit: int, cursor: str | None) -> Slice: ...


class NameTaken(Exception):  # noqa: N818 - read as a statement
    """Raised by ``Users``: somebody else holds this name."""

    def __init__(self, name: Name) -> None:
        super().__init__(name.kind)
        self.name = name
