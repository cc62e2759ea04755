"""User pools and what is set for them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from poolhouse.records.base import Kept, StoredRecord

FACTORS_TAG = "poolhouse:factors"
FIELD_FACTORS = ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
"""Second factors that the field has words for, in the order in which it shows them."""
VERIFIERS_TAG = "poolhouse:srp-verifiers"


class PasswordPolicy(Kept, frozen=True, kw_only=True):
    """``temporary_days`` is the life of a temporary password (0: the default, and said so); ``history`` the number of
    passwords not to be used again, ``history_stated`` whether that was said: only then it is shown."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    history: int = 0
    history_stated: bool = False
    temporary_days: int = 7


class AttributeSchema(Kept, frozen=True, kw_only=True):
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
    least: str | None = None
    most: str | None = None
    """The bounds as they were written, where that is not how the number shows itself, or the number is too large for a
    document."""


class MessageTemplate(Kept, frozen=True, kw_only=True):
    """``{####}`` stands for the code or temporary password, ``{username}`` in invitations for the name. With
    ``by_link`` a letter that confirms a sign-up holds a link instead of the code: ``{##words##}`` stands for it in
    ``link_email``, ``link_subject`` is over it."""

    sms: str | None = None
    email: str | None = None
    subject: str | None = None
    by_link: bool = False
    link_email: str | None = None
    link_subject: str | None = None


class Mfa(Kept, frozen=True, kw_only=True):
    """Second factors of a pool. ``mode`` is ``OFF``, ``OPTIONAL`` (who has one is asked) or ``ON`` (everybody needs
    one); ``factors`` are those that users may have, by the names of their challenges."""

    mode: str = "OFF"
    factors: tuple[str, ...] = ()


class DeviceTracking(Kept, frozen=True, kw_only=True):
    """Devices of users have keys, and can be remembered: at once, or where ``on_prompt`` when the user is asked and
    says so. ``instead``: a remembered device stands in place of a second factor."""

    instead: bool = False
    on_prompt: bool = False


class PasskeyPolicy(Kept, frozen=True, kw_only=True):
    """What passkeys of a pool are. ``rp_id`` is the domain that they are good for; None: none can be made or used.
    ``verification`` says whether the authenticator has to know its user (``required``) or is asked to (``preferred``).
    ``instead``: one that did stands for a second factor, too, of users who say so."""

    rp_id: str | None = None
    verification: str = "preferred"
    instead: bool = False

    @property
    def asked_verification(self) -> str:
        """What authenticators are asked for. Two factors in one are one where the user is not verified."""
        return "required" if self.instead else self.verification


class RecoveryOption(Kept, frozen=True, kw_only=True):
    name: str
    priority: int


class Trigger(Kept, frozen=True, kw_only=True):
    """A function that a pool has named for an occasion: ``name`` is the field's name of it (``PreSignUp``),
    ``function`` an ARN, ``events`` the version of those that it is given."""

    name: str
    function: str
    events: str = "V1_0"


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
    """None in pools of before there was a default: the telephone first, then e-mail."""
    deletion_protected: bool = False
    tier: str = "ESSENTIALS"
    tags: dict[str, str] = {}
    triggers: tuple[Trigger, ...] = ()
    """At most one of each name."""
    sender_key: str | None = None
    """The key that the field encrypts codes with for senders of its own. Nothing here uses it."""
    mfa: Mfa = Mfa()
    authentication: MessageTemplate = MessageTemplate()
    """Messages with the code of a factor."""
    first_factors: tuple[str, ...] = ("PASSWORD",)
    """By what a sign-in may begin where the user chooses, by the field's names; a password stands for both its ways."""
    passkeys: PasskeyPolicy | None = None
    """None: nothing was said of them."""
    host: str | None = None
    """That of the pool's domain, written down with it; None where there is none that browsers know passkeys by."""
    devices: DeviceTracking | None = None
    """None: devices are not told apart."""
    kept: dict[str, Any] = {}

    @property
    def keeps_verifiers(self) -> bool:
        """Whether passwords that are set are good for SRP. The field has no setting for it, so it is a tag."""
        return self.tags.get(VERIFIERS_TAG) != "none"

    @property
    def plugged_factors(self) -> tuple[str, ...]:
        """Second factors of plugins that users may have. The field has no setting for them, so it is a tag, with
        spaces between their names; what it says of the field's own counts for nothing."""
        named = dict.fromkeys(self.tags.get(FACTORS_TAG, "").split())
        return tuple(name for name in named if name not in FIELD_FACTORS)

    @property
    def second_factors(self) -> tuple[str, ...]:
        """All that users may have, by the names of their challenges."""
        return tuple(dict.fromkeys((*self.mfa.factors, *self.plugged_factors)))

    def offers(self, factor: str) -> bool:
        """Whether users may have this second factor."""
        return self.mfa.mode != "OFF" and factor in self.second_factors

    @property
    def passkey_policy(self) -> PasskeyPolicy | None:
        """What passkeys are here: good for the domain that was said, or else for the pool's own. None: there is
        neither, and none can be made or used."""
        said = self.passkeys or PasskeyPolicy()
        if said.rp_id is not None:
            return said
        return None if self.host is None else replace(said, rp_id=self.host)

    @property
    def region(self) -> str:
        return self.id.rpartition("_")[0]

    @property
    def short_name(self) -> str:
        """The part after the underscore: what SRP clients call the pool name."""
        return self.id.rpartition("_")[2]
