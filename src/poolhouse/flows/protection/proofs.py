"""Proofs of clients that fail: so many within a minute from one address, and for one client id.

They are counted before the proof is looked at, and given back where it holds, so that many at once are no more than
many after each other. An id that nobody has counts as one that somebody has: 429 tells as little as 401. As the other
counts of requests they are this process's own (decision 0012).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final

from poolhouse.errors import InvalidClient, NotAuthorized, Unauthorized
from poolhouse.flows.protection.limits import AT_MOST, MINUTE, Bucket, Buckets, ProofRates, Refusing, network_of
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.origin import Origin, current_origin
from poolhouse.ports.world import Clock

ASKED: Final = "client_proof"
_WRONG: Final = (InvalidClient, NotAuthorized, Unauthorized)


class FailedProofs:
    def __init__(
        self,
        clock: Clock,
        hooks: Hooks,
        rates: ProofRates,
        *,
        origin: Callable[[], Origin] = current_origin,
        at_most: int = AT_MOST,
    ) -> None:
        self._refuse = Refusing(hooks)
        self._rates = rates
        self._origin = origin
        self._buckets = Buckets(clock, at_most)

    def counted(self, pool_id: str, client_id: str) -> AbstractAsyncContextManager[None]:
        """Inside, the proof of this client is looked at; it has failed where that raises what a wrong one raises.

        Raises ``TooManyRequests`` where too many have failed, right or wrong, unless a plugin decides otherwise. An
        address counts for clients with a secret, too: who guesses at them has none.
        """
        return _Counted(self, pool_id, client_id)

    async def take(self, pool_id: str, client_id: str) -> list[tuple[Bucket, int]]:
        origin = self._origin()
        taken: list[tuple[Bucket, int]] = []
        for scope, key, limit in (
            ("source", network_of(origin.source), self._rates.by_source),
            ("client", client_id, self._rates.by_client),
        ):
            if not limit or not key:
                continue
            bucket = (ASKED, scope, key)
            left = self._buckets.left(bucket, limit, MINUTE)
            if left < 1.0:
                wait = (1.0 - left) * MINUTE / limit
                await self._refuse(ASKED, scope, pool_id=pool_id, client_id=client_id, origin=origin, wait=wait)
            taken.append((bucket, limit))
        for bucket, limit in taken:
            self._buckets.put(bucket, max(self._buckets.left(bucket, limit, MINUTE) - 1.0, 0.0))
        return taken

    def give_back(self, taken: list[tuple[Bucket, int]]) -> None:
        for bucket, limit in taken:
            self._buckets.put(bucket, min(self._buckets.left(bucket, limit, MINUTE) + 1.0, float(limit)))


class _Counted(AbstractAsyncContextManager[None]):
    """By hand, and not by a generator: every request of a client comes through here."""

    __slots__ = ("_client_id", "_pool_id", "_proofs", "_taken")

    def __init__(self, proofs: FailedProofs, pool_id: str, client_id: str) -> None:
        self._proofs = proofs
        self._pool_id = pool_id
        self._client_id = client_id

    async def __aenter__(self) -> None:
        self._taken = await self._proofs.take(self._pool_id, self._client_id)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Where it was something else nothing was found out: an outage is no guess.
        if not isinstance(error, _WRONG):
            self._proofs.give_back(self._taken)
