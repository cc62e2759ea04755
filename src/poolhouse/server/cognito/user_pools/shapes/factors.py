"""Second factors in both spellings: the vendor's members, and ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.preferences import FirstFactors, Wish
from poolhouse.flows.pools.mfa import EMAIL, SMS, TOTP, MfaSettings
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.server.cognito.user_pools.shapes.pools import Rule, refuse_not_offered
from poolhouse.server.cognito.user_pools.shapes.users import mfa_options

_MEMBERS: Final = {
    "SMSMfaSettings": SMS,
    "SoftwareTokenMfaSettings": TOTP,
    "EmailMfaSettings": EMAIL,
}
_NOT_OFFERED: Final[tuple[Rule, ...]] = (
    ("WebAuthnConfiguration", ({},), Reason.SETTING_NOT_OFFERED, {}),
    ("WebAuthnMfaSettings.Enabled", (False,), Reason.SETTING_NOT_OFFERED, {}),
)
_SMS_OPTION: Final = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


# --- in --------------------------------------------------------------------------------------------------------------


def mfa_settings(given: Mapping[str, Any]) -> MfaSettings:
    """What SetUserPoolMfaConfig asks for. Raises ``InvalidParameter`` for what is not offered."""
    refuse_not_offered(given, _NOT_OFFERED)
    factors = []
    if given.get("SmsMfaConfiguration"):
        factors.append(SMS)
    if given.get("SoftwareTokenMfaConfiguration", {}).get("Enabled"):
        factors.append(TOTP)
    if given.get("EmailMfaConfiguration") is not None:
        factors.append(EMAIL)
    return MfaSettings(mode=given.get("MfaConfiguration"), factors=tuple(factors))


def wishes(given: Mapping[str, Any]) -> list[Wish]:
    """What a user, or an administrator, says of factors. Raises ``InvalidParameter`` for what is not offered."""
    refuse_not_offered(given, _NOT_OFFERED)
    return [
        Wish(factor, said.get("Enabled", False), said.get("PreferredMfa", False))
        for member, factor in _MEMBERS.items()
        if (said := given.get(member)) is not None
    ]


def legacy_wishes(options: Sequence[Mapping[str, str]]) -> list[Wish]:
    """A list of MFAOptionType, which knows SMS alone; an empty one switches it off. Raises ``InvalidParameter``."""
    if any(option != _SMS_OPTION for option in options):
        raise InvalidParameter(Reason.USER_SETTINGS_SMS_ONLY)
    return [Wish(SMS, enabled=bool(options))]


# --- out -------------------------------------------------------------------------------------------------------------


def mfa_structure(pool: Pool) -> dict[str, Any]:
    """What GetUserPoolMfaConfig answers."""
    shown: dict[str, Any] = {"MfaConfiguration": pool.mfa.mode}
    if pool.mfa.offers(TOTP):
        shown["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    return shown


def settings_structure(user: User) -> dict[str, Any]:
    """What a user is asked for, as GetUser and AdminGetUser show it."""
    return {
        "UserMFASettingList": list(user.mfa) or None,
        "PreferredMfaSetting": user.preferred_mfa,
        "MFAOptions": mfa_options(user),
    }


def factors_structure(factors: FirstFactors) -> dict[str, Any]:
    """What GetUserAuthFactors answers."""
    return {
        "Username": factors.user.username,
        "UserMFASettingList": list(factors.user.mfa) or None,
        "PreferredMfaSetting": factors.user.preferred_mfa,
        "ConfiguredUserAuthFactors": list(factors.configured),
    }
