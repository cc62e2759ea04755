"""Options of passkeys as browsers read them, in every face (WebAuthn level 3, section 5.1.8 and 5.1.9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from poolhouse.flows.factors.passkeys import CreationOptions, text_of
from poolhouse.flows.sign_in.questions import UsePasskey
from poolhouse.ports.arithmetic import PASSKEY_ALGORITHMS

_KIND: Final = "public-key"


def request_options(question: UsePasskey) -> dict[str, Any]:
    """For a passkey that is used: PublicKeyCredentialRequestOptionsJSON."""
    return {
        "challenge": question.challenge,
        "timeout": question.timeout * 1000,
        "rpId": question.rp_id,
        "allowCredentials": [_descriptor(hint.id, hint.transports) for hint in question.passkeys],
        "userVerification": question.verification,
    }


def creation_options(options: CreationOptions, product: str | None = None) -> dict[str, Any]:
    """For a passkey that is made: PublicKeyCredentialCreationOptionsJSON. ``product`` is what the browser calls the
    place that it is for; None: by its domain."""
    return {
        "rp": {"id": options.rp_id, "name": product or options.rp_id},
        "user": {"id": text_of(options.handle), "name": options.user_name, "displayName": options.shown_name},
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


def _descriptor(name: str, transports: Iterable[str]) -> dict[str, Any]:
    return {"type": _KIND, "id": name, "transports": list(transports)}
