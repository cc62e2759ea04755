"""Where devices are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.factors import Device
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
