"""The nouns of the domain: frozen values, in the field's own words. They know nothing of ours but each other.

Times are epoch seconds (float). Durations are seconds (int). ``None`` means "not set" unless a line says otherwise.
``version`` is the store's: 0 before the first write. It travels with the record, so that a change made on an old
reading cannot be written.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of the domain."""


class StoredRecord(Record, frozen=True, kw_only=True):
    version: int = 0


# --- pools -----------------------------------------------------------------------------------------------------------


class PasswordPolicy(Record, frozen=True, kw_only=True):
    """``temporary_days`` is the life of a temporary password; ``history`` the number of passwords not to be used
    again."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    history: int = 0
    temporary_days: int = 7


class AttributeSchema(Record, frozen=True, kw_only=True):
    """An attribute that users of a pool may have.

    ``type`` is ``String``, ``Number``, ``DateTime`` or ``Boolean``. The bounds are of the length of a String and of the
    value of a Number; None means no bound. ``developer_only`` attributes (``dev:``) are read and written by
    administrators only.
    """

    name: str
    type: str = "String"
    mutable: bool = True
    required: bool = False
    developer_only: bool = False
    minimum: int | None = None
    maximum: int | None = None


class MessageTemplate(Record, frozen=True, kw_only=True):
    """``{####}`` stands for the code or temporary password, ``{username}`` for the name."""

    sms: str | None = None
    email: str | None = None
    subject: str | None = None


class RecoveryOption(Record, frozen=True, kw_only=True):
    name: str
    priority: int


class Pool(StoredRecord, frozen=True, kw_only=True):
    """A user directory. ``kept`` holds settings that no flow of ours reads: they are given back as they came."""

    id: str
    name: str
    created: float
    modified: float
    schema: tuple[AttributeSchema, ...] = ()
    """Standard attributes first, then custom ones (``custom:`` / ``dev:`` included in the name), in order of making."""
    password_policy: PasswordPolicy = PasswordPolicy()
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    case_sensitive: bool = True
    case_stated: bool = False
    """Whether ``case_sensitive`` was said when the pool was made: only then it is shown."""
    auto_verified: tuple[str, ...] = ()
    verify_before_update: tuple[str, ...] = ()
    admin_create_only: bool = False
    verification: MessageTemplate = MessageTemplate()
    invitation: MessageTemplate = MessageTemplate()
    recovery: tuple[RecoveryOption, ...] | None = None
    deletion_protected: bool = False
    tier: str = "ESSENTIALS"
    tags: dict[str, str] = {}
    kept: dict[str, Any] = {}

    @property
    def region(self) -> str:
        return self.id.rpartition("_")[0]

    @property
    def short_name(self) -> str:
        """The part after the underscore: what SRP clients call the pool name."""
        return self.id.rpartition("_")[2]


class Rotation(Record, frozen=True, kw_only=True):
    """Refresh-token rotation. ``grace`` seconds the replaced token still answers, with the same successor."""

    enabled: bool = False
    grace: int = 0


class ClientSecret(Record, frozen=True, kw_only=True):
    """``sealed`` can be opened again by the secrets port: the owner may ask to see it."""

    id: str
    sealed: str
    created: float


class Client(StoredRecord, frozen=True, kw_only=True):
    """An app client. Validities are seconds, as they are after units; the units asked for are in ``kept``."""

    id: str
    pool_id: str
    name: str
    created: float
    modified: float
    secrets: tuple[ClientSecret, ...] = ()
    flows: tuple[str, ...] | None = None
    """``ExplicitAuthFlows`` as given; None means the default set."""
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    access_validity: int = 3600
    id_validity: int = 3600
    refresh_validity: int = 30 * 86400
    session_validity: int = 180
    """Seconds that a step of a sign-in may take."""
    rotation: Rotation = Rotation()
    hides_users: bool = False
    """PreventUserExistenceErrors=ENABLED."""
    revocable: bool = True
    """EnableTokenRevocation."""
    callback_urls: tuple[str, ...] = ()
    logout_urls: tuple[str, ...] = ()
    default_redirect_uri: str | None = None
    oauth_enabled: bool = False
    oauth_flows: tuple[str, ...] = ()
    oauth_scopes: tuple[str, ...] = ()
    identity_providers: tuple[str, ...] = ()
    kept: dict[str, Any] = {}


# --- users -----------------------------------------------------------------------------------------------------------

UNCONFIRMED = "UNCONFIRMED"
CONFIRMED = "CONFIRMED"
FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a state, not a secret
RESET_REQUIRED = "RESET_REQUIRED"
EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


class Credential(Record, frozen=True, kw_only=True):
    """What proves a password. ``hash`` names its own format; ``srp`` is (salt, verifier), sealed, where SRP is used."""

    hash: str
    set_at: float
    srp: str | None = None

    def __repr__(self) -> str:
        return f"Credential(set_at={self.set_at!r})"


class User(StoredRecord, frozen=True, kw_only=True):
    """A person's record in a pool. ``username`` is the internal name and never changes; ``sub`` is the id.

    ``attributes`` holds text only (booleans as "true"/"false"), without ``sub``. ``pending`` holds values that wait for
    their verification. ``epoch`` counts global sign-outs: a grant of an older epoch is dead. ``spent`` remembers, per
    purpose, the id of the code that was used last: the write that uses a code is the write that has its effect.
    """

    pool_id: str
    sub: str
    username: str
    created: float
    modified: float
    status: str = UNCONFIRMED
    enabled: bool = True
    attributes: dict[str, str] = {}
    pending: dict[str, str] = {}
    credential: Credential | None = None
    temporary_until: float | None = None
    history: tuple[str, ...] = ()
    """Hashes of earlier passwords, newest first."""
    epoch: int = 0
    spent: dict[str, str] = {}
    mfa: tuple[str, ...] = ()
    preferred_mfa: str | None = None

    def has_verified(self, attribute: str) -> bool:
        return bool(self.attributes.get(attribute)) and self.attributes.get(f"{attribute}_verified") == "true"


class Group(StoredRecord, frozen=True, kw_only=True):
    """``id`` tells a group from an earlier one of the same name: memberships are of the one, not of the name."""

    id: str = ""
    pool_id: str
    name: str
    created: float
    modified: float
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None


# --- what lives for a while ------------------------------------------------------------------------------------------


class Attempt(StoredRecord, frozen=True, kw_only=True):
    """A sign-in under way, between two steps. Taken out of the store with every step, so that each handle works once.

    ``user_sub`` is None for a simulated sign-in: the name is unknown, and nothing may tell. ``private`` is what the
    asked challenge keeps to itself. ``proofs`` is what was proven so far, ``passed`` the challenges that were passed,
    both in order. ``wrong`` counts wrong answers to the asked challenge. ``event_id`` names the sign-in in tokens, logs
    and the audit trail.
    """

    handle: str
    """The digest of what the client holds."""
    pool_id: str
    client_id: str
    submitted: str
    flow: str
    challenge: str
    created: float
    expires: float
    event_id: str
    user_sub: str | None = None
    username: str = ""
    private: dict[str, Any] = {}
    proofs: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()
    """The custom challenge session as its hooks see it: name, result, metadata."""
    wrong: int = 0
    basis: str = ""
    """What the user's record was when this was asked, as far as earlier proofs depend on it."""

    def __repr__(self) -> str:
        return f"Attempt(flow={self.flow!r}, challenge={self.challenge!r}, event_id={self.event_id!r})"


class Code(StoredRecord, frozen=True, kw_only=True):
    """A one-time code, by its digest; the digits exist only in the message. There is no way to turn it back.

    ``attribute`` is the contact it was sent to (``email``, ``phone_number``), ``target`` the value of it.
    """

    id: str
    pool_id: str
    user_sub: str
    purpose: str
    digest: str
    created: float
    expires: float
    attribute: str
    target: str


class Previous(Record, frozen=True, kw_only=True):
    """The refresh token before the present one: its digest, until when it still answers, and with which (sealed)
    successor."""

    digest: str
    until: float
    successor: str | None = None


class Grant(StoredRecord, frozen=True, kw_only=True):
    """A signed-in session: what one sign-in gave to one client. ``id`` is the ``event_id`` claim of all its tokens,
    ``family`` their ``origin_jti``. It outlives every token it stands for, so an absent grant means "ended"."""

    id: str
    pool_id: str
    client_id: str
    user_sub: str
    family: str
    digest: str
    """Of the present refresh token."""
    created: float
    auth_time: int
    expires: float
    epoch: int
    scopes: tuple[str, ...] = ()
    previous: Previous | None = None
    revoked: bool = False
    generation: int = 0


class Delivery(Record, frozen=True, kw_only=True):
    """What may be told about a message that went out: where to (masked), by what, for which attribute."""

    destination: str
    medium: str
    attribute: str


class Message(Record, frozen=True, kw_only=True):
    """A message as a sender gets it. ``channel`` is ``email`` or ``sms``; ``code`` and ``link`` stand in ``body``
    already."""

    id: str
    channel: str
    to: str
    purpose: str
    body: str
    pool_id: str = ""
    username: str = ""
    subject: str = ""
    code: str | None = None
    link: str | None = None

    def __repr__(self) -> str:
        return f"Message(id={self.id!r}, channel={self.channel!r}, purpose={self.purpose!r})"


class OutboxEntry(StoredRecord, frozen=True, kw_only=True):
    """A message that waits for a sender, or its story. ``sealed`` is the message; it is dropped once it was sent.

    ``state`` is ``waiting``, ``sending``, ``sent`` or ``failed``. A worker that dies while ``sending`` leaves it so: it
    is not sent again, because it may have arrived.
    """

    id: str
    pool_id: str
    channel: str
    purpose: str
    created: float
    expires: float
    state: str = "waiting"
    due: float = 0.0
    tries: int = 0
    sealed: str | None = None
    last_error: str | None = None


# --- callers ---------------------------------------------------------------------------------------------------------


class AccessKey(StoredRecord, frozen=True, kw_only=True):
    """A caller's key for signed operations. ``statements`` is an IAM-style policy; empty means nothing is allowed."""

    id: str
    sealed_secret: str
    name: str
    created: float
    enabled: bool = True
    statements: tuple[dict[str, Any], ...] = ()


class SigningKey(StoredRecord, frozen=True, kw_only=True):
    """A key pair of a pool. ``use`` is ``id`` or ``access``. Published from ``created``; signs from ``active_from``;
    stays published until ``retires`` (None: it is not replaced yet). ``slot`` is its place in the pool, which only one
    key can have: ``id.1``, ``access.1``, and ``id.2`` for the key that follows ``id.1``."""

    pool_id: str
    slot: str
    kid: str
    use: str
    sealed: str
    modulus: str
    """``n`` of the JWK, base64url."""
    created: float
    active_from: float
    retires: float | None = None
