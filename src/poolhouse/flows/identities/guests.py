"""How many guests one address may make: each is a document that stays, and nobody has to prove anything for it."""

from __future__ import annotations

from poolhouse.flows.flow import World
from poolhouse.flows.protection.limits import AT_MOST, MINUTE, Bucket, Buckets, Refusing, network_of
from poolhouse.ports.origin import current_origin

ASKED = "guest"


class GuestLimit:
    """``by_source`` is how many within a minute, for each process; 0: no limit."""

    def __init__(self, world: World, by_source: int = 0) -> None:
        self._limit = by_source
        self._buckets = Buckets(world.clock, AT_MOST)
        self._refuse = Refusing(world.hooks)

    async def admit(self, pool_id: str) -> None:
        """One more counts. Raises ``TooManyRequests``, unless a plugin lets it in; what was refused has not counted."""
        origin = current_origin()
        network = network_of(origin.source)
        # A signed call is an administrator's: the address says nothing about who asks.
        if not self._limit or not network or origin.actor is not None:
            return
        bucket: Bucket = (ASKED, "source", network)
        left = self._buckets.left(bucket, self._limit, MINUTE)
        if left < 1.0:
            wait = (1.0 - left) * MINUTE / self._limit
            await self._refuse(ASKED, "source", pool_id=pool_id, client_id="", origin=origin, wait=wait)
        # Looked at once more: others have counted while a plugin was asked.
        self._buckets.put(bucket, max(self._buckets.left(bucket, self._limit, MINUTE) - 1.0, 0.0))
