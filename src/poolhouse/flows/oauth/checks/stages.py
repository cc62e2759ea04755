"""An authorization request in its stages: as it came (``Asked``), with its client and redirect URI settled
(``Settled``), with the way of its answer (``Addressed``), and as it is being checked (``Draft``). A later stage cannot
be made without the earlier one: until the second nothing may be sent to anybody, from the third on every error is the
client's (oidc.md A2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from poolhouse.errors.reasons import Reason
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool


@dataclass(frozen=True, slots=True)
class Asked:
    """As it came. ``parameters`` are those that have a value and came once; ``faults`` says of others what is wrong
    with them (G6, G8)."""

    pool_id: str
    parameters: Mapping[str, str] = field(repr=False)
    faults: Mapping[str, Reason] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """The client is of the pool and may ask, and the redirect URI is its own."""

    pool: Pool
    client: Client
    redirect_uri: str
    redirect_uri_given: bool
    asked: Asked


@dataclass(frozen=True, slots=True)
class Addressed:
    """It is known how the answer travels, be it good or bad. ``words`` are those of the response type."""

    settled: Settled
    mode: str
    words: frozenset[str]
    state: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks need to know beside the request. ``living`` are the scopes that resource servers have now;
    ``implicit``: tokens may come from the authorization endpoint at all. ``hinted`` is who the ID token in the request
    was given to; None: there is none, or it is not good (``has_bad_hint``)."""

    now: float
    living: frozenset[str] = frozenset()
    implicit: bool = False
    hinted: str | None = None
    has_bad_hint: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """The request as far as it has been checked."""

    settled: Settled
    ground: Ground
    words: frozenset[str]
    request: AuthorizationRequest

    def parameter(self, name: str) -> str | None:
        return self.settled.asked.parameters.get(name)
