"""What a sign-in asks and what it is answered: typed values, in nobody's wire format. Each face writes and reads them
in its own way (the JSON API as challenge parameters, pages as forms)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the user, or the client for them, has to answer."""


@dataclass(frozen=True, slots=True)
class ProvePassword(Question):
    """The client proves the password by SRP-6a. ``salt`` and ``big_b`` are lower-case hex; ``identity`` is the name
    that the verifier was made for. The handle of the attempt is part of what is signed."""

    salt: str = field(repr=False)
    big_b: str = field(repr=False)
    identity: str


@dataclass(frozen=True, slots=True)
class BeginSrp(Question):
    """The client sends its public value."""


@dataclass(frozen=True, slots=True)
class GivePassword(Question):
    """The user types the password."""


@dataclass(frozen=True, slots=True)
class ChooseChallenge(Question):
    """The user says how to go on: by one of these challenges, the ones a client should offer first at the front."""

    available: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChooseNewPassword(Question):
    """The user replaces a temporary password. ``missing`` are attributes without which they cannot go on,
    ``attributes`` those that they may read."""

    username: str
    missing: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class AnswerPlugin(Question):
    """A round of a custom sign-in; ``shown`` is what the plugin says about it."""

    username: str
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class AnswerStranger(Question):
    """A challenge that a plugin registered. ``public_name`` is what the plugin says clients call it (None: the plugin
    has no word for it)."""

    public_name: str | None = None
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)


# --- what is answered ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a question."""


@dataclass(frozen=True, slots=True)
class Fields(Given):
    """The texts that the client sent, under its own names: what plugins' challenges are answered with."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SrpProof(Given):
    """``block`` is the handle as it was signed, ``timestamp`` the client's time as it was signed, ``at`` the same in
    epoch seconds."""

    signature: bytes = field(repr=False)
    block: bytes = field(repr=False)
    timestamp: str
    at: float


@dataclass(frozen=True, slots=True)
class SrpBegun(Given):
    """``srp_a`` is the client's public value in hex."""

    srp_a: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasswordGiven(Given):
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasswordChosen(Given):
    """A new password, and values for attributes that were missing."""

    password: str = field(repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Chosen(Given):
    """The challenge that the user wants, by name; with its first answer, where the client sent one along."""

    challenge: str
    password: str | None = field(default=None, repr=False)
    srp_a: str | None = field(default=None, repr=False)
