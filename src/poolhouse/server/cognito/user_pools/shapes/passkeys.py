"""Passkeys in both spellings: the members of the vendor, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.records.factors import Passkey
from poolhouse.records.pools import PasskeyPolicy

_BOTH: Final = "MULTI_FACTOR_WITH_USER_VERIFICATION"
_ONE: Final = "SINGLE_FACTOR"


def policy(given: Mapping[str, Any] | None) -> PasskeyPolicy | None:
    """WebAuthnConfigurationType; None where nothing is said."""
    if given is None:
        return None
    return PasskeyPolicy(
        rp_id=given.get("RelyingPartyId"),
        verification=given.get("UserVerification", PasskeyPolicy().verification),
        instead=given.get("FactorConfiguration") == _BOTH,
    )


def configuration_structure(said: PasskeyPolicy) -> dict[str, Any]:
    return {
        "RelyingPartyId": said.rp_id,
        "UserVerification": said.verification,
        "FactorConfiguration": _BOTH if said.instead else _ONE,
    }


def passkey_structure(passkey: Passkey) -> dict[str, Any]:
    """WebAuthnCredentialDescription."""
    return {
        "CredentialId": passkey.id,
        "FriendlyCredentialName": passkey.name,
        "RelyingPartyId": passkey.rp_id,
        "AuthenticatorAttachment": passkey.attachment,
        "AuthenticatorTransports": list(passkey.transports),
        "CreatedAt": passkey.created,
    }
