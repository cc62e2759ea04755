"""Where devices and passkeys are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.factors import Device, Passkey, PasskeyOptions
from poolhouse.records.users import User


class Devices(Protocol):
    """Devices of users. One in which the user's trust has ended is kept until somebody looks, and counts no more: who
    asks here compares."""

    async def get(self, pool_id: str, sub: str, key: str) -> Device | None: ...

    async def add(self, device: Device) -> Device:
        """Raises ``KeyTaken``."""

    async def save(self, device: Device) -> Device:
        """Raises ``VersionConflict``."""

    async def delete(self, pool_id: str, sub: str, key: str) -> bool:
        """There is no such device. True if this call removed it."""

    async def of_user(self, user: User) -> Sequence[Device]:
        """All of them: they are few."""

    async def page(self, user: User, limit: int, cursor: str | None) -> Slice: ...


class Passkeys(Protocol):
    """Passkeys of users, found by their own ids: of all users of a pool, one has a passkey."""

    async def get(self, pool_id: str, id: str) -> Passkey | None: ...  # noqa: A002 - the word of the field

    async def add(self, passkey: Passkey) -> Passkey:
        """Raises ``KeyTaken``, whoever has it."""

    async def save(self, passkey: Passkey) -> Passkey:
        """Raises ``VersionConflict``."""

    async def delete(self, pool_id: str, id: str) -> bool:  # noqa: A002 - the word of the field
        """There is no such passkey. True if this call removed it."""

    async def of(self, pool_id: str, sub: str) -> Sequence[Passkey]:
        """All of the user's, the oldest first: they are few. As much work for an id that nobody has."""

    async def page(self, user: User, limit: int, cursor: str | None) -> Slice: ...

    async def put_options(self, options: PasskeyOptions) -> None: ...

    async def take_options(self, pool_id: str, sub: str, digest: str) -> PasskeyOptions | None:
        """At most one caller gets them."""
