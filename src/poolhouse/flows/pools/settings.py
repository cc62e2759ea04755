"""What can be said of a pool, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.records.base import Record
from poolhouse.records.pools import DeviceTracking, MessageTemplate, PasswordPolicy, RecoveryOption, Trigger

MOST_TAGS = 50


RECOVERY = (
    RecoveryOption(name="verified_email", priority=1),
    RecoveryOption(name="verified_phone_number", priority=2),
)
"""How passwords are recovered where nothing was said."""


class PoolFoundation(Record, frozen=True, kw_only=True):
    """What is said once, when a pool is made, and never again."""

    declarations: tuple[Declaration, ...] = ()
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    case_sensitive: bool = True
    case_stated: bool = False
    """Whether ``case_sensitive`` was said at all."""


class PoolSettings(Record, frozen=True, kw_only=True):
    """What can be said again at any time; what is left out returns to the default that stands here.

    ``name``, ``tier`` and ``tags`` are the exceptions: None leaves them as they are.
    """

    name: str | None = None
    tier: str | None = None
    password_policy: PasswordPolicy = PasswordPolicy()
    auto_verified: tuple[str, ...] = ()
    verify_before_update: tuple[str, ...] = ()
    admin_create_only: bool = False
    verification: MessageTemplate = MessageTemplate()
    invitation: MessageTemplate = MessageTemplate()
    recovery: tuple[RecoveryOption, ...] = RECOVERY
    deletion_protected: bool = False
    tags: dict[str, str] | None = None
    triggers: tuple[Trigger, ...] = ()
    sender_key: str | None = None
    mfa: str = "OFF"
    """Which second factors there are is said apart (``mfa.py``)."""
    sms_authentication: str | None = None
    first_factors: tuple[str, ...] = ("PASSWORD",)
    devices: DeviceTracking | None = None
    kept: dict[str, Any] = {}


def check_names(foundation: PoolFoundation) -> None:
    if foundation.username_attributes and foundation.alias_attributes:
        raise InvalidParameter(Reason.ALIASES_AND_USERNAMES)
    if "preferred_username" in foundation.alias_attributes and any(
        declaration.name == "preferred_username" and declaration.required for declaration in foundation.declarations
    ):
        raise InvalidParameter(Reason.PREFERRED_USERNAME_REQUIRED_AND_ALIAS)


def check(settings: PoolSettings) -> None:
    if not set(settings.verify_before_update) <= set(settings.auto_verified):
        raise InvalidParameter(Reason.VERIFIED_BEFORE_UPDATE_ONLY)
    _check_recovery(settings.recovery)
    check_tags(settings.tags or {})


def check_triggers(triggers: Sequence[Trigger], knows: Callable[[str], bool]) -> None:
    """Raises ``InvalidParameter`` for a function that nobody could call: a check that never runs is worse than none."""
    for trigger in triggers:
        if not knows(trigger.function):
            raise InvalidParameter(Reason.FUNCTION_NOT_MAPPED, trigger=trigger.name, function=trigger.function)


def _check_recovery(options: Sequence[RecoveryOption]) -> None:
    names = [option.name for option in options]
    if not 1 <= len(options) <= 2:
        raise InvalidParameter(Reason.RECOVERY_MECHANISMS_COUNT)
    if len(set(names)) < len(names) or len({option.priority for option in options}) < len(options):
        raise InvalidParameter(Reason.RECOVERY_MECHANISMS_ALIKE)
    if "admin_only" in names and len(names) > 1:
        raise InvalidParameter(Reason.RECOVERY_ADMIN_NOT_ALONE)


def check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise InvalidParameter(Reason.TOO_MANY_TAGS, most=MOST_TAGS)
    if any(key.casefold().startswith("aws:") for key in tags):
        raise InvalidParameter(Reason.TAG_RESERVED)
