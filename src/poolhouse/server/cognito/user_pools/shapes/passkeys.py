"""Passkeys in both spellings: the members of the vendor and of browsers (WebAuthn level 3), and ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from poolhouse.flows.factors.passkeys import CreationOptions, text_of
from poolhouse.flows.sign_in.questions import UsePasskey
from poolhouse.ports.arithmetic import PASSKEY_ALGORITHMS
from poolhouse.records.factors import Passkey
from poolhouse.records.pools import PasskeyPolicy

_KIND: Final = "public-key"
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


def creation_options(options: CreationOptions) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON."""
    return {
        "rp": {"id": options.rp_id, "name": options.rp_id},
        "user": {
            "id": text_of(options.handle),
            "name": options.user_name,
            "displayName": options.shown_name,
        },
        "challenge": text_of(options.challenge),
        "pubKeyCredParams": [{"type": _KIND, "alg": algorithm} for algorithm in PASSKEY_ALGORITHMS],
        "timeout": options.timeout * 1000,
        "excludeCredentials": [_descriptor(passkey.id, passkey.transports) for passkey in options.held],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": options.verification,
        },
        "attestation": "none",
    }


def request_options(question: UsePasskey) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON."""
    return {
        "challenge": question.challenge,
        "timeout": question.timeout * 1000,
        "rpId": question.rp_id,
        "allowCredentials": [_descriptor(hint.id, hint.transports) for hint in question.passkeys],
        "userVerification": question.verification,
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


def _descriptor(id: str, transports: Iterable[str]) -> dict[str, Any]:  # noqa: A002 - the word of the field
    return {"type": _KIND, "id": id, "transports": list(transports)}
