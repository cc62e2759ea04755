"""The arithmetic that a work cannot do without, alone: processor time of one call, on the servers' processor.

``python -m benchmarks.primitives`` reads the names of primitives from its input, and answers each with the seconds that
one call takes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import argon2.low_level as argon2
import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from gmpy2 import mpz

from benchmarks.processes import Processors, end, said_by, spawn
from poolhouse.config.settings import Passwords
from poolhouse.crypto.srp import N

ARGON2ID, SIGNATURE, VERIFICATION, POWER = "argon2id", "signature", "verification", "power"
ES256, EDDSA = "es256", "eddsa"
HMAC_CHAIN = "hmac chain"
"""What Signature Version 4 hashes at least: the key of the day, the request, and the text that is signed."""
_CALLS: Mapping[str, int] = {
    ARGON2ID: 8,
    SIGNATURE: 150,
    VERIFICATION: 1500,
    POWER: 100,
    ES256: 3000,
    EDDSA: 3000,
    HMAC_CHAIN: 3000,
}
"""In one measurement: some tenth of a second."""

_MESSAGE = b"m" * 900
"""As long as the signed part of a token."""


class Primitives:
    """Asks the process that computes."""

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask

    def seconds(self, needs: Mapping[str, int]) -> float:
        """What so many calls of each primitive take, measured now."""
        return sum(count * float(self._ask(name)) for name, count in needs.items())


@contextmanager
def primitives(processors: Processors) -> Iterator[Primitives]:
    process = spawn([sys.executable, "-m", "benchmarks.primitives"], processors)

    def ask(name: str) -> str:
        assert process.stdin is not None  # what ``spawn`` asks for
        process.stdin.write(f"{name}\n")
        process.stdin.flush()
        return said_by(process)

    try:
        yield Primitives(ask)
    finally:
        end(process)


def _functions() -> Mapping[str, Callable[[], object]]:
    costs = Passwords()
    password = _MESSAGE[:32]
    hashed = argon2.hash_secret(
        password, os.urandom(16), costs.passes, costs.memory_kib, costs.lanes, 32, argon2.Type.ID
    )
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key()
    padding, digest = PKCS1v15(), SHA256()
    signature = key.sign(_MESSAGE, padding, digest)
    p256, ecdsa, edwards = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.ECDSA(digest),
        ed25519.Ed25519PrivateKey.generate(),
    )
    base = mpz(int.from_bytes(hashlib.shake_256(b"base").digest(383), "big"))
    exponent = mpz(int.from_bytes(hashlib.sha256(b"exponent").digest(), "big"))
    return {
        ARGON2ID: lambda: argon2.verify_secret(hashed, password, argon2.Type.ID),
        SIGNATURE: lambda: key.sign(_MESSAGE, padding, digest),
        ES256: lambda: p256.sign(_MESSAGE, ecdsa),
        EDDSA: lambda: edwards.sign(_MESSAGE),
        VERIFICATION: lambda: public.verify(signature, _MESSAGE, padding, digest),
        HMAC_CHAIN: _hmac_chain,
        POWER: lambda: gmpy2.powmod(base, exponent, N),
    }


def _hmac_chain() -> bytes:
    key = _MESSAGE[:44]
    for part in (b"20260102", b"us-east-1", b"execute-api", b"aws4_request"):
        key = hmac.digest(key, part, "sha256")
    canonical = hashlib.sha256(_MESSAGE).hexdigest()
    return hmac.digest(key, canonical.encode(), "sha256")


def _seconds(function: Callable[[], object], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - begun) / calls


def _answer() -> None:
    functions = _functions()
    for function in functions.values():
        _seconds(function, 3)
    for line in sys.stdin:
        name = line.strip()
        print(_seconds(functions[name], _CALLS[name]), flush=True)


if __name__ == "__main__":
    _answer()
