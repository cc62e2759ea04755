"""The parts of a sign-in: the run that they see, and the two kinds of them (openings, challenges)."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.flows.factors.factor import Spend
from poolhouse.flows.protection.lockout import Ahead
from poolhouse.flows.sign_in.questions import Question
from poolhouse.hooks.answers.sign_in import ChallengeResult, Next, Passed, SignInState
from poolhouse.hooks.views import App, Directory, Person
from poolhouse.records.clients import Client
from poolhouse.records.factors import Device
from poolhouse.records.groups import Group
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

PASSWORD_VERIFIER = "PASSWORD_VERIFIER"  # noqa: S105 - the name of a challenge
"""The proof by SRP: a challenge of its own, and a round of custom sign-ins."""
WINDOW = 300
"""Seconds that the clock of a client who proves something by SRP may be off."""
DEVICE_SRP_AUTH = "DEVICE_SRP_AUTH"
DEVICE_PASSWORD_VERIFIER = "DEVICE_PASSWORD_VERIFIER"  # noqa: S105 - the name of a challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first request of a sign-in. ``by_admin``: it came by a signed call; ``by_pages``: by the hosted pages.
    ``preferred`` is the challenge that the client would like best; ``begins_with_srp``: a custom sign-in that proves
    the password first. ``device_key`` is that of the device that the client says it is on. ``handle`` is the session of
    a sign-up that was just confirmed.

    None means that the client did not send it.
    """

    flow: str
    username: str | None
    password: str | None = field(default=None, repr=False)
    srp_a: str | None = field(default=None, repr=False)
    begins_with_srp: bool = False
    preferred: str | None = None
    device_key: str | None = None
    handle: str | None = field(default=None, repr=False)
    secret_hash: str | None = field(default=None, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    by_admin: bool = False
    by_pages: bool = False


class Now(Struct, frozen=True):
    """How things stand after a proof. ``user`` is None where he is gone. ``groups`` are those that tokens name, and say
    that the pool is there; None where that is still to be looked at."""

    user: User | None
    groups: tuple[Group, ...] | None = None


class Run(Struct, frozen=True, kw_only=True):
    """A sign-in in this very request. ``user`` is None when the name is unknown and nothing may tell.

    ``proofs`` is what was proven, ``passed`` the challenges that were passed, ``history`` the rounds of a custom
    sign-in, all in order. ``subject`` is the user's ``sub``, or what stands for it. ``srp_a`` is the client's public
    value, where it came with this request. ``now`` is what was looked at since the last proof, None where nothing was.
    ``device_key`` is what the client says of its device, ``device`` the known one of the user, looked up after each
    proof: nothing is said of it before. ``session`` is the id of the browser session whose user proves more than
    before; None for a sign-in. ``ahead`` is the attempt that is counted already, where one is; ``clearing`` is what is
    under way of a proof, and still to be waited for.
    """

    pool: Pool
    client: Client
    user: User | None
    submitted: str
    flow: str
    event_id: str
    subject: str
    proofs: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    history: tuple[ChallengeResult, ...] = ()
    metadata: Mapping[str, str] = {}
    srp_a: str | None = None
    now: Now | None = None
    device_key: str | None = None
    device: Device | None = None
    session: str | None = None
    ahead: Ahead | None = None
    clearing: Awaitable[object] | None = None

    def __repr__(self) -> str:
        return f"Run({self.flow!r}, proofs={self.proofs!r})"

    def proven(self, challenge: str | None, passed: Passed) -> Run:
        """The run after a proof. ``challenge`` is the one that was passed; None for an opening."""
        names = self.passed if challenge is None else (*self.passed, challenge)
        return replace(self, proofs=(*self.proofs, passed.proof), passed=names)

    def seen(self) -> SignInState:
        """The run as plugins see it."""
        return SignInState(
            pool=Directory.of(self.pool),
            client=App.of(self.client),
            user=Person.of(self.user) if self.user else None,
            submitted=self.submitted,
            flow=self.flow,
            proofs=self.proofs,
            passed=self.passed,
            metadata=self.metadata,
            remembered_device=self.device.key if self.device is not None and self.device.remembered else None,
        )


@dataclass(frozen=True, slots=True)
class Posed:
    """A question, and what stays here until its answer comes (what JSON can say)."""

    question: Question
    private: Mapping[str, Any] = field(default_factory=dict, repr=False)


Outcome = Passed | Next


@dataclass(frozen=True, slots=True)
class Unspent(Passed):
    """A proof by an answer that is good once, and not used up yet: it counts when ``spend`` has ended well. The machine
    sees to that."""

    spend: Spend = field(repr=False)


class Challenge(Protocol):
    """One question, in two verbs. ``answered_by`` is the type of its answers. ``public_name`` is what a plugin says
    clients call its challenge; None leaves it to the face.

    ``check`` raises ``WrongCredentials`` or ``CodeMismatch`` for a wrong answer. Wrong answers are counted by the
    machine, before ``check`` runs, unless the challenge ``counts_itself``.
    """

    name: str
    public_name: str | None
    answered_by: type[Any]
    counts_itself: bool

    async def ask(self, run: Run) -> Posed: ...

    async def check(self, run: Run, private: Mapping[str, Any], answer: Any) -> Outcome: ...


class Opens(Protocol):
    """One way to begin, for the flows of these names: those that anybody may ask for, those of administrators, and
    those of the hosted pages.

    ``migrates``: an unknown name may be one that a plugin knows from elsewhere.
    """

    public: frozenset[str]
    by_admin: frozenset[str]
    by_pages: frozenset[str]
    migrates: bool

    def require(self, opening: Opening) -> None:
        """What this way needs is there. Raises ``MissingParameter``."""

    def is_guess(self, opening: Opening) -> bool:
        """Whether a password comes along, so that an attempt at it is counted."""

    async def begin(self, run: Run, opening: Opening) -> tuple[Run, Outcome]:
        """The run, with what was learned, and what comes next."""

    async def after(self, run: Run, challenge: str, outcome: Outcome) -> Outcome:
        """What comes next, now that a challenge ended so."""
