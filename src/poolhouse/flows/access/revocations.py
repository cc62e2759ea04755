"""Whether temporary credentials were taken back, with their role, their pool or their identity."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from poolhouse.errors import IdentityPoolNotFound
from poolhouse.ports.access import Session
from poolhouse.ports.identities import Identities, IdentityPools

GONE: Final = math.inf


class Revocable(Protocol):
    @property
    def revoked_before(self) -> float | None: ...


class RevocableRole(Protocol):
    @property
    def record(self) -> Revocable: ...


class RolesByArn(Protocol):
    async def find(self, arn: str, /) -> RevocableRole | None: ...


class RevocationBook:
    """Implements ``Revocations``. What was read is believed for ``keep`` seconds: that long credentials may outlive a
    revocation, and that often the store is asked about an identity that is busy."""

    def __init__(
        self,
        roles: RolesByArn,
        pools: IdentityPools,
        identities: Identities,
        now: Callable[[], float],
        *,
        keep: float = 5.0,
        at_most: int = 4096,
    ) -> None:
        self._roles = roles
        self._pools = pools
        self._identities = identities
        self._now = now
        self._keep = keep
        self._at_most = at_most
        self._kept: OrderedDict[tuple[str, str | None, str | None], tuple[float, float | None]] = OrderedDict()

    async def revoked_before(self, session: Session) -> float | None:
        slot = (session.role_arn, session.pool_id, session.identity_id)
        kept, now = self._kept.get(slot), self._now()
        if kept is not None and kept[0] <= now < kept[0] + self._keep:
            return kept[1]
        before = await self._read(session)
        self._kept[slot] = (now, before)
        self._kept.move_to_end(slot)
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
        return before

    async def _read(self, session: Session) -> float | None:
        role = await self._roles.find(session.role_arn)
        if role is None:
            return GONE
        found = [role.record.revoked_before]
        if session.pool_id is not None:
            try:
                found.append((await self._pools.get(session.pool_id)).revoked_before)
            except IdentityPoolNotFound:
                return GONE
        if session.identity_id is not None:
            identity = await self._identities.get(session.identity_id)
            # One that is merged into another is over from the first write of the merge on.
            if identity is None or identity.is_disabled or identity.merging_into is not None:
                return GONE
            found.append(identity.revoked_before)
        return max((before for before in found if before is not None), default=None)
