"""What hooks answer in a sign-in, and what a plugin may add to one (challenges, stages)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from poolhouse.hooks.frozen import freeze
from poolhouse.hooks.views import App, Directory, Person
from poolhouse.ports.origin import Origin, current_origin


@dataclass(frozen=True, slots=True)
class Asked:
    """The user has to answer something. ``public`` goes to the client, ``private`` stays here until the answer comes.

    ``metadata`` is a word about this challenge that later hooks of the same sign-in see. ``private`` is what JSON can
    say.
    """

    public: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict, repr=False)
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class ChallengeResult:
    """A past step of a custom sign-in."""

    name: str
    passed: bool
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """The answer was right. ``proof`` is what was proven (``password``, ``totp``, ...)."""

    proof: str


@dataclass(frozen=True, slots=True)
class Next:
    """Nothing is proven yet: the challenge of this name is to be answered next. ``rounds`` is what later rounds of a
    custom sign-in see of the earlier ones; empty leaves them as they are."""

    challenge: str
    rounds: tuple[ChallengeResult, ...] = ()


@dataclass(frozen=True, slots=True)
class SignInState:
    """A sign-in as plugins' challenges and stages see it. ``user`` is None when the name is unknown and nothing may
    tell.

    ``proofs`` is what was proven so far (``password``, ...), ``passed`` the names of the challenges that were passed;
    ``metadata`` is what the client sent along with this step, ``origin`` where it came from. ``remembered_device`` is
    the key of a remembered device of the user that the client says it is on; ``device`` among the proofs proves it.
    """

    pool: Directory
    client: App
    user: Person | None
    submitted: str
    flow: str
    proofs: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    remembered_device: str | None = None
    origin: Origin = field(default_factory=current_origin, repr=False, compare=False)

    def __post_init__(self) -> None:
        freeze(self)


class Challenge(Protocol):
    """One question, in two verbs. Registered under ``name``, ours and a plugin's alike. A challenge with a
    ``public_name`` is known by that to clients; one whose name their SDKs do not know is ``CUSTOM_CHALLENGE`` to them.

    ``check`` answers ``Passed``, or ``Next`` where more has to be asked; it raises ``WrongCredentials`` or
    ``CodeMismatch`` for a wrong answer, and never returns a boolean. Its count
    of wrong answers is kept by the machine, which raises it before ``check`` runs.
    """

    name: str

    async def ask(self, state: SignInState) -> Asked: ...

    async def check(
        self, state: SignInState, private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Passed | Next: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of every sign-in after the first proof: ``applies`` names the challenge that is due, or answers None.

    Stages run by ``order``: ours are "new-password" at 100 and "mfa" at 200, which asks for a remembered device, too.
    """

    name: str
    applies: Callable[[SignInState], Awaitable[str | None]]
    order: int = 500


@dataclass(frozen=True, slots=True)
class ChallengeDecision:
    """What comes next in a custom sign-in: exactly one of the three."""

    challenge: str | None = None
    issue_tokens: bool = False
    fail: bool = False
