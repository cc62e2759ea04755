"""New keys, for each algorithm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from poolhouse.ports.arithmetic import Workers
from poolhouse.records.keys import Algorithm
from poolhouse.tokens.jose import SigningPrivateKey
from poolhouse.tokens.key_forms import EXPONENT

RSA_BITS: Final = 2048


class KeyMaker(Protocol):
    async def make(self, algorithm: Algorithm) -> bytes:
        """A new private key, PKCS #8 in DER: RSA of 2048 bits, on P-256, or Ed25519."""


class WorkersKeyMaker:
    """Makes keys in the workers: one of RSA takes a tenth of a second, more or less."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def make(self, algorithm: Algorithm) -> bytes:
        return await self._workers.run(new_key, algorithm)


def new_key(algorithm: Algorithm) -> bytes:
    """PKCS #8 in DER."""
    return _GENERATED[algorithm]().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


_GENERATED: Final[Mapping[Algorithm, Callable[[], SigningPrivateKey]]] = {
    Algorithm.RS256: lambda: generate_rsa(EXPONENT, RSA_BITS),
    Algorithm.ES256: lambda: generate_ec(SECP256R1()),
    Algorithm.EDDSA: Ed25519PrivateKey.generate,
    Algorithm.PS256: lambda: generate_rsa(EXPONENT, RSA_BITS),
    Algorithm.RS512: lambda: generate_rsa(EXPONENT, RSA_BITS),
}
