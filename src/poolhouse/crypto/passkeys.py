"""Passkeys: what authenticators answer, looked at by the library that is made for it (WebAuthn level 3).

The library compares the kind of the answer, the challenge, the domain, the presence and the verification of the user,
the algorithm and the signature. What it leaves open is decided here: which origins there are for a domain, which
attestations are taken, and how short a key may be. All of it raises; nothing of an answer stands in what is raised.
It is loaded with the first passkey, not at the start.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from poolhouse.errors import (
    PasskeyNotSupported,
    PasskeyOriginNotAllowed,
    PasskeyRefused,
    PasskeyRelyingPartyMismatch,
)
from poolhouse.ports.arithmetic import PASSKEY_ALGORITHMS, PasskeyMade, PasskeyTerms, PasskeyUsed, Workers

LONGEST: Final = 65_536
"""Letters of an answer's largest part. Attestations that are taken have some hundreds."""
_LONGEST_ID: Final = 1023
"""Bytes (WebAuthn level 3, section 4)."""
_SHORTEST_RSA: Final = 2048
_ATTESTATIONS: Final = frozenset({"none", "packed"})
"""None is asked for. Some authenticators answer by a signature of the new key itself, which is packed."""

_WORDS: Final[Mapping[str, str]] = {
    "Client data challenge": "challenge",
    "Could not verify": "signature",
    "Unexpected RP ID hash": "relying party",
    "Unexpected client data type": "kind",
    "Unsupported credential public key": "algorithm",
    "User presence": "user presence",
    "User verification": "user verification",
    "User was not present": "user presence",
}
"""How the library's sentences begin, and what that is about."""

T = TypeVar("T")


class WebAuthn:
    """Implements ``PasskeyProofs``."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def challenge_of(self, client_data: str) -> bytes:
        return _bytes(_client_data(client_data).get("challenge"))

    async def made(self, credential: Mapping[str, Any], terms: PasskeyTerms) -> PasskeyMade:
        return await self._workers.run(_made, credential, terms)

    async def used(self, credential: Mapping[str, Any], terms: PasskeyTerms, key: str | None) -> PasskeyUsed:
        return await self._workers.run(_used, credential, terms, key)


def is_allowed(origin: object, rp_id: str) -> bool:
    """Whether pages of the origin may use passkeys of the domain: by TLS, from it or from what is below it. A machine's
    own name needs no TLS, as in browsers (Secure Contexts, section 3.1)."""
    if not isinstance(origin, str):
        return False
    try:
        parts = urlsplit(origin)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if host is None or origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        return False
    if parts.scheme != "https" and not (parts.scheme == "http" and rp_id == "localhost"):
        return False
    return host == rp_id or host.endswith(f".{rp_id}")


def _made(credential: Mapping[str, Any], terms: PasskeyTerms) -> PasskeyMade:
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url, parse_attestation_object
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    said = _answer(credential)
    origin = _origin(said, terms.rp_id)
    attested = _checked(lambda: parse_attestation_object(_bytes(said.get("attestationObject"))), PasskeyNotSupported)
    if not hmac.compare_digest(attested.auth_data.rp_id_hash, hashlib.sha256(terms.rp_id.encode()).digest()):
        raise PasskeyRelyingPartyMismatch
    if attested.fmt not in _ATTESTATIONS or attested.att_stmt.x5c:
        raise PasskeyNotSupported(detail="attestation")
    made = _checked(
        lambda: verify_registration_response(
            credential=dict(credential),
            expected_challenge=terms.challenge,
            expected_rp_id=terms.rp_id,
            expected_origin=origin,
            require_user_verification=terms.verified,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in PASSKEY_ALGORITHMS],
        ),
        PasskeyNotSupported,
    )
    if len(made.credential_id) > _LONGEST_ID:
        raise PasskeyNotSupported(detail="id")
    _require_long(made.credential_public_key)
    return PasskeyMade(
        id=bytes_to_base64url(made.credential_id),
        key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        provider=made.aaguid,
    )


def _used(credential: Mapping[str, Any], terms: PasskeyTerms, key: str | None) -> PasskeyUsed:
    from webauthn import verify_authentication_response

    said = _answer(credential)
    origin = _origin(said, terms.rp_id)
    held = _nobodys() if key is None else _bytes(key)
    used = _checked(
        lambda: verify_authentication_response(
            credential=dict(credential),
            expected_challenge=terms.challenge,
            expected_rp_id=terms.rp_id,
            expected_origin=origin,
            credential_public_key=held,
            # The count is compared where it is written.
            credential_current_sign_count=0,
            require_user_verification=terms.verified,
        ),
        PasskeyRefused,
    )
    if key is None:
        raise PasskeyRefused(detail="no such passkey")
    return PasskeyUsed(used.new_sign_count, used.user_verified)


def _checked(look: Callable[[], T], refused: type[PasskeyRefused]) -> T:
    try:
        return look()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the library has errors of its own, and lets those of parsers through
        raise refused(detail=_why(error)) from None


def _why(error: Exception) -> str:
    """In a word of ours: what the library says can hold parts of the answer."""
    said = str(error)
    return next((word for begin, word in _WORDS.items() if said.startswith(begin)), type(error).__name__)


def _answer(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the authenticator said. Raises ``PasskeyNotSupported``."""
    said = credential.get("response")
    if not isinstance(said, Mapping) or any(isinstance(part, str) and len(part) > LONGEST for part in said.values()):
        raise PasskeyNotSupported(detail="form")
    return said


def _origin(said: Mapping[str, Any], rp_id: str) -> str:
    """The page's origin, if it may be one. Raises ``PasskeyOriginNotAllowed``."""
    told = _client_data(said.get("clientDataJSON"))
    origin = told.get("origin")
    # A page inside a page of somebody else: what the user saw was not ours.
    if not isinstance(origin, str) or not is_allowed(origin, rp_id) or told.get("crossOrigin", False) is not False:
        raise PasskeyOriginNotAllowed(detail="origin")
    return origin


def _client_data(text: object) -> Mapping[str, Any]:
    try:
        told = msgspec.json.decode(_bytes(text))
    except (msgspec.DecodeError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise PasskeyNotSupported(detail="form")
    return told


def _bytes(text: object) -> bytes:
    """Base64url, with or without padding. Raises ``PasskeyNotSupported``."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise PasskeyNotSupported(detail="form")
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PasskeyNotSupported(detail="form") from None


def _require_long(key: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

    public = _checked(
        lambda: decoded_public_key_to_cryptography(decode_credential_public_key(key)), PasskeyNotSupported
    )
    if isinstance(public, RSAPublicKey) and public.key_size < _SHORTEST_RSA:
        raise PasskeyNotSupported(detail="key size")


@cache
def _nobodys() -> bytes:
    """A public key of which nobody has the other half."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from webauthn.helpers import encode_cbor

    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
