"""What a sign-in asks and what it is answered: typed values, in nobody's wire format. Each face writes and reads them
in its own way (the JSON API as challenge parameters, pages as forms). No ``repr`` shows what they hold."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from poolhouse.records.messages import Delivery

# --- what is asked ---------------------------------------------------------------------------------------------------


class Question(Struct, frozen=True):
    """Something that the user, or the client for them, has to answer."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ProvePassword(Question, frozen=True):
    """The client proves the password by SRP-6a. ``salt`` and ``big_b`` are lower-case hex; ``identity`` is the name
    that the verifier was made for. The handle of the attempt is part of what is signed."""

    salt: str
    big_b: str
    identity: str


class BeginSrp(Question, frozen=True):
    """The client sends its public value."""


class BeginDeviceSrp(Question, frozen=True):
    """The client sends its public value, to prove that it is on this device."""

    username: str
    device_key: str


class ProveDevice(Question, frozen=True):
    """The client proves by SRP-6a that it is on this device; as ``ProvePassword``."""

    username: str
    device_key: str
    salt: str
    big_b: str


class GivePassword(Question, frozen=True):
    """The user types the password."""


class ChooseChallenge(Question, frozen=True):
    """The user says how to go on: by one of these challenges, the ones a client should offer first at the front."""

    available: tuple[str, ...]


class ChooseNewPassword(Question, frozen=True):
    """The user replaces a temporary password. ``missing`` are attributes without which they cannot go on,
    ``attributes`` those that they may read."""

    username: str
    missing: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}


class GiveCode(Question, frozen=True):
    """The user gives the code of a factor. ``delivery`` says where it went, where it was sent; ``label`` is what the
    user calls the factor; ``shown`` is what the factor of a plugin says. ``recoverable``: whoever has lost the factor
    may give a recovery code in its place (``Recovering``). ``others`` are factors that may be asked for instead
    (``Otherwise``)."""

    username: str
    delivery: Delivery | None = None
    label: str | None = None
    shown: Mapping[str, str] = {}
    recoverable: bool = False
    others: tuple[str, ...] = ()


class PasskeyHint(Struct, frozen=True):
    """A passkey that the user may have: its id in base64url, and how the authenticator is reached."""

    id: str
    transports: tuple[str, ...] = ()


class UsePasskey(Question, frozen=True):
    """An authenticator signs ``challenge`` (base64url) by one of these passkeys of the domain. ``verification`` says
    whether it has to know its user, ``timeout`` how many seconds it has."""

    challenge: str
    rp_id: str
    passkeys: tuple[PasskeyHint, ...]
    verification: str
    timeout: int


class ChooseFactor(Question, frozen=True):
    """The user says which of these factors is to be asked for; ``recoverable`` as in ``GiveCode``."""

    username: str
    factors: tuple[str, ...]
    recoverable: bool = False


class SetUpFactor(Question, frozen=True):
    """The user has to have a factor, and can set up one of these: with the handle of this attempt, which is found by
    the pool's id. ``factor`` is one that was begun, and ``shown`` what the user needs for it, once."""

    username: str
    factors: tuple[str, ...]
    pool_id: str
    factor: str | None = None
    shown: Mapping[str, str] = {}


class AnswerPlugin(Question, frozen=True):
    """A round of a custom sign-in; ``shown`` is what the plugin says about it."""

    username: str
    shown: Mapping[str, str] = {}


class AnswerStranger(Question, frozen=True):
    """A challenge that a plugin registered. ``public_name`` is what the plugin says clients call it (None: the plugin
    has no word for it)."""

    public_name: str | None = None
    shown: Mapping[str, str] = {}


# --- what is answered ------------------------------------------------------------------------------------------------


class Given(Struct, frozen=True):
    """An answer to a question."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Fields(Given, frozen=True):
    """The texts that the client sent, under its own names: what plugins' challenges are answered with."""

    values: Mapping[str, str] = {}


class SrpProof(Given, frozen=True):
    """``block`` is the handle as it was signed, ``timestamp`` the client's time as it was signed, ``at`` the same in
    epoch seconds."""

    signature: bytes
    block: bytes
    timestamp: str
    at: float


class SrpBegun(Given, frozen=True):
    """``srp_a`` is the client's public value in hex."""

    srp_a: str


class DeviceKept(Given, frozen=True):
    """The secret of a remembered browser, where the server computes for both sides."""

    secret: str


class PasswordGiven(Given, frozen=True):
    password: str


class CodeGiven(Given, frozen=True):
    code: str


class Recovering(Given, frozen=True):
    """Not what was asked for: the user has lost the second factor, and gives a recovery code in its place. Without a
    ``code``, to be asked for one: by ``GiveCode``, as the challenge RECOVERY_CODE."""

    code: str | None = None


class Otherwise(Given, frozen=True):
    """Not what was asked for: the user would rather be asked for another second factor, or for the same once more, with
    a new code."""

    challenge: str


class FactorSetUp(Given, frozen=True):
    """A factor was set up, with the handle that this answer comes with. Or it is to be: ``factor`` is begun, and with
    a ``code``, which is its first answer, it is done (``set_up.py``). Or it is one that sends codes, and ``contact`` is
    where to: then the code is asked for, by the factor's own challenge."""

    factor: str | None = None
    code: str | None = None
    label: str | None = None
    contact: str | None = None


class PasswordChosen(Given, frozen=True):
    """A new password, and values for attributes that were missing."""

    password: str
    attributes: Mapping[str, str] = {}


class Chosen(Given, frozen=True):
    """The challenge that the user wants, by name; with its first answer, where the client sent one along."""

    challenge: str
    password: str | None = None
    srp_a: str | None = None
    credential: str | None = None
