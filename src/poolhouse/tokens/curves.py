"""Signatures on elliptic curves, by ``cryptography`` itself: ES256 (RFC 7518 section 3.4) and Ed25519 (RFC 8037); of
other issuers ES384 and ES512, too.

The second back end behind ``tokens/jose.py``, which alone gives keys to it. python-jose has no Ed25519, and takes
either form of an ECDSA signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

HALF: Final = 32
"""Bytes of each of the two numbers in a signature, on either curve."""
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (SEC 2, section 2.4.2)."""

_ECDSA: Final = ECDSA(SHA256())
_LARGER: Final[Mapping[str, tuple[type[EllipticCurve], HashAlgorithm, int]]] = {
    "ES384": (SECP384R1, SHA384(), 48),
    "ES512": (SECP521R1, SHA512(), 66),
}
"""Curve, hash, and the bytes of each number in a signature, by algorithm."""
_ED25519_PRIME: Final = 2**255 - 19
_SIGN_BIT: Final = 1 << 255
_EIGHTH: Final = 2707385501144840649318225287225658788936804267575313519463743609750303402022
# By RFC 8032 a public key is y with the sign of x. These are all y of points whose order divides eight; whoever signs
# "with" such a key needs no private one.
_LOW_ORDER: Final = frozenset({0, 1, _ED25519_PRIME - 1, _EIGHTH, _ED25519_PRIME - _EIGHTH})


class P256Signing:
    """Raises ``ValueError`` for a key on another curve."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        _check_curve(key)
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """R and S. Of the two S that are right the lower one, so that a signature has one form."""
        r, s = decode_dss_signature(self._key.sign(message, _ECDSA))
        return r.to_bytes(HALF, "big") + min(s, ORDER - s).to_bytes(HALF, "big")


class P256Verifying:
    """Raises ``ValueError`` for a key on another curve. With ``one_form`` only the lower S is right."""

    def __init__(self, key: EllipticCurvePublicKey, *, one_form: bool) -> None:
        _check_curve(key)
        self._key = key
        self._highest = ORDER // 2 if one_form else ORDER

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether it is right, with both numbers above 0 and below the order: the library refuses any other (FIPS 186-5
        section 6.4.2)."""
        if len(signature) != 2 * HALF:
            return False
        r, s = int.from_bytes(signature[:HALF], "big"), int.from_bytes(signature[HALF:], "big")
        if s > self._highest:
            return False
        try:
            self._key.verify(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature:
            return False
        return True


class EcdsaVerifying:
    """Of other issuers, by ES384 or ES512. Raises ``ValueError`` for a key on another curve than the algorithm's."""

    def __init__(self, key: EllipticCurvePublicKey, algorithm: str) -> None:
        curve, hashed, self._size = _LARGER[algorithm]
        if not isinstance(key.curve, curve):
            raise ValueError(f"{algorithm} is for keys on {curve.name}")
        self._key = key
        self._by = ECDSA(hashed)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether it is right, as above."""
        if len(signature) != 2 * self._size:
            return False
        r, s = int.from_bytes(signature[: self._size], "big"), int.from_bytes(signature[self._size :], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), message, self._by)
        except InvalidSignature:
            return False
        return True


class Ed25519Signing:
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


class Ed25519Verifying:
    """Raises ``ValueError`` for a key of low order, or one that is not written in its one form."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        y = int.from_bytes(key.public_bytes_raw(), "little") & ~_SIGN_BIT
        if y >= _ED25519_PRIME or y in _LOW_ORDER:
            raise ValueError("a point that is no Ed25519 key")
        self._key = key

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether it is right, with S below the order: the library refuses any other (RFC 8032 section 5.1.7)."""
        if len(signature) != 2 * HALF:
            return False
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def _check_curve(key: EllipticCurvePrivateKey | EllipticCurvePublicKey) -> None:
    if not isinstance(key.curve, SECP256R1):
        raise ValueError("ES256 is for keys on P-256")
