"""The keys of our own issuer, as operators see and replace them."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.identities import OwnKeys
from poolhouse.records.keys import SigningKey


class IssuerKeyAdministration:
    def __init__(self, keys: OwnKeys, audit: AuditTrail) -> None:
        self._keys = keys
        self._audit = audit

    async def rotate(self) -> int:
        """There is a new key. Returns the seconds for which the one before it stays published after it has signed."""
        overlap = await self._keys.rotate()
        await self._audit.note("keys.rotated", facts={"of": "identities"})
        return overlap

    async def all_of(self) -> Sequence[SigningKey]:
        """By slot."""
        return await self._keys.all_of()
