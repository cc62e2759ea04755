"""Keys of each algorithm in their three forms: DER as they are sealed, members of a JWK as they are published, and the
library's objects as they sign and check."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_der_private_key

from poolhouse.records.keys import Algorithm
from poolhouse.tokens.jose import SigningPrivateKey, encoded

EXPONENT: Final = 65537
COORDINATE: Final = 32
"""Bytes of each on P-256: leading zeros belong to it (RFC 7518 section 6.2.1.2)."""

_KINDS: Final[Mapping[Algorithm, type[SigningPrivateKey]]] = {
    Algorithm.RS256: RSAPrivateKey,
    Algorithm.ES256: EllipticCurvePrivateKey,
    Algorithm.EDDSA: Ed25519PrivateKey,
    Algorithm.PS256: RSAPrivateKey,
    Algorithm.RS512: RSAPrivateKey,
}


def private_key(der: bytes, algorithm: Algorithm) -> SigningPrivateKey:
    """From PKCS #8. Raises ``ValueError`` for a key of another algorithm."""
    # The library's check of a key takes longer than a hundred signatures. Ours was sealed, so it is as we made it.
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, _KINDS[algorithm]):
        raise ValueError(f"no key for {algorithm}")
    return key


def members(key: RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey) -> dict[str, str]:
    """What makes the key in its JWK (RFC 7518 section 6, RFC 8037 section 2). Raises ``ValueError`` for an RSA key
    with an unusual exponent."""
    if isinstance(key, RSAPublicKey):
        rsa = key.public_numbers()
        if rsa.e != EXPONENT:
            raise ValueError("an RSA key with an unusual exponent")
        return rsa_members(_text(rsa.n.to_bytes((rsa.n.bit_length() + 7) // 8, "big")))
    if isinstance(key, EllipticCurvePublicKey):
        point = key.public_numbers()
        x, y = (_text(number.to_bytes(COORDINATE, "big")) for number in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    return {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_bytes_raw())}


def rsa_members(modulus: str) -> dict[str, str]:
    return {"kty": "RSA", "n": modulus, "e": "AQAB"}


def public_key(
    found: Mapping[str, str], algorithm: Algorithm
) -> RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey:
    """From the members of its JWK. Raises ``ValueError`` where they make no key of the algorithm."""
    match algorithm, found:
        case ((Algorithm.RS256 | Algorithm.PS256 | Algorithm.RS512), {"kty": "RSA", "n": n, "e": "AQAB"}):
            return RSAPublicNumbers(EXPONENT, _number(n)).public_key()
        case Algorithm.ES256, {"kty": "EC", "crv": "P-256", "x": x, "y": y}:
            return EllipticCurvePublicNumbers(_number(x), _number(y), SECP256R1()).public_key()
        case Algorithm.EDDSA, {"kty": "OKP", "crv": "Ed25519", "x": x}:
            return Ed25519PublicKey.from_public_bytes(_raw(x))
    raise ValueError(f"no public key for {algorithm}")


def _text(raw: bytes) -> str:
    return encoded(raw).decode()


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_raw(text), "big")
