"""Second factors in both spellings: the vendor's members, and ours."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from poolhouse.errors import InvalidParameter, MissingParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.factors.devices import DeviceSecret
from poolhouse.flows.factors.preferences import Shown, Wish
from poolhouse.flows.pools.mfa import EMAIL, SMS, SMS_CONFIGURATION, TOTP, MfaSettings
from poolhouse.records.factors import WEB_AUTHN, Device
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.users import User
from poolhouse.server.cognito.user_pools.shapes import passkeys
from poolhouse.server.cognito.user_pools.shapes.users import mfa_options

_MEMBERS: Final = {
    "SMSMfaSettings": SMS,
    "SoftwareTokenMfaSettings": TOTP,
    "EmailMfaSettings": EMAIL,
    "WebAuthnMfaSettings": WEB_AUTHN,
}
_LONGEST_NUMBER: Final = 600
"""Letters of base64; the verifier has some 516."""
_SMS_OPTION: Final = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


# --- in --------------------------------------------------------------------------------------------------------------


def mfa_settings(given: Mapping[str, Any]) -> MfaSettings:
    """What SetUserPoolMfaConfig asks for."""
    sms, email = given.get("SmsMfaConfiguration") or {}, given.get("EmailMfaConfiguration")
    wanted = {
        SMS: bool(sms),
        TOTP: given.get("SoftwareTokenMfaConfiguration", {}).get("Enabled", False),
        EMAIL: email is not None,
    }
    email = email or {}
    return MfaSettings(
        mode=given.get("MfaConfiguration"),
        factors=tuple(factor for factor, is_wanted in wanted.items() if is_wanted),
        authentication=MessageTemplate(
            sms=sms.get("SmsAuthenticationMessage"), email=email.get("Message"), subject=email.get("Subject")
        ),
        sms=sms.get("SmsConfiguration"),
        passkeys=passkeys.policy(given.get("WebAuthnConfiguration")),
    )


def wishes(given: Mapping[str, Any]) -> list[Wish]:
    """What a user, or an administrator, says of factors."""
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


def device_secret(given: Mapping[str, str]) -> DeviceSecret:
    """DeviceSecretVerifierConfigType: both are numbers, as bytes in base64. Raises ``InvalidParameter``."""
    return DeviceSecret(salt=_number(given, "Salt"), verifier=_number(given, "PasswordVerifier"))


def _number(given: Mapping[str, str], member: str) -> int:
    text = given.get(member)
    if not text:
        raise MissingParameter(f"DeviceSecretVerifierConfig.{member}")
    try:
        raw = base64.b64decode(text, validate=True) if len(text) <= _LONGEST_NUMBER else b""
    except (binascii.Error, ValueError):
        raw = b""
    if not raw:
        raise InvalidParameter(Reason.DEVICE_VERIFIER_INVALID)
    return int.from_bytes(raw, "big")


# --- out -------------------------------------------------------------------------------------------------------------


def mfa_structure(pool: Pool) -> dict[str, Any]:
    """What GetUserPoolMfaConfig answers."""
    shown: dict[str, Any] = {"MfaConfiguration": pool.mfa.mode}
    words = pool.authentication
    if pool.offers(SMS):
        configuration = pool.kept.get(SMS_CONFIGURATION)
        shown["SmsMfaConfiguration"] = {"SmsAuthenticationMessage": words.sms, "SmsConfiguration": configuration}
    if pool.offers(TOTP):
        shown["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    if pool.offers(EMAIL):
        shown["EmailMfaConfiguration"] = {"Message": words.email, "Subject": words.subject}
    if pool.passkeys is not None:
        shown["WebAuthnConfiguration"] = passkeys.configuration_structure(pool.passkeys)
    return shown


def settings_structure(user: User) -> dict[str, Any]:
    """What a user is asked for, as GetUser and AdminGetUser show it."""
    return {
        "UserMFASettingList": list(user.mfa) or None,
        "PreferredMfaSetting": user.preferred_mfa,
        "MFAOptions": mfa_options(user),
    }


def factors_structure(factors: Shown) -> dict[str, Any]:
    """What GetUserAuthFactors answers."""
    return {
        "Username": factors.user.username,
        "UserMFASettingList": list(factors.user.mfa) or None,
        "PreferredMfaSetting": factors.user.preferred_mfa,
        "ConfiguredUserAuthFactors": list(factors.configured),
    }


def device_structure(device: Device) -> dict[str, Any]:
    """DeviceType."""
    attributes = {
        "device_status": "valid",
        "device_name": device.name,
        "dev:device_remembered_status": "remembered" if device.remembered else "not_remembered",
        "last_ip_used": device.address,
    }
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": [{"Name": name, "Value": value} for name, value in attributes.items() if value],
        "DeviceCreateDate": device.created,
        "DeviceLastModifiedDate": device.modified,
        "DeviceLastAuthenticatedDate": device.authenticated,
    }
