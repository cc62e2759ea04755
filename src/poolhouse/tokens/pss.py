"""Signatures by RSA with probabilistic padding, by ``cryptography`` itself: PS256 (RFC 7518 section 3.5).

The third back end behind ``tokens/jose.py``, which alone gives keys to it. python-jose does not know the algorithm.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_HASH: Final = SHA256()
# The salt is as long as the hash, and no signature with another is right.
_PADDING: Final = PSS(mgf=MGF1(_HASH), salt_length=_HASH.digest_size)


class PssSigning:
    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, _PADDING, _HASH)


class PssVerifying:
    def __init__(self, key: RSAPublicKey) -> None:
        self._key = key

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether it is right."""
        try:
            self._key.verify(signature, message, _PADDING, _HASH)
        except InvalidSignature:
            return False
        return True
