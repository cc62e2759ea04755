"""The premade keys as signers need them. Loading one checks it, which takes longer than a hundred signatures: each is
loaded once."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from poolhouse.testing.keys import premade_key


@cache
def private_key(number: int = 0) -> RSAPrivateKey:
    key = load_der_private_key(premade_key(number), None)
    assert isinstance(key, RSAPrivateKey)
    return key
