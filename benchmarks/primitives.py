"""The arithmetic that a work cannot do without, alone: processor time of one call, on the servers' processor.

``python -m benchmarks.primitives`` reads names of primitives from its input, a line each, and answers each with the
seconds that one call takes.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Mapping

import argon2.low_level as argon2
import gmpy2
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from gmpy2 import mpz

from poolhouse.config.settings import Passwords
from poolhouse.crypto.srp import N

ARGON2ID, SIGNATURE, VERIFICATION, POWER = "argon2id", "signature", "verification", "power"
TIMES: Mapping[str, int] = {ARGON2ID: 8, SIGNATURE: 150, VERIFICATION: 1500, POWER: 100}
"""Calls in one measurement: some tenth of a second."""

_MESSAGE = b"m" * 900


def calls() -> Mapping[str, Callable[[], object]]:
    costs = Passwords()
    salt = os.urandom(16)
    hashed = argon2.hash_secret(
        _MESSAGE[:32], salt, costs.passes, costs.memory_kib, costs.lanes, 32, argon2.Type.ID
    )
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key()
    padding, digest = PKCS1v15(), SHA256()
    signature = key.sign(_MESSAGE, padding, digest)
    base = mpz(int.from_bytes(hashlib.shake_256(b"base").digest(383), "big"))
    exponent = mpz(int.from_bytes(hashlib.sha256(b"exponent").digest(), "big"))
    return {
        ARGON2ID: lambda: argon2.verify_secret(hashed, _MESSAGE[:32], argon2.Type.ID),
        SIGNATURE: lambda: key.sign(_MESSAGE, padding, digest),
        VERIFICATION: lambda: public.verify(signature, _MESSAGE, padding, digest),
        POWER: lambda: gmpy2.powmod(base, exponent, N),
    }


def seconds(function: Callable[[], object], times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - begun) / times


def answer() -> None:
    known = calls()
    for function in known.values():
        seconds(function, 3)
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        print(seconds(known[name], TIMES[name]), flush=True)


if __name__ == "__main__":
    answer()
