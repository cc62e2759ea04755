"""How often something may be asked for: by one address, at one client, in one pool; and by everybody, in one class.

Counts are this process's own and are kept in memory, so that what is refused costs nobody a write; with several
processes each allows as much. What is counted in the store, codes and failures of one user or contact, is counted
elsewhere (``messages.codes``, ``protection.lockout``) and for all processes together.

An address counts only for callers who are nobody yet. A client with a secret is a server that speaks for many people,
and a signed call is an administrator's: for both the address says nothing about who asks. On the hosted pages it is the
user's, of clients with a secret too.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from poolhouse.errors import TooManyRequests
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.ports.origin import Origin, current_origin
from poolhouse.ports.world import Clock
from poolhouse.records.clients import Client

AT_MOST = 65_536
"""Buckets that are remembered. The one unused for longest is forgotten first, and would be full again."""

MINUTE = 60.0


class Asked(StrEnum):
    """What is limited: to begin a sign-in, to answer a challenge or bring a code, to sign up, to be sent a code, to ask
    for authorization, and to ask the endpoints of clients (token, revocation, introspection)."""

    SIGN_IN = "sign_in"
    ANSWER = "answer"
    SIGN_UP = "sign_up"
    CODE = "code"
    AUTHORIZATION = "authorization"
    TOKEN = "token"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRates:
    """How many proofs of clients may fail within a minute. 0: no limit."""

    by_source: int = 0
    by_client: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How many of each within a minute, at once or spread. What is not named has no limit."""

    by_source: Mapping[Asked, int] = field(default_factory=dict)
    by_client: Mapping[Asked, int] = field(default_factory=dict)
    by_pool: Mapping[Asked, int] = field(default_factory=dict)
    proofs: ProofRates = ProofRates()


NONE = Rates()


Bucket = tuple[str, str, str]


class Buckets:
    """What is left of each limit. A bucket that is not remembered is full."""

    def __init__(self, clock: Clock, at_most: int) -> None:
        self._clock = clock
        self._at_most = at_most
        self._held: OrderedDict[Bucket, tuple[float, float]] = OrderedDict()

    def left(self, bucket: Bucket, limit: int, seconds: float) -> float:
        """Of ``limit`` in so many seconds."""
        held = self._held.get(bucket)
        if held is None:
            return float(limit)
        left, since = held
        now = self._clock.now()
        if now < since:
            # The clock was set back: it fills from here on, and not when the old time has come again.
            self._held[bucket] = (left, now)
        return min(float(limit), left + max(0.0, now - since) * limit / seconds)

    def put(self, bucket: Bucket, left: float) -> None:
        self._held[bucket] = (left, self._clock.now())
        self._held.move_to_end(bucket)
        if len(self._held) > self._at_most:
            self._held.popitem(last=False)


Admit = Callable[[str], None]
"""A request of this class counts. Raises ``TooManyRequests``."""


def admit_all(_: str) -> None:
    """No class has a limit."""


class RequestClasses:
    """Requests a second for each class of operations and region, whoever asks. ``figures`` names the classes that have
    a limit."""

    def __init__(self, clock: Clock, figures: Mapping[str, int]) -> None:
        self._figures = {name: figure for name, figure in figures.items() if figure}
        self.in_force = bool(self._figures)
        self._buckets = Buckets(clock, AT_MOST)

    def admit(self, name: str | None, region: str) -> None:
        """It counts. Raises ``TooManyRequests``."""
        figure = self._figures.get(name) if name else None
        if figure is None:
            return
        bucket = (name or "", "region", region)
        left = self._buckets.left(bucket, figure, 1.0)
        if left < 1.0:
            raise TooManyRequests(retry_after=(1.0 - left) / figure)
        self._buckets.put(bucket, left - 1.0)


class Limits:
    def __init__(
        self,
        clock: Clock,
        hooks: Hooks,
        rates: Rates = NONE,
        *,
        origin: Callable[[], Origin] = current_origin,
        at_most: int = AT_MOST,
    ) -> None:
        self._refuse = Refusing(hooks)
        self._scopes = tuple(
            (scope, rates_of)
            for scope, rates_of in (
                ("source", rates.by_source),
                ("client", rates.by_client),
                ("pool", rates.by_pool),
            )
            if rates_of
        )
        self._origin = origin
        self._buckets = Buckets(clock, at_most)

    async def admit(self, asked: Asked, client: Client) -> None:
        """It counts, for all that it belongs to. Raises ``TooManyRequests`` with the seconds until it may be tried
        again, unless a plugin decides otherwise; what was refused has not counted."""
        if not self._scopes:
            return
        origin = self._origin()
        keys = {scope: self._key(scope, client, origin) for scope, _ in self._scopes}
        await self._count(asked, keys, origin, client.pool_id, client.id)

    async def admit_stranger(self, asked: Asked, pool_id: str) -> None:
        """As ``admit``, for who names no client of the pool: it counts for the address, together with what comes from
        there for clients without a secret."""
        if self._scopes:
            origin = self._origin()
            await self._count(asked, {"source": network_of(origin.source)}, origin, pool_id, "")

    async def _count(self, asked: Asked, keys: Mapping[str, str], origin: Origin, pool_id: str, client_id: str) -> None:
        taken: list[tuple[Bucket, int]] = []
        for scope, rates in self._scopes:
            limit, key = rates.get(asked), keys.get(scope)
            if not limit or not key:
                continue
            bucket = (asked.value, scope, key)
            left = self._buckets.left(bucket, limit, MINUTE)
            if left < 1.0:
                wait = (1.0 - left) * MINUTE / limit
                await self._refuse(asked.value, scope, pool_id=pool_id, client_id=client_id, origin=origin, wait=wait)
            taken.append((bucket, limit))
        for bucket, limit in taken:
            # Looked at once more: others have counted while a plugin was asked.
            self._buckets.put(bucket, max(self._buckets.left(bucket, limit, MINUTE) - 1.0, 0.0))

    def _key(self, scope: str, client: Client, origin: Origin) -> str:
        if scope == "pool":
            return client.pool_id
        if scope == "client":
            return client.id
        if origin.actor is not None or (client.secrets and not origin.by_pages):
            return ""
        return network_of(origin.source)


class Refusing:
    """``wait``: seconds until it may be tried again."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    async def __call__(
        self, asked: str, scope: str, *, pool_id: str, client_id: str, origin: Origin, wait: float
    ) -> None:
        """Raises ``TooManyRequests``, unless a plugin lets it in."""
        if self._hooks.implements(specs.over_limit):
            event = OverLimit(
                asked=asked, scope=scope, pool_id=pool_id, client_id=client_id, source=origin.source, origin=origin
            )
            if await self._hooks.first(specs.over_limit, event):
                return
        raise TooManyRequests(retry_after=wait)


@lru_cache(maxsize=4096)
def network_of(source: str) -> str:
    """What one party has for itself: an IPv4 address, the first 64 bits of an IPv6 address; empty for no address."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)
