"""What a plugin brings that adds a factor: something by which users prove who they are, set up by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from poolhouse.hooks.answers.sign_in import Asked
from poolhouse.hooks.frozen import freeze
from poolhouse.hooks.views import App, Directory, Person
from poolhouse.ports.origin import Origin, current_origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose factor it is, or is to be, and where. ``metadata`` is what the client sent along."""

    pool: Directory
    client: App
    user: Person
    metadata: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = field(default_factory=current_origin, repr=False, compare=False)

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """A factor is being set up. ``shown`` is what the user needs for it, once; ``kept`` is what the factor has to know
    afterwards (what JSON can say). It stays here, sealed, and comes back with every ``ask`` and ``check``."""

    shown: Mapping[str, str] = field(default_factory=dict, repr=False)
    kept: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """The answer was right. What ``once`` names is good once for this factor of this user: a second answer that names
    the same is refused, for ``once_for`` seconds. None: nothing of the kind."""

    once: str | None = field(default=None, repr=False)
    once_for: float = 3600.0


class Factor(Protocol):
    """A factor in four verbs, registered under ``name``. ``proof`` is what stands in ``proofs`` once it was proven.

    ``offer`` says whether this user can set it up. ``enrol`` begins that; the set-up is done when an answer passed
    ``check``. ``ask`` says what is asked in a sign-in, and ``check`` answers ``Fits``, or raises ``CodeMismatch`` or
    ``CodeExpired``; it never returns a boolean. Answers are the texts that the client sent; a code stands under
    ``ANSWER``. Wrong answers are counted before ``check`` runs. Nothing is kept in the factor itself.
    """

    name: str
    proof: str

    async def offer(self, holder: Holder) -> bool: ...

    async def enrol(self, holder: Holder) -> Enrolling: ...

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked: ...

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits: ...
