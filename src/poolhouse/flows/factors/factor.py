"""What sign-in and enrolment know of a factor: ours and those of plugins, in one shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from poolhouse.hooks.views import Person
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import Enrolment, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Who says to be somebody, and at which client. ``user`` is None for a name that nobody has; ``subject`` is the
    user's ``sub``, or stands for it; ``submitted`` is the name that was given. ``is_proven``: something was proven
    before. Nothing goes to somebody who is not ``reachable``, and no answer of theirs is right; both look the same."""

    pool: Pool
    client: Client
    user: User | None
    subject: str
    submitted: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_proven: bool = False
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Posing:
    """What a factor asks. ``delivery`` says where a code went, ``label`` is what the user calls the factor, ``shown``
    is a plugin's own word to the client; ``private`` stays here until the answer comes."""

    delivery: Delivery | None = None
    label: str | None = None
    shown: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict, repr=False)


Spend: TypeAlias = Callable[[], Awaitable[None]]
"""An answer that is good once is used up. Raises ``CodeExpired`` where it was already."""


class Factor(Protocol):
    """``name`` is that of its challenge, ``proof`` what stands in the proofs of a sign-in."""

    name: str
    proof: str

    def is_held(self, person: Person) -> bool:
        """Whether the user can be asked for it."""

    async def ask(self, claimant: Claimant) -> Posing:
        """Raises ``LimitExceeded``, and what a plugin raises."""

    async def check(self, claimant: Claimant, private: Mapping[str, Any], answers: Mapping[str, str]) -> Spend | None:
        """What is still to be done before the answer counts. Raises ``CodeMismatch``, ``CodeExpired``,
        ``LimitExceeded``. Wrong answers are counted by the caller."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor is being set up: what the user needs for it, and what is to be kept (sealed)."""

    shown: Mapping[str, str] = field(repr=False)
    enrolment: Enrolment


class Enrols(Factor, Protocol):
    """A factor that the user sets up."""

    async def can_enrol(self, claimant: Claimant) -> bool: ...

    async def enrol(self, claimant: Claimant) -> Enrolled: ...

    async def check_enrolment(self, claimant: Claimant, enrolment: Enrolment, answers: Mapping[str, str]) -> None:
        """Raises as ``check``."""
